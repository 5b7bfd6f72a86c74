"""Where states stood before their files could be read.

Until this revision a table whose files could not be read at first stayed assumed for ever.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLE = """
CREATE TABLE former_place (
    node_id INTEGER NOT NULL PRIMARY KEY,
    dataset_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    position BIGINT NOT NULL,
    tx_id INTEGER NOT NULL,
    until_tx INTEGER NOT NULL
)
"""

INDEX = """
CREATE INDEX former_place_in_line ON former_place
    (dataset_id, line, position, node_id, tx_id, until_tx)
"""


def upgrade() -> None:
    """Make the table and its index."""
    op.execute(TABLE)
    op.execute(INDEX)
