"""Locks: files that say exactly what was read, and can be reproduced without the ledger."""
