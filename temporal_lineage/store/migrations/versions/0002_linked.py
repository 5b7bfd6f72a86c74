"""How far linking has come: events are kept first, and linked then or later.

Until this revision every event was linked in the transaction that kept it.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLE = """
CREATE TABLE linked (
    upto_tx INTEGER NOT NULL PRIMARY KEY,
    tx_id INTEGER NOT NULL
)
"""

ALL_SO_FAR = """
INSERT INTO linked (upto_tx, tx_id)
SELECT last.tx_id, last.tx_id
FROM (SELECT max(tx_id) AS tx_id FROM tx) AS last
WHERE last.tx_id IS NOT NULL
"""

REFUSAL = "the ledger is append-only: what was recorded stays"


def upgrade() -> None:
    """Make the table, and say that all events so far are linked."""
    op.execute(TABLE)
    op.execute(ALL_SO_FAR)
    for act in ("UPDATE", "DELETE"):
        op.execute(_protection(op.get_context().dialect.name, act))


def _protection(dialect: str, act: str) -> str:
    name = f"linked_no_{act.lower()}"
    if dialect == "sqlite":
        refusal = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        return f"CREATE TRIGGER {name} BEFORE {act} ON linked {refusal}"
    return f"CREATE TRIGGER {name} BEFORE {act} ON linked EXECUTE FUNCTION refuse()"
