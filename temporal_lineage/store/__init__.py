"""Store: the ledger in SQLite or PostgreSQL; assertions are added, never changed."""
