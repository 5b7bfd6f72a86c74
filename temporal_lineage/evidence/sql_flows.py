"""SQL flows: which columns feed which by the SQL of a run, in terms of the run's own datasets.

A name in SQL is matched with the datasets that the run's events name, by the end of the name.
What matches none, or several equally well, gives no flow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from temporal_lineage.capture.openlineage_events import Transformation
from temporal_lineage.evidence.flow_sightings import ColumnFlow

if TYPE_CHECKING:
    from temporal_lineage.sql.dependencies import Dependencies
    from temporal_lineage.sql.names import Place
    from temporal_lineage.sql.statements import Script, TargetColumn

BY_SQL = ("sql",)

_SEPARATORS = re.compile(r"[./\\]+")
_MARKS = '`"[]'


@dataclass(frozen=True, slots=True)
class SqlFlows:
    """The flows into each output; `whole` tells whether the SQL was understood entirely."""

    into: Mapping[Dataset, frozenset[ColumnFlow]]
    whole: bool


class Places:
    """The datasets of one side of a run, found by the names that SQL uses."""

    def __init__(self, names: Mapping[Dataset, Iterable[Dataset]]) -> None:
        """Take each dataset with all the names it has."""
        self._tails = {
            dataset: {_parts(name.name) for name in (dataset, *others)}
            for dataset, others in names.items()
        }

    def find(self, place: Place) -> Dataset | None:
        """Give the dataset that a name in SQL means; None for none, or for several."""
        parts = _parts(str(place))
        shared = {
            dataset: max((_shared(parts, tail) for tail in tails), default=0)
            for dataset, tails in self._tails.items()
        }
        most = max(shared.values(), default=0)
        best = [dataset for dataset, count in shared.items() if count == most]
        return best[0] if most and len(best) == 1 else None

    def only(self) -> Dataset | None:
        """Give the dataset where there is just one."""
        return next(iter(self._tails)) if len(self._tails) == 1 else None


def flows_of(
    script: Script,
    *,
    reads: Places,
    writes: Places,
    schema_ids: Mapping[object, int | None],
) -> SqlFlows:
    """Say what a script moves into the outputs of its run.

    `schema_ids` gives, by what is read, the schema its columns are named in. A script that only
    queries feeds the one output there is: its rows have nowhere else to go.
    """
    into: dict[Dataset, set[ColumnFlow]] = {}
    whole = not script.refused
    told = list(_targets(script, writes))
    for output, columns, deciding in told:
        if output is None:
            whole = False
            continue
        found = into.setdefault(output, set())
        for target, dependencies in (*((one.name, one.found) for one in columns), (None, deciding)):
            name = None if target == "*" else target
            flows, all_known = _flows(dependencies, name, reads, schema_ids)
            found |= flows
            whole = whole and all_known
    return SqlFlows({output: frozenset(found) for output, found in into.items()}, whole)


def _targets(
    script: Script, writes: Places
) -> Iterator[tuple[Dataset | None, Sequence[TargetColumn], Dependencies]]:
    moving = [
        (write.place, write)
        for statement in script.read
        for write in statement.writes
        if write.place not in script.temporary and (write.columns or write.whole)
    ]
    for place, write in moving:
        yield writes.find(place), write.columns, write.whole
    queries = [one for one in script.read if one.shown]
    if not moving and len(queries) == 1:
        yield writes.only(), queries[0].shown, queries[0].deciding


def _flows(
    dependencies: Dependencies,
    target: str | None,
    reads: Places,
    schema_ids: Mapping[object, int | None],
) -> tuple[set[ColumnFlow], bool]:
    from temporal_lineage.sql.dependencies import ColumnSource

    found: set[ColumnFlow] = set()
    all_known = True
    for one in dependencies:
        source = one.source
        dataset = reads.find(source.read.place) if isinstance(source, ColumnSource) else None
        if dataset is None or not isinstance(source, ColumnSource):
            all_known = False
            continue
        field = None if source.column == "*" else ".".join((source.column, *source.path))
        how = Transformation(one.step.kind.value, one.step.value, one.masking)
        schema_id = schema_ids.get(source.read)
        found.add(ColumnFlow(dataset, field, target, (how,), schema_id=schema_id, by=BY_SQL))
    return found, all_known


def _parts(name: str) -> tuple[str, ...]:
    pieces = _SEPARATORS.split(name.strip().strip("/"))
    return tuple(piece.strip(_MARKS).casefold() for piece in pieces if piece.strip(_MARKS))


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Count the parts that the ends of two names share; 0 unless the shorter is an end."""
    least = min(len(one), len(other))
    return least if least and one[-least:] == other[-least:] else 0
