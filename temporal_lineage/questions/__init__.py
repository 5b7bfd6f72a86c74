"""Questions: each file answers one, from the ledger alone, and says what it does not know."""
