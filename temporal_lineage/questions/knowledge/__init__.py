"""Knowledge: why we say so, what names mean, and when the ledger learned it."""
