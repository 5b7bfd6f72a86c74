"""Columns that nothing is made of, where all readers of their table tell what they use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.refs import MAIN
from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.harvesting.history_parts import remembered_schema
from temporal_lineage.harvesting.ref_logs import refs_at
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.linking.taken import TakenClaim

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.schema import Field, SchemaVersion
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.runs.heard import Reading
    from temporal_lineage.store.reader import Reader

_WORD = re.compile(r"[^\W\d][\w.]*")
_QUOTES = frozenset('"`')
"""What a name stands in that is no word."""


@dataclass(frozen=True, slots=True)
class UnusedColumn:
    """A column of a table that is read, and of which no job that reads it makes anything."""

    column: str
    field_id: int
    type: str
    readers: tuple[str, ...]


def unused_columns(
    reader: Reader,
    names: Mapping[int, str],
    readers: Mapping[int, Sequence[Reading]],
    as_of: AsOf,
) -> tuple[tuple[UnusedColumn, ...], tuple[str, ...]]:
    """Give the columns of the tables that are read that no flow leads from, and what is open.

    Where a run that reads a table told of no column, nor recorded which ones it took, nobody can
    say what it uses.
    """
    found: list[UnusedColumn] = []
    doubts = []
    for dataset_id, readings in readers.items():
        schema = _schema(reader, dataset_id, as_of)
        if schema is None:
            continue
        used, telling = _used(reader, dataset_id, as_of)
        jobs = tuple(sorted({one.job for one in readings}))
        quiet = [one for one in readings if one.job not in telling]
        taken = _taken(reader, dataset_id, quiet, as_of)
        silent = sorted({one.job for one in quiet if one.run_id not in taken})
        used |= {column for columns in taken.values() for column in columns}
        if silent:
            doubts.append(
                f"which columns of {names[dataset_id]} are used is not known:"
                f" {', '.join(silent)} told none"
            )
            continue
        found += (
            UnusedColumn(f"{names[dataset_id]}#{field.path}", field.field_id, str(field.type), jobs)
            for field in schema.columns()
            if not _keys(schema, field) & used
        )
    return tuple(found), tuple(doubts)


def _schema(reader: Reader, dataset_id: int, as_of: AsOf) -> SchemaVersion | None:
    entry = refs_at(reader, dataset_id, as_of).get(MAIN)
    if entry is None or entry.schema_id is None:
        return None
    return remembered_schema(reader, dataset_id, entry.schema_id, system=as_of.system)


def _taken(
    reader: Reader, dataset_id: int, readings: Sequence[Reading], as_of: AsOf
) -> dict[int, set[str]]:
    """Give the columns that runs recorded to have taken; who took all of them told nothing."""
    identity = reader.named(node_ids=[dataset_id])[dataset_id].name
    rows = reader.attributes_of(
        node_ids=[one.run_id for one in readings], kind=AttributeKind.TAKEN, as_of=as_of
    )
    taken: dict[int, set[str]] = {}
    whole: set[int] = set()
    for row in rows:
        claim = decode(TakenClaim, row.claim)
        for one in claim.portions if claim.identity == identity else ():
            if one.columns is None or _QUOTES & set(one.where or ""):
                whole.add(row.node_id)
            else:
                # A condition reads columns too; any word of it may be the name of one.
                named = {*one.columns, *_WORD.findall(one.where or "")}
                taken.setdefault(row.node_id, set()).update(named)
    return {run_id: columns for run_id, columns in taken.items() if run_id not in whole}


def _keys(schema: SchemaVersion, column: Field) -> set[str]:
    """Give what a column and the fields inside it may be called in the ledger."""
    inside = [one for one in schema.fields if one.path.startswith(f"{column.path}.")]
    return {key for one in (column, *inside) for key in (str(one.field_id), one.path)}


def _used(reader: Reader, dataset_id: int, as_of: AsOf) -> tuple[set[str], set[str]]:
    """Give the columns that flows lead from, as nodes name them, and the jobs that told so."""
    columns = reader.children(parent_id=dataset_id, kind=NodeKind.COLUMN)
    names = {one.node_id: one.name for one in columns}
    steps = reader.steps_out_of(node_ids=list(names), kinds=(EdgeKind.COLUMN_FLOW,), as_of=as_of)
    used = {names[step[1]] for step in steps}
    telling = {job for step in steps for job in decode(FlowClaim, step[3]).jobs}
    return used, telling
