"""What is owed: rooms with the same furniture, entered by the door and never in a circle."""
