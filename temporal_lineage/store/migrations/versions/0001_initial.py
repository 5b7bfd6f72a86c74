"""The ledger as it was first made."""

from alembic import op

from temporal_lineage.store.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
