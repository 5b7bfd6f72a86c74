"""Kept tables: what the ledger keeps, column by column, known without what makes the tables.

A test holds this to `temporal_lineage.store.tables`; docs/ledger.md is written from it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a column holds: whole numbers of 32 or 64 bits, text, or bytes."""

    NUMBER = "int"
    LARGE = "long"
    TEXT = "string"
    BYTES = "binary"


class KeptColumn(NamedTuple):
    """A column: its name, what it holds, and what that means; no value stands for not known."""

    name: str
    kind: Kind
    is_optional: bool
    meaning: str


class KeptTable(NamedTuple):
    """A table: its columns in the order of the exports, and how many of the first are its key.

    `numbered` is the column that counts 1, 2, 3 and leaves none out; empty where none does.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    numbered: str
    columns: tuple[KeptColumn, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names of the columns."""
        return tuple(column.name for column in self.columns)


def _number(name: str, meaning: str) -> KeptColumn:
    return KeptColumn(name, Kind.NUMBER, is_optional=False, meaning=meaning)


def _large(name: str, meaning: str) -> KeptColumn:
    return KeptColumn(name, Kind.LARGE, is_optional=False, meaning=meaning)


def _text(name: str, meaning: str) -> KeptColumn:
    return KeptColumn(name, Kind.TEXT, is_optional=False, meaning=meaning)


def _bytes(name: str, meaning: str) -> KeptColumn:
    return KeptColumn(name, Kind.BYTES, is_optional=False, meaning=meaning)


_SAID_IN = _number("tx_id", "the transaction that said so")
_STATE = (
    _number("last_tx", "cache: the newest transaction that said anything of the key"),
    _large("since", "cache: from when on the state decides"),
    _number("open_tx", "cache: the transaction whose assertion has no end and decides; 0 for none"),
    _number("claim_id", "cache: the claim that holds since then; 0 where nothing holds"),
)
_LINE = (
    _number("dataset_id", "the node of the table"),
    _number("line", "a branch of the table's history; negative where it was only assumed"),
)
_STRETCH = (
    _large("start", "the position in the line from which on it lives"),
    _large("stop", "the position where it does no longer; 9223372036854775807 while it lives"),
)


def _assertions(of: str, meaning: str) -> KeptTable:
    key = f"{of}_id"
    return KeptTable(
        f"{of}_assertion",
        meaning,
        (key, "rank", "valid_from"),
        "",
        (
            _number(key, f"the {of}"),
            _large("rank", "-(65536 * transaction + turn): the smallest is the newest"),
            _large("valid_from", "from when on it is said to hold, in microseconds since 1970"),
            _large("valid_to", "until when, not including; 9223372036854775807 for no end"),
            _number("claim_id", "what is said; 0: nothing holds"),
        ),
    )


_FACTS = (
    KeptTable(
        "ledger",
        "the ledger itself, one row",
        ("uuid",),
        "",
        (_text("uuid", "the identity of the ledger, the same in every copy"),),
    ),
    KeptTable(
        "tx",
        "transactions: what was learned together",
        ("tx_id",),
        "tx_id",
        (
            _number("tx_id", "counted from 1"),
            _large("recorded_at", "its instant in system time, in microseconds since 1970"),
            _text("source", "what wrote it, as harvest or ingest"),
            _text("note", "what about"),
        ),
    ),
    KeptTable(
        "node",
        "things that facts are about",
        ("node_id",),
        "node_id",
        (
            _number("node_id", "counted from 1"),
            _text("kind", "table, version, run, job and others"),
            _number("parent_id", "the node that it is a part of; 0 where it stands alone"),
            _text("name", "unique among those of its kind and parent"),
        ),
    ),
    KeptTable(
        "claim",
        "texts of claims, each kept once",
        ("claim_id",),
        "claim_id",
        (
            _number("claim_id", "counted from 1"),
            _text("digest", "BLAKE2b-128 of the length and the bytes of the body"),
            _text("body", "JSON"),
        ),
    ),
    KeptTable(
        "edge",
        "from which node data flowed to which",
        ("src_id", "kind", "dst_id"),
        "edge_id",
        (
            _number("src_id", "the node that was read"),
            _text("kind", "what kind of edge"),
            _number("dst_id", "the node that was written"),
            _number("edge_id", "counted from 1"),
            *_STATE,
        ),
    ),
    _assertions("edge", "all that was said of edges, append-only"),
    KeptTable(
        "attribute",
        "which attributes nodes have",
        ("node_id", "kind", "name"),
        "attribute_id",
        (
            _number("node_id", "the node"),
            _text("kind", "what kind of attribute"),
            _text("name", "which one of that kind"),
            _number("attribute_id", "counted from 1"),
            *_STATE,
        ),
    ),
    _assertions("attribute", "all that was said of attributes, append-only"),
)

