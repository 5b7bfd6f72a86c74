"""The ledger as it was first made.

A revision is never changed: it says again what `store.tables` said when it was written. A test
compares what all revisions lead to with the tables as they are.
"""

from alembic import op

revision = "0001"
down_revision = None

# SQLite clusters by the key where told to; PostgreSQL orders texts by their bytes where told to.
INCLUDED = " INCLUDE (valid_to, claim_id)"

WORDS = {
    "sqlite": {"text": "TEXT", "bytes": "BLOB", "clustered": "WITHOUT ROWID", "with": ""},
    "postgresql": {"text": 'TEXT COLLATE "C"', "bytes": "BYTEA", "clustered": "", "with": INCLUDED},
}

FACTS = """
CREATE TABLE ledger (uuid {text} NOT NULL PRIMARY KEY);

CREATE TABLE tx (
    tx_id INTEGER NOT NULL PRIMARY KEY,
    recorded_at BIGINT NOT NULL,
    source {text} NOT NULL,
    note {text} NOT NULL,
    CONSTRAINT tx_instant UNIQUE (recorded_at)
);

CREATE TABLE node (
    node_id INTEGER NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    parent_id INTEGER NOT NULL,
    name {text} NOT NULL,
    CONSTRAINT node_key UNIQUE (kind, parent_id, name)
);

CREATE TABLE claim (
    claim_id INTEGER NOT NULL PRIMARY KEY,
    digest {text} NOT NULL,
    body {text} NOT NULL,
    CONSTRAINT claim_digest UNIQUE (digest)
);

CREATE TABLE edge (
    src_id INTEGER NOT NULL,
    kind {text} NOT NULL,
    dst_id INTEGER NOT NULL,
    edge_id INTEGER NOT NULL,
    last_tx INTEGER NOT NULL,
    since BIGINT NOT NULL,
    open_tx INTEGER NOT NULL,
    claim_id INTEGER NOT NULL,
    PRIMARY KEY (src_id, kind, dst_id),
    CONSTRAINT edge_number UNIQUE (edge_id)
) {clustered};

CREATE INDEX edge_up ON edge
    (dst_id, kind, src_id, edge_id, last_tx, since, open_tx, claim_id);

CREATE TABLE edge_assertion (
    edge_id INTEGER NOT NULL,
    rank BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT NOT NULL,
    claim_id INTEGER NOT NULL,
    PRIMARY KEY (edge_id, rank, valid_from){with}
) {clustered};

CREATE TABLE attribute (
    node_id INTEGER NOT NULL,
    kind {text} NOT NULL,
    name {text} NOT NULL,
    attribute_id INTEGER NOT NULL,
    last_tx INTEGER NOT NULL,
    since BIGINT NOT NULL,
    open_tx INTEGER NOT NULL,
    claim_id INTEGER NOT NULL,
    PRIMARY KEY (node_id, kind, name),
    CONSTRAINT attribute_number UNIQUE (attribute_id)
) {clustered};

CREATE INDEX attribute_by_name ON attribute
    (kind, name, node_id, attribute_id, last_tx, since, open_tx, claim_id);

CREATE TABLE attribute_assertion (
    attribute_id INTEGER NOT NULL,
    rank BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT NOT NULL,
    claim_id INTEGER NOT NULL,
    PRIMARY KEY (attribute_id, rank, valid_from){with}
) {clustered};
"""

LINES = """
CREATE TABLE place (
    node_id INTEGER NOT NULL PRIMARY KEY,
    dataset_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    position BIGINT NOT NULL,
    files_known INTEGER NOT NULL,
    was_read INTEGER NOT NULL,
    tx_id INTEGER NOT NULL
);

CREATE INDEX place_in_line ON place (dataset_id, line, position, node_id, tx_id);

CREATE INDEX place_that_was_read ON place (dataset_id, line, position, node_id, tx_id)
    WHERE was_read = 1;

CREATE TABLE contribution (
    commit_id INTEGER NOT NULL,
    dataset_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    start BIGINT NOT NULL,
    stop BIGINT NOT NULL,
    certainty {text} NOT NULL,
    tx_id INTEGER NOT NULL,
    PRIMARY KEY (commit_id, dataset_id, line, start)
) {clustered};

CREATE INDEX contribution_to_state ON contribution
    (dataset_id, line, stop, start, commit_id, certainty, tx_id);

CREATE TABLE file (
    file_id INTEGER NOT NULL PRIMARY KEY,
    dataset_id INTEGER NOT NULL,
    digest {text} NOT NULL,
    key {text} NOT NULL,
    path {text} NOT NULL,
    content {text} NOT NULL,
    size_bytes BIGINT NOT NULL,
    row_count BIGINT,
    CONSTRAINT file_key UNIQUE (dataset_id, digest)
);

CREATE TABLE file_life (
    file_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    start BIGINT NOT NULL,
    dataset_id INTEGER NOT NULL,
    stop BIGINT NOT NULL,
    origin_id INTEGER NOT NULL,
    tx_id INTEGER NOT NULL,
    PRIMARY KEY (file_id, line, start)
) {clustered};

CREATE INDEX file_life_in_state ON file_life
    (dataset_id, line, stop, start, file_id, origin_id);
"""

