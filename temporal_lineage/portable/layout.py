"""The layout of an export: its tables, what their columns hold, and their Arrow schemas.

Tables named after what they tell are for readers; those named `ledger_...` are the ledger's own,
column by column, and an import makes a ledger of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from temporal_lineage.bookkeeping.kept_tables import KEPT_TABLES

if TYPE_CHECKING:
    import pyarrow as pa

LAYOUT_VERSION = 1
"""Counts up whenever a table or a column of an export changes its meaning."""

KEPT_PREFIX = "ledger_"


class ReadColumn(NamedTuple):
    """A column for readers: its name, what it holds, and what that means."""

    name: str
    kind: str
    meaning: str


class ExportTable(NamedTuple):
    """A table of an export; `by` is the column whose value its files have in common, or empty.

    `order` are the columns that its rows are sorted by, within a file.
    """

    name: str
    meaning: str
    by: str
    order: tuple[str, ...]
    columns: tuple[ReadColumn, ...]
    required: frozenset[str]

    def schema(self) -> pa.Schema:
        """Give its Arrow schema."""
        import pyarrow as pa

        types = {
            "int": pa.int32(),
            "long": pa.int64(),
            "string": pa.string(),
            "strings": pa.list_(pa.string()),
            "binary": pa.binary(),
            "boolean": pa.bool_(),
            "time": pa.timestamp("us", "UTC"),
        }
        return pa.schema(
            pa.field(one.name, types[one.kind], nullable=one.name not in self.required)
            for one in self.columns
        )


_PERIODS = (
    ReadColumn("valid_from", "time", "from when on it held in the lakehouse"),
    ReadColumn("valid_to", "time", "until when, not including; 9999-12-31 where it has no end"),
    ReadColumn("system_from", "time", "from when on this ledger believed it"),
    ReadColumn("system_to", "time", "until when, not including; 9999-12-31 while it does"),
)
_CLAIM = ReadColumn("claim", "string", "all that is claimed, with its evidence, as JSON")


def _node(prefix: str, what: str) -> tuple[ReadColumn, ...]:
    return (
        ReadColumn(f"{prefix}_id", "int", f"the number of the {what}"),
        ReadColumn(f"{prefix}_kind", "string", "what it is: dataset, version, column, run, job"),
        ReadColumn(f"{prefix}_name", "string", "its version, run id, job, field id or identity"),
        ReadColumn(f"{prefix}_dataset_id", "int", "the dataset that it is, or is a part of"),
        ReadColumn(f"{prefix}_dataset", "string", "what people call that at the time of the cut"),
        ReadColumn(f"{prefix}_snapshot_id", "long", "its snapshot id or Delta version"),
    )


EDGES = ExportTable(
    "edges",
    "what joins two things: flows, exact edges, who read and wrote what; a row for each period",
    "kind",
    ("target_id", "source_id"),
    (
        ReadColumn("kind", "string", "edge, flow, column-flow, reads, writes, run-of and others"),
        ReadColumn("edge_id", "int", "its number, as in tl why edge:12"),
        *_node("source", "source"),
        *_node("target", "target"),
        *_PERIODS,
        ReadColumn("grade", "string", "of an exact edge: how surely it is known"),
        ReadColumn("run", "string", "of an exact edge: the run that read and wrote"),
        ReadColumn("jobs", "strings", "the job of an exact edge, the jobs of a flow"),
        ReadColumn("how", "strings", "of a flow of columns: the transformations"),
        ReadColumn("reads_method", "string", "of an exact edge: how the read is known"),
        ReadColumn("writes_method", "string", "of an exact edge: how the write is known"),
        ReadColumn("by_commit", "boolean", "of an exact edge: a commit told it, as a restore does"),
        _CLAIM,
    ),
    frozenset(),
)
ATTRIBUTES = ExportTable(
    "attributes",
    "what is known of one thing: snapshots, schemas, refs, runs, names; a row for each period",
    "kind",
    ("node_id", "name"),
    (
        ReadColumn("kind", "string", "snapshot, schema, ref, run, named and others"),
        ReadColumn("attribute_id", "int", "its number"),
        *_node("node", "thing"),
        ReadColumn(
            "name", "string", "which one of that kind, as a snapshot id or the name of a ref"
        ),
        *_PERIODS,
        _CLAIM,
    ),
    frozenset(),
)
STATES = ExportTable(
    "states",
    "states of tables, and where they stand in the order of commits",
    "",
    ("state_dataset_id", "line", "position"),
    (
        *_node("state", "state"),
        ReadColumn("line", "int", "a branch of the table's history"),
        ReadColumn("position", "long", "where in that line"),
        *_PERIODS[2:],
    ),
    frozenset(),
)
CONTRIBUTIONS = ExportTable(
    "contributions",
    "over which states the rows of a commit live: start <= position < stop, in one line",
    "",
    ("dataset_id", "line", "start"),
    (
        *_node("commit", "commit"),
        ReadColumn("dataset_id", "int", "the dataset in whose states they live"),
        ReadColumn("line", "int", "the line"),
        ReadColumn("start", "long", "the position from which on they live"),
        ReadColumn("stop", "long", "where they do no longer; the largest number while they live"),
        ReadColumn("certainty", "string", "exact, possible or assumed"),
        _PERIODS[2],
    ),
    frozenset(),
)
DATASETS = ExportTable(
    "datasets",
    "datasets by number, with what people call them at the time of the cut",
    "",
    ("dataset_id",),
    (
        ReadColumn("dataset_id", "int", "its number"),
        ReadColumn("dataset", "string", "its address, as tl shows it"),
        ReadColumn("identity", "string", "the id that the table itself has"),
    ),
    frozenset(),
)
TRANSACTIONS = ExportTable(
    "transactions",
    "what was learned together, and when",
    "",
    ("tx_id",),
    (
        ReadColumn("tx_id", "int", "counted from 1"),
        ReadColumn("recorded_at", "time", "its instant in system time"),
        ReadColumn("source", "string", "what wrote it"),
        ReadColumn("note", "string", "what about"),
    ),
    frozenset(),
)

READ_TABLES = (EDGES, ATTRIBUTES, STATES, CONTRIBUTIONS, DATASETS, TRANSACTIONS)
"""The tables for readers."""

KEPT = {KEPT_PREFIX + table.name: table for table in KEPT_TABLES}
"""The ledger's own tables, by their names in an export."""

EXPORT_TABLES = (
    *READ_TABLES,
    *(
        ExportTable(
            name,
            table.meaning,
            "",
            table.key,
            tuple(ReadColumn(one.name, one.kind.value, one.meaning) for one in table.columns),
            frozenset(one.name for one in table.columns if not one.is_optional),
        )
        for name, table in KEPT.items()
    ),
)
"""Every table of an export."""
