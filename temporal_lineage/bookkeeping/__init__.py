"""Bookkeeping: the ledger as a thing to look after: told about, checked, copied, upgraded."""
