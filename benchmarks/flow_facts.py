"""Flow facts: the same history as rectangles, four times each, for those who keep such a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from snapshots.instant import FOREVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.flow_histories import FlowHistory, Numbers
    from snapshots.instant import Instant

_OPEN = FOREVER.micros

_Piece = tuple[int, int, int]
"""From, until, and since when it is believed."""


class Facts(NamedTuple):
    """Rectangles as parallel arrays: the edge held over one period, believed over the other."""

    source: Numbers
    target: Numbers
    valid_from: Numbers
    valid_to: Numbers
    recorded_at: Numbers
    superseded_at: Numbers

    def held(self, *, valid: Instant, system: Instant) -> tuple[Numbers, Numbers]:
        """Give sources and targets of the edges that held at a point, each once."""
        at, known = valid.micros, system.micros
        held = (
            (self.valid_from <= at)
            & (self.valid_to > at)
            & (self.recorded_at <= known)
            & (self.superseded_at > known)
        )
        return self.source[held], self.target[held]


def facts(history: FlowHistory) -> Facts:
    """Replay a history, edge by edge: what a claim overlaps is closed, and its rest opened anew."""
    import numpy as np

    told = history.told
    sources, targets = history.edges
    order = np.argsort(told.edge, kind="stable")
    recorded = np.array(
        [history.recorded(batch).micros for batch in range(int(told.batch[-1]) + 1)]
    )
    columns = (
        recorded[told.batch[order]],
        *(one[order] for one in (told.start, told.end, told.claim)),
    )
    bounds = np.searchsorted(told.edge[order], np.arange(len(sources) + 1)).tolist()
    rows = list(zip(*(one.tolist() for one in columns), strict=True))
    # One number after the other: ten million rectangles as objects would fill gigabytes.
    found = (
        number
        for edge in range(len(sources))
        for rectangle in _replay(rows[bounds[edge] : bounds[edge + 1]])
        for number in (edge, *rectangle)
    )
    edge, *times = np.fromiter(found, np.int64).reshape(-1, 5).T
    return Facts(sources[edge], targets[edge], *times)


def _replay(rows: Sequence[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    believed: list[_Piece] = []
    for now, start, end, claim in rows:
        after: list[_Piece] = []
        for piece in believed:
            first, last, since = piece
            if last <= start or end <= first:
                after.append(piece)
                continue
            # What a transaction takes back that it said itself, nobody ever believed.
            if since < now:
                yield first, last, since, now
            if first < start:
                after.append((first, start, now))
            if end < last:
                after.append((end, last, now))
        if claim:
            after.append((start, end, now))
        believed = after
    for first, last, since in believed:
        yield first, last, since, _OPEN
