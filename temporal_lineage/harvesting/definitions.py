"""Definitions in the ledger: properties, partitioning and whatever else a table is, over time."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from snapshots.commit_order import settled
from snapshots.commit_point import CommitPoint
from snapshots.definition import PartitionSpec, SortOrder, StatisticsFile, TableDefinition
from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from temporal_lineage.claims import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from snapshots.commit_point import ChainPoint
    from temporal_lineage.store.reader import Believed

Held = tuple[tuple[Period, Any], ...]
"""What holds over valid time, before it is written as text."""

ASPECTS: dict[str, Any] = {
    "features": tuple[str, ...],
    "partitioning": PartitionSpec,
    "sort_order": SortOrder | None,
    "clustering": tuple[str, ...],
    "statistics": tuple[StatisticsFile, ...],
    "next_row_id": int | None,
    "domains": dict[str, str],
}
"""The fields of a TableDefinition, each of them a timeline of its own, and what they hold."""


def properties_line(chain: Sequence[ChainPoint]) -> Held:
    """Give the table properties over time; a point that cannot be read changes nothing."""
    return _line(settled(chain), lambda point: dict(point.properties))


def definition_lines(chain: Sequence[ChainPoint]) -> dict[str, Held]:
    """Give each aspect of the definition over time; without those that no commit tells."""
    told = [p for p in chain if isinstance(p, CommitPoint) and p.definition is not None]
    if not told:
        return {}
    points = settled(told)

    def line(aspect: str) -> Held:
        return _line(points, lambda point: getattr(point.definition, aspect))

    return {aspect: line(aspect) for aspect in ASPECTS}


class Definitions:
    """Properties and definitions as the ledger remembers them, each decoded once."""

    def __init__(
        self, properties: Sequence[Believed], definition: Mapping[str, Sequence[Believed]]
    ) -> None:
        """Take the timelines of both."""
        self._properties = _Decoded(properties, dict[str, str])
        lines = {
            aspect: _Decoded(definition.get(aspect, ()), ASPECTS[aspect]) for aspect in ASPECTS
        }
        starts = sorted({start for line in lines.values() for start in line.starts})
        self._starts = starts if lines["features"].starts else []
        self._definitions = [
            TableDefinition(**{aspect: line.at(start) for aspect, line in lines.items()})
            for start in self._starts
        ]

    def properties(self, instant: Instant) -> Mapping[str, str]:
        """Give the properties set then; nothing before the first that is known."""
        found: Mapping[str, str] | None = self._properties.at(instant)
        return {} if found is None else found

    def definition(self, instant: Instant) -> TableDefinition | None:
        """Give the definition as it was then; None where nobody kept it."""
        place = bisect_right(self._starts, instant) - 1
        return self._definitions[place] if place >= 0 else None


class _Decoded:
    """One timeline, its claims decoded."""

    def __init__(self, line: Sequence[Believed], kind: Any) -> None:  # noqa: ANN401 - a type, or a union of some
        self.starts = [one.valid.start for one in line]
        self._values = [decode(kind, one.claim) for one in line]

    def at(self, instant: Instant) -> Any:  # noqa: ANN401 - what the kind says
        place = bisect_right(self.starts, instant) - 1
        return self._values[place] if place >= 0 else None


def _line(points: Iterable[tuple[Instant, ChainPoint]], told: Callable[[CommitPoint], Any]) -> Held:
    line: list[tuple[Instant, Any]] = []
    for at, point in points:
        if isinstance(point, CommitPoint):
            what = told(point)
            if not line or line[-1][1] != what:
                line.append((at, what))
    ends = [start for start, _ in line[1:]] + [FOREVER]
    return tuple((Period(start, end), what) for (start, what), end in zip(line, ends, strict=True))
