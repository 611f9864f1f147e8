"""The services of the catalogue, asked through both doors of a real app."""