RECORDS = """
CREATE TABLE harvest (
    harvest_id INTEGER NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    dataset_id INTEGER NOT NULL,
    tx_id INTEGER NOT NULL,
    head {text} NOT NULL,
    outcome {text} NOT NULL,
    detail {text} NOT NULL
);

CREATE INDEX harvest_by_name ON harvest (name, harvest_id);

CREATE INDEX harvest_of_dataset ON harvest (dataset_id, harvest_id);

CREATE TABLE blob (
    blob_id INTEGER NOT NULL PRIMARY KEY,
    digest {text} NOT NULL,
    dataset_id INTEGER NOT NULL,
    witness {text} NOT NULL,
    tx_id INTEGER NOT NULL,
    body {bytes} NOT NULL,
    CONSTRAINT blob_digest UNIQUE (digest)
);

CREATE INDEX blob_of_dataset ON blob (dataset_id, witness);

CREATE TABLE event (
    event_id INTEGER NOT NULL PRIMARY KEY,
    digest {text} NOT NULL,
    run_id {text} NOT NULL,
    tx_id INTEGER NOT NULL,
    source {text} NOT NULL,
    body {bytes} NOT NULL,
    CONSTRAINT event_digest UNIQUE (digest)
);

CREATE INDEX event_of_run ON event (run_id, event_id);

CREATE INDEX event_by_tx ON event (tx_id, run_id);
"""

# SQL:2011's rectangles, for people: what was believed from `recorded_at` until `superseded_at`.
# A key's assertions are cut at all their ends, and each piece is over with the first newer one
# that covers it; what a transaction said and itself took back was never believed.
FACT_VIEW = """
CREATE VIEW {of}_fact AS
WITH cut AS (
    SELECT {of}_id, valid_from AS point FROM {of}_assertion
    UNION
    SELECT {of}_id, valid_to FROM {of}_assertion
),
piece AS (
    SELECT {of}_id, point AS valid_from,
        lead(point) OVER (PARTITION BY {of}_id ORDER BY point) AS valid_to
    FROM cut
),
told AS (
    SELECT a.{of}_id, piece.valid_from, piece.valid_to, a.claim_id,
        (-a.rank) / 65536 AS tx_id,
        (
            SELECT max(newer.rank) FROM {of}_assertion AS newer
            WHERE newer.{of}_id = a.{of}_id AND newer.rank < a.rank
                AND newer.valid_from <= piece.valid_from AND newer.valid_to > piece.valid_from
        ) AS over_rank
    FROM {of}_assertion AS a
    JOIN piece ON piece.{of}_id = a.{of}_id
        AND piece.valid_from >= a.valid_from AND piece.valid_to <= a.valid_to
    WHERE a.claim_id <> 0
)
SELECT told.{of}_id, {columns}, told.valid_from, told.valid_to, tx.recorded_at,
    coalesce(over_tx.recorded_at, 9223372036854775807) AS superseded_at, claim.body AS claim
FROM told
JOIN {of} ON {of}.{of}_id = told.{of}_id
JOIN tx ON tx.tx_id = told.tx_id
JOIN claim ON claim.claim_id = told.claim_id
LEFT JOIN tx AS over_tx ON over_tx.tx_id = (-told.over_rank) / 65536
WHERE over_tx.tx_id IS NULL OR over_tx.tx_id > told.tx_id
"""

APPEND_ONLY = (
    *("ledger", "tx", "node", "claim", "edge_assertion", "attribute_assertion"),
    *("file", "harvest", "blob", "event"),
)

REFUSAL = "the ledger is append-only: what was recorded stays"

POSTGRESQL_REFUSAL = f"""
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$
"""


def upgrade() -> None:
    """Make the tables, the views of rectangles, and what keeps the log append-only."""
    dialect = op.get_context().dialect.name
    for script in (FACTS, LINES, RECORDS):
        for statement in script.format(**WORDS[dialect]).split(";"):
            if statement.strip():
                op.execute(statement)
    op.execute(FACT_VIEW.format(of="edge", columns="edge.kind, edge.src_id, edge.dst_id"))
    columns = "attribute.node_id, attribute.kind, attribute.name"
    op.execute(FACT_VIEW.format(of="attribute", columns=columns))
    if dialect == "postgresql":
        op.execute(POSTGRESQL_REFUSAL)
    for table in APPEND_ONLY:
        for act in ("UPDATE", "DELETE"):
            op.execute(_protection(dialect, table, act))


def _protection(dialect: str, table: str, act: str) -> str:
    name = f"{table}_no_{act.lower()}"
    if dialect == "sqlite":
        refusal = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        return f"CREATE TRIGGER {name} BEFORE {act} ON {table} {refusal}"
    return f"CREATE TRIGGER {name} BEFORE {act} ON {table} EXECUTE FUNCTION refuse()"
