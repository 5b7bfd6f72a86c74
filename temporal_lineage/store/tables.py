"""Tables: how the ledger lies in SQLite and PostgreSQL.

Times are microseconds and never NULL: an open end is FOREVER's number. `claim_id` 0 says that
nothing holds. Column orders of keys and indexes are those that were measured fastest.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import postgresql

metadata = MetaData()


# Bytes decide the order in both databases, not the locale of one of them.
_TEXT = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def _id(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _big(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, _TEXT, nullable=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


ledger = Table("ledger", metadata, Column("uuid", _TEXT, primary_key=True))

tx = Table(
    "tx",
    metadata,
    _id("tx_id"),
    _big("recorded_at"),
    _text("source"),
    _text("note"),
    UniqueConstraint("recorded_at", name="tx_instant"),
)

node = Table(
    "node",
    metadata,
    _id("node_id"),
    _text("kind"),
    _number("parent_id"),
    _text("name"),
    UniqueConstraint("kind", "parent_id", "name", name="node_key"),
)

claim = Table(
    "claim",
    metadata,
    _id("claim_id"),
    _text("digest"),
    _text("body"),
    UniqueConstraint("digest", name="claim_digest"),
)


def _state_columns() -> tuple[Column[int], ...]:
    """Give the current state of a key: a cache, decided by `store.state`."""
    return (_number("last_tx"), _big("since"), _number("open_tx"), _number("claim_id"))


def _assertions(of: str) -> Table:
    """Give the log of a kind of key: append-only, newest first."""
    key = f"{of}_id"
    return Table(
        f"{of}_assertion",
        metadata,
        _number(key),
        _big("rank"),
        _big("valid_from"),
        _big("valid_to"),
        _number("claim_id"),
        # SQLite keeps whole rows in the key's order; PostgreSQL is told to keep copies there.
        PrimaryKeyConstraint(
            key, "rank", "valid_from", postgresql_include=["valid_to", "claim_id"]
        ),
        sqlite_with_rowid=False,
    )


_STATE = ("last_tx", "since", "open_tx", "claim_id")

# Clustered by source: downstream reads need no index of their own.
edge = Table(
    "edge",
    metadata,
    _number("src_id"),
    _text("kind"),
    _number("dst_id"),
    _number("edge_id"),
    *_state_columns(),
    PrimaryKeyConstraint("src_id", "kind", "dst_id"),
    UniqueConstraint("edge_id", name="edge_number"),
    Index("edge_up", "dst_id", "kind", "src_id", "edge_id", *_STATE),
    sqlite_with_rowid=False,
)
edge_assertion = _assertions("edge")

attribute = Table(
    "attribute",
    metadata,
    _number("node_id"),
    _text("kind"),
    _text("name"),
    _number("attribute_id"),
    *_state_columns(),
    PrimaryKeyConstraint("node_id", "kind", "name"),
    UniqueConstraint("attribute_id", name="attribute_number"),
    Index("attribute_by_name", "kind", "name", "node_id", "attribute_id", *_STATE),
    sqlite_with_rowid=False,
)
attribute_assertion = _assertions("attribute")

_WAS_READ = text("was_read = 1")

place = Table(
    "place",
    metadata,
    _id("node_id"),
    _number("dataset_id"),
    _number("line"),
    _big("position"),
    _number("files_known"),
    # Whether some edge starts here: a cache, so that walks down look at nothing else.
    _number("was_read"),
    _number("tx_id"),
    Index("place_in_line", "dataset_id", "line", "position", "node_id", "tx_id"),
    Index(
        "place_that_was_read",
        *("dataset_id", "line", "position", "node_id", "tx_id"),
        sqlite_where=_WAS_READ,
        postgresql_where=_WAS_READ,
    ),
)

# Where states stood until their files could be read, for what was known before that. The
# contributions to these lines are kept under their negative numbers.
former_place = Table(
    "former_place",
    metadata,
    _id("node_id"),
    _number("dataset_id"),
    _number("line"),
    _big("position"),
    _number("tx_id"),
    _number("until_tx"),
    Index(
        "former_place_in_line",
        *("dataset_id", "line", "position", "node_id", "tx_id", "until_tx"),
    ),
)

# Stop before start: what is live in recent states is found without what ended long ago.
contribution = Table(
    "contribution",
    metadata,
    _number("commit_id"),
    _number("dataset_id"),
    _number("line"),
    _big("start"),
    _big("stop"),
    _text("certainty"),
    _number("tx_id"),
    PrimaryKeyConstraint("commit_id", "dataset_id", "line", "start"),
    Index(
        "contribution_to_state",
        *("dataset_id", "line", "stop", "start", "commit_id", "certainty", "tx_id"),
    ),
    sqlite_with_rowid=False,
)

file = Table(
    "file",
    metadata,
    _id("file_id"),
    _number("dataset_id"),
    _text("digest"),
    _text("key"),
    _text("path"),
    _text("content"),
    _big("size_bytes"),
    Column("row_count", BigInteger, nullable=True),
    Column("masks", Text, nullable=True),
    UniqueConstraint("dataset_id", "digest", name="file_key"),
)

file_life = Table(
    "file_life",
    metadata,
    _number("file_id"),
    _number("line"),
    _big("start"),
    _number("dataset_id"),
    _big("stop"),
    _number("origin_id"),
    _number("tx_id"),
    PrimaryKeyConstraint("file_id", "line", "start"),
    Index("file_life_in_state", "dataset_id", "line", "stop", "start", "file_id", "origin_id"),
    sqlite_with_rowid=False,
)

harvest = Table(
    "harvest",
    metadata,
    _id("harvest_id"),
    _text("name"),
    _number("dataset_id"),
    _number("tx_id"),
    _text("head"),
    _text("outcome"),
    _text("detail"),
    Index("harvest_by_name", "name", "harvest_id"),
    Index("harvest_of_dataset", "dataset_id", "harvest_id"),
)

blob = Table(
    "blob",
    metadata,
    _id("blob_id"),
    _text("digest"),
    _number("dataset_id"),
    _text("witness"),
    _number("tx_id"),
    _bytes("body"),
    UniqueConstraint("digest", name="blob_digest"),
    Index("blob_of_dataset", "dataset_id", "witness"),
)

event = Table(
    "event",
    metadata,
    _id("event_id"),
    _text("digest"),
    _text("run_id"),
    _number("tx_id"),
    _text("source"),
    _bytes("body"),
    UniqueConstraint("digest", name="event_digest"),
    Index("event_of_run", "run_id", "event_id"),
    Index("event_by_tx", "tx_id", "run_id"),
)

# How far linking has come: the events of all transactions up to this one are linked.
linked = Table("linked", metadata, _id("upto_tx"), _number("tx_id"))

APPEND_ONLY = (
    *(ledger, tx, node, claim, edge_assertion, attribute_assertion),
    *(file, harvest, blob, event, linked),
)
"""Tables whose rows the database itself refuses to change or to delete."""
