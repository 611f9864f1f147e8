"""The formats that have more to say than the one story they share."""
