"""Sources: each holds to the contract at the family's head."""
