"""Columns that nothing is made of, where all readers of their table tell what they use."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.schema import SchemaVersion
from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.harvesting.ref_logs import mains_at
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.linking.taken import TakenClaim
from temporal_lineage.questions.scopes import some_at_once

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from snapshots.schema import Field
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
    for some in some_at_once(readers):
        schemas = _schemas(reader, some, as_of)
        flows = _flows(reader, schemas, as_of)
        quiet = {
            dataset_id: [one for one in readers[dataset_id] if one.job not in flows[dataset_id][1]]
            for dataset_id in schemas
        }
        portions = _portions(reader, {one.run_id for many in quiet.values() for one in many}, as_of)
        identities = reader.named(node_ids=sorted(schemas))
        for dataset_id, schema in schemas.items():
            taken = _taken(quiet[dataset_id], portions, identities[dataset_id].name)
            silent = sorted({one.job for one in quiet[dataset_id] if one.run_id not in taken})
            if silent:
                doubts.append(
                    f"which columns of {names[dataset_id]} are used is not known:"
                    f" {', '.join(silent)} told none"
                )
                continue
            used = flows[dataset_id][0].union(*taken.values())
            jobs = tuple(sorted({one.job for one in readers[dataset_id]}))
            found += (
                UnusedColumn(
                    f"{names[dataset_id]}#{field.path}", field.field_id, str(field.type), jobs
                )
                for field in schema.columns()
                if not _keys(schema, field) & used
            )
    return tuple(found), tuple(doubts)


def _schemas(reader: Reader, dataset_ids: Sequence[int], as_of: AsOf) -> dict[int, SchemaVersion]:
    """Give the schemas that readers of main saw, of the tables of which that is known."""
    mains = mains_at(reader, dataset_ids, as_of)
    told = reader.timelines_of(node_ids=mains, kind=AttributeKind.SCHEMA, system=as_of.system)
    found: dict[int, SchemaVersion] = {}
    for dataset_id in dataset_ids:
        entry = mains.get(dataset_id)
        if entry is not None and entry.schema_id is not None:
            line = told.get(dataset_id, {}).get(str(entry.schema_id))
            if line is not None:
                found[dataset_id] = decode(SchemaVersion, line[-1].claim)
    return found


def _portions(reader: Reader, run_ids: Collection[int], as_of: AsOf) -> dict[int, list[TakenClaim]]:
    rows = reader.attributes_of(node_ids=sorted(run_ids), kind=AttributeKind.TAKEN, as_of=as_of)
    found: dict[int, list[TakenClaim]] = defaultdict(list)
    for row in rows:
        found[row.node_id].append(decode(TakenClaim, row.claim))
    return found


def _taken(
    readings: Sequence[Reading], portions: Mapping[int, Sequence[TakenClaim]], identity: str
) -> dict[int, set[str]]:
    """Give the columns that runs recorded to have taken; who took all of them told nothing."""
    taken: dict[int, set[str]] = {}
    whole: set[int] = set()
    for run_id in {one.run_id for one in readings}:
        claims = [one for one in portions.get(run_id, ()) if one.identity == identity]
        for one in (portion for claim in claims for portion in claim.portions):
            if one.columns is None or _QUOTES & set(one.where or ""):
                whole.add(run_id)
            else:
                # A condition reads columns too; any word of it may be the name of one.
                named = {*one.columns, *_WORD.findall(one.where or "")}
                taken.setdefault(run_id, set()).update(named)
    return {run_id: columns for run_id, columns in taken.items() if run_id not in whole}


def _keys(schema: SchemaVersion, column: Field) -> set[str]:
    """Give what a column and the fields inside it may be called in the ledger."""
    inside = [one for one in schema.fields if one.path.startswith(f"{column.path}.")]
    return {key for one in (column, *inside) for key in (str(one.field_id), one.path)}


def _flows(
    reader: Reader, dataset_ids: Iterable[int], as_of: AsOf
) -> dict[int, tuple[set[str], set[str]]]:
    """Give the columns that flows lead from, as nodes name them, and the jobs that told so."""
    found: dict[int, tuple[set[str], set[str]]] = {one: (set(), set()) for one in dataset_ids}
    nodes = {one.node_id: one for one in reader.children_of(parent_ids=found, kind=NodeKind.COLUMN)}
    kinds = (EdgeKind.COLUMN_FLOW,)
    for _, column_id, _, claim in reader.steps_out_of(node_ids=nodes, kinds=kinds, as_of=as_of):
        used, telling = found[nodes[column_id].parent_id]
        used.add(nodes[column_id].name)
        telling.update(decode(FlowClaim, claim).jobs)
    return found
