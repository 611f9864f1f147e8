"""`invora demo`: a year of real flights, metered, billed and reported, end to end."""
