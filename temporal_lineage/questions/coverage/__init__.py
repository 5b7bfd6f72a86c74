"""Coverage: what the ledger can and cannot explain, and what to do about it."""