_PLACES = (
    KeptTable(
        "place",
        "where states stand in their table's lines",
        ("node_id",),
        "",
        (
            _number("node_id", "the state: a node of kind version"),
            *_LINE,
            _large("position", "where in the line, in the order of commits"),
            _number("files_known", "1 where the files of the state are kept"),
            _number("was_read", "cache: 1 where some edge starts at the state"),
            _SAID_IN,
        ),
    ),
    KeptTable(
        "former_place",
        "where states stood until their files could be read",
        ("node_id",),
        "",
        (
            _number("node_id", "the state"),
            *_LINE,
            _large("position", "where in the line"),
            _SAID_IN,
            _number("until_tx", "the transaction that placed it anew"),
        ),
    ),
    KeptTable(
        "contribution",
        "over which states the rows of a commit live",
        ("commit_id", "dataset_id", "line", "start"),
        "",
        (
            _number("commit_id", "the commit's node; 0: older than the history"),
            *_LINE,
            *_STRETCH,
            _text("certainty", "how surely that is known"),
            _SAID_IN,
        ),
    ),
    KeptTable(
        "file",
        "data files and delete files",
        ("file_id",),
        "file_id",
        (
            _number("file_id", "counted from 1"),
            _number("dataset_id", "the node of the table"),
            _text("digest", "BLAKE2b-128 of the key"),
            _text("key", "what names the file in its table; empty where that is its path"),
            _text("path", "where it lies"),
            _text("content", "what it holds"),
            _large("size_bytes", "how long it is"),
            KeptColumn("row_count", Kind.LARGE, is_optional=True, meaning="its rows"),
            KeptColumn(
                "masks", Kind.TEXT, is_optional=True, meaning="the file whose rows it hides"
            ),
        ),
    ),
    KeptTable(
        "file_life",
        "of which states a file is a part",
        ("file_id", "line", "start"),
        "",
        (
            _number("file_id", "the file"),
            _LINE[1],
            _STRETCH[0],
            _LINE[0],
            _STRETCH[1],
            _number("origin_id", "the state that first wrote it; 0: older than the history"),
            _SAID_IN,
        ),
    ),
)

_RECORDS = (
    KeptTable(
        "harvest",
        "looks at tables",
        ("harvest_id",),
        "harvest_id",
        (
            _number("harvest_id", "counted from 1"),
            _text("name", "the table's name when it was looked at"),
            _number("dataset_id", "the node of the table; 0 where it could not be identified"),
            _SAID_IN,
            _text("head", "the table's newest state then"),
            _text("outcome", "how it went"),
            _text("detail", "more about that"),
        ),
    ),
    KeptTable(
        "blob",
        "bytes of metadata files, log entries and what was refused, word by word",
        ("blob_id",),
        "blob_id",
        (
            _number("blob_id", "counted from 1"),
            _text("digest", "BLAKE2b-128 of the dataset, the witness and the bytes"),
            _number("dataset_id", "the node that they are of"),
            _text("witness", "where they were found"),
            _SAID_IN,
            _bytes("body", "the bytes, compressed by zlib"),
        ),
    ),
    KeptTable(
        "event",
        "events of runs as they arrived, word by word",
        ("event_id",),
        "event_id",
        (
            _number("event_id", "counted from 1"),
            _text("digest", "SHA-256 of the canonical JSON"),
            _text("run_id", "the run, or another name under which they are found"),
            _SAID_IN,
            _text("source", "where they came from"),
            _bytes("body", "the JSON, compressed by zlib"),
        ),
    ),
    KeptTable(
        "linked",
        "how far linking has come",
        ("upto_tx",),
        "",
        (_number("upto_tx", "the events up to this transaction are linked"), _SAID_IN),
    ),
)

KEPT_TABLES = (*_FACTS, *_PLACES, *_RECORDS)
"""Every table, those that others refer to first."""

CHANGING = frozenset({"edge", "attribute", "place", "former_place", "contribution", "file_life"})
"""Tables of which a row may change: caches, and where something open stops; all others only grow.

DESIGN 4.6: the database refuses to change or to take out a row of those others.
"""

INDEXES = {
    "edge_up": "edge",
    "attribute_by_name": "attribute",
    "place_in_line": "place",
    "place_that_was_read": "place",
    "former_place_in_line": "former_place",
    "contribution_to_state": "contribution",
    "file_life_in_state": "file_life",
    "harvest_by_name": "harvest",
    "harvest_of_dataset": "harvest",
    "blob_of_dataset": "blob",
    "event_of_run": "event",
    "event_by_tx": "event",
}
"""Indexes beside the keys, and the table of each."""
