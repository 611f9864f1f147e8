"""The warehouse and its statements, on every engine."""
