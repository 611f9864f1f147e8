"""Stories: whole lives of customers, told through the two doors of a running app."""
