"""Flow history: the flows into one dataset over some stretches of time, from kept sightings."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.period import Period
from temporal_lineage.claims import FlowClaim, encode
from temporal_lineage.evidence.flows import flows
from temporal_lineage.linking.sightings import Manner, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from temporal_lineage.beliefs import Line
    from temporal_lineage.keys import EdgeKind
    from temporal_lineage.linking.sightings import KeptSightings, Sighting

Pieces = tuple[Period, "Mapping[tuple[int, int], Line]"]
"""A stretch of time, and what holds in it by source and target; what is left out does not."""


class FlowHistory:
    """Works out flows anew where sightings changed."""

    def __init__(self, kept: KeptSightings, designed: Mapping[Scope, Sequence[Sighting]]) -> None:
        """Take the sightings of runs from the ledger, and those of designs from here."""
        self._kept = kept
        self._designed = designed

    def decided_by(self, scope: Scope, at: Instant) -> Period:
        """Give the stretch in which flows depend on what was shown, or not, at an instant."""
        following = self._kept.next_whole(scope, after=at)
        ends = [one.at for one in self._designed.get(scope, ()) if one.at > at]
        return Period(at, min([*ends, following or FOREVER]))

    def pieces(self, dataset_id: int, kind: EdgeKind, periods: Sequence[Period]) -> list[Pieces]:
        """Give what flows into a dataset in each of these stretches."""
        scopes = dict.fromkeys(self._kept.scopes(dataset_id, kind))
        scopes |= {
            one: None for one in self._designed if (one.dataset_id, one.kind) == (dataset_id, kind)
        }
        return [(period, self._within(list(scopes), period)) for period in periods]

    def _within(self, scopes: Sequence[Scope], period: Period) -> dict[tuple[int, int], Line]:
        held: dict[tuple[int, int], list[tuple[Period, str, Manner]]] = defaultdict(list)
        for scope in scopes:
            for flow in flows(self._bearing_on(scope, period)):
                shared = _common(flow.period, period)
                if shared is not None:
                    source_id, target_id, manner = flow.source
                    held[source_id, target_id].append((shared, str(flow.job), manner))
        return {pair: overlay(pieces) for pair, pieces in held.items()}

    def _bearing_on(self, scope: Scope, period: Period) -> list[Sighting]:
        """Give all sightings that decide over a period: from the last before it that is whole."""
        designed = self._designed.get(scope, ())
        known = self._kept.last_whole(scope, upto=period.start)
        whole = [one.at for one in designed if one.at <= period.start]
        start = max([*whole, known or BEGINNING])
        told = [one for one in designed if start <= one.at < period.end]
        return [*told, *self._kept.told(scope, start=start, end=period.end)]


def merged(periods: Iterable[Period]) -> list[Period]:
    """Join periods that overlap or touch, in order."""
    found: list[Period] = []
    for one in sorted(periods):
        if found and one.start <= found[-1].end:
            found[-1] = Period(found[-1].start, max(found[-1].end, one.end))
        else:
            found.append(one)
    return found


def spliced(line: Line, period: Period, inner: Line) -> Line:
    """Put what holds in a period into a line, instead of what held there; equal neighbours join.

    >>> line = ((Period(Instant(0), Instant(9)), "a"),)
    >>> inner = ((Period(Instant(3), Instant(5)), "b"),)
    >>> found = spliced(line, Period(Instant(3), Instant(7)), inner)
    >>> [(period.start.micros, period.end.micros, claim) for period, claim in found]
    [(0, 3, 'a'), (3, 5, 'b'), (7, 9, 'a')]
    """
    before = [(shared, claim) for one, claim in line if (shared := _until(one, period.start))]
    after = [(shared, claim) for one, claim in line if (shared := _since(one, period.end))]
    found: list[tuple[Period, str]] = []
    for one, claim in (*before, *inner, *after):
        if found and found[-1][0].end == one.start and found[-1][1] == claim:
            found[-1] = (Period(found[-1][0].start, one.end), claim)
        else:
            found.append((one, claim))
    return tuple(found)


def overlay(pieces: Sequence[tuple[Period, str, Manner]]) -> Line:
    """Lay the periods of several jobs over each other: in each stretch, the jobs that moved data.

    >>> one = (Period(Instant(0), Instant(9)), "a", ((), ()))
    >>> two = (Period(Instant(5), Instant(9)), "b", ((), ("sql",)))
    >>> [str(period.start.micros) + claim for period, claim in overlay([one, two])]
    ['0{"jobs":["a"],"how":[],"by":[]}', '5{"jobs":["a","b"],"how":[],"by":["sql"]}']
    """
    bounds = sorted({end for period, _, _ in pieces for end in (period.start, period.end)})
    line: list[tuple[Period, str]] = []
    for start, end in pairwise(bounds):
        here = [(job, manner) for period, job, manner in pieces if period.contains(start)]
        if not here:
            continue
        jobs = tuple(sorted({job for job, _ in here}))
        how = tuple(sorted({one for _, (many, _) in here for one in many}))
        by = tuple(sorted({one for _, (_, many) in here for one in many}))
        claim = encode(FlowClaim(jobs, how, by))
        if line and line[-1][1] == claim and line[-1][0].end == start:
            line[-1] = (Period(line[-1][0].start, end), claim)
        else:
            line.append((Period(start, end), claim))
    return tuple(line)


def _common(one: Period, other: Period) -> Period | None:
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Period(start, end) if start < end else None


def _until(period: Period, end: Instant) -> Period | None:
    return _common(period, Period(BEGINNING, end)) if end > BEGINNING else None


def _since(period: Period, start: Instant) -> Period | None:
    return _common(period, Period.since(start)) if start < FOREVER else None
