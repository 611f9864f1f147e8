"""What the business asks: facts copied from the ledger, reports on them, logs."""
