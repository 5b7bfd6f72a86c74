"""Alembic's entry: run the revisions over the connection that the ledger hands in."""

from alembic import context

from temporal_lineage.store.tables import metadata

# The ledger has begun the transaction, and ends it: a ledger is never half migrated.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
