"""Which data file a delete file hides rows of, where it says so.

Of files that were harvested before this revision nobody said: they may hide rows of any.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

COLUMN = "ALTER TABLE file ADD COLUMN masks TEXT"


def upgrade() -> None:
    """Make the column."""
    op.execute(COLUMN)
