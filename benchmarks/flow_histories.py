"""Flow histories: datasets that feed each other, every edge told about many times in both times.

Datasets lie in domains. The last of a domain is made from all others of it, over some ten steps; a
calendar feeds every dataset, one dataset feeds itself, and some edges lead back, so that there are
circles. Each edge is told about fourteen times in two years: mostly that it holds from then on,
one time in ten that it ended, one in ten that it holds for a while, two in ten a correction of what
was said of an earlier stretch. One way from each dataset to the last of its domain never ends.
All of it follows from the number of datasets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from snapshots.dataset import Dataset
from snapshots.instant import FOREVER, Instant

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

NAMESPACE = "bench"
CLAIMS = 5_000
"""How many different things are said of edges: the jobs that move the rows."""

_TOLD = 14
_FIRST = 1_704_067_200_000_000  # 2024-01-01
_DAY = 86_400_000_000
_DAYS = 730
_BATCH = 5_000
_REACHED = (50, 2_000, 50_000)
_SHARES = (0, 0.1, 0.2, 0.4)
"""Up to where it ended, holds for a while, and corrects; beyond, it holds from then on."""

_TAKEN_BACK = 5
"""One correction in so many says that nothing held."""


class Told(NamedTuple):
    """What was said, in the order of saying: parallel arrays; `claim` 0 says that it ended."""

    batch: Numbers
    edge: Numbers
    start: Numbers
    end: Numbers
    claim: Numbers


@dataclass(frozen=True)
class FlowHistory:
    """So many datasets, and what was ever said of their edges."""

    datasets: int

    @cached_property
    def domains(self) -> tuple[range, ...]:
        """Give the datasets of each domain, whose last is made from all of it."""
        half = self.datasets // 2
        sizes = sorted({min(one, half) for one in _REACHED})
        # Dataset 0 is the calendar.
        starts = [1 + sum(sizes[:place]) for place in range(len(sizes) + 1)]
        found = [range(start, start + size) for start, size in zip(starts, sizes, strict=False)]
        return (*found, range(starts[-1], self.datasets))

    @property
    def edges(self) -> tuple[Numbers, Numbers]:
        """Give sources and targets, four for each dataset; no edge is there twice."""
        return self._edges[0], self._edges[1]

    @cached_property
    def _edges(self) -> Numbers:
        """Sources, targets, and whether an edge never ends."""
        import numpy as np

        draw = np.random.default_rng(1)
        calendar = np.stack([np.zeros(self.datasets - 1, int), np.arange(1, self.datasets)])
        steady, others = [], [calendar, np.array([[self.domains[-2].stop - 1]] * 2)]
        for domain in self.domains:
            size, last = len(domain), domain.stop - 1
            # Distances from the last: a dataset feeds one about half as far away, then others.
            far = np.arange(1, size)
            steady.append(last - np.stack([far, draw.integers(far // 4, far // 2 + 1)]))
            more = draw.integers(0, size, (2, 2 * size))
            back = draw.random(2 * size) < 0.01  # noqa: PLR2004 - one in a hundred
            ends = np.where(back, np.sort(more, axis=0), -np.sort(-more, axis=0))
            others.append(last - ends[:, ends[0] != ends[1]])
        never_end = np.concatenate(steady, axis=1)
        both = np.concatenate([never_end, *others], axis=1)
        pairs, first = np.unique(both, axis=1, return_index=True)
        return np.stack([*pairs, first < never_end.shape[1]]).astype(np.int64)

    @cached_property
    def told(self) -> Told:
        """Give all that was said."""
        import numpy as np

        draw = np.random.default_rng(2)
        edges = len(self.edges[0])
        batches = max(12, edges * _TOLD // _BATCH)
        number = edges * _TOLD
        batch = draw.integers(0, batches, number)
        order = np.lexsort((np.arange(number), batch))
        batch, edge = batch[order], (np.arange(number) % edges)[order]
        now = _FIRST + batch * (_DAYS * _DAY // batches) - draw.integers(0, _DAY, number)
        start, end = now.copy(), np.full(number, FOREVER.micros)
        claim = draw.integers(1, CLAIMS + 1, number)
        kind = draw.random(number)
        first = np.zeros(number, bool)
        first[np.unique(edge, return_index=True)[1]] = True
        kind[first] = 1
        ends, for_a_while, corrects = (
            (kind >= share) & (kind < more) for share, more in pairwise(_SHARES)
        )
        claim[ends] = 0
        span = draw.integers(_DAY, 200 * _DAY, number)
        start[corrects] = now[corrects] - draw.integers(_DAY, 400 * _DAY, number)[corrects]
        claim[corrects & (draw.integers(0, _TAKEN_BACK, number) == 0)] = 0
        never_ends = self._edges[2][edge].astype(bool)
        claim = np.where(never_ends & (claim == 0), 1, claim)
        finite = corrects | for_a_while
        end[finite] = start[finite] + span[finite]
        return Told(batch, edge, start, end, claim)

    def recorded(self, batch: int) -> Instant:
        """Give when a batch was recorded."""
        batches = int(self.told.batch[-1]) + 1
        return Instant(_FIRST + (batch + 1) * (_DAYS * _DAY // batches))

    @cached_property
    def roots(self) -> tuple[int, ...]:
        """Give the datasets that are made from whole domains, the smallest first."""
        return tuple(one.stop - 1 for one in self.domains[:-1])

    @property
    def island(self) -> tuple[Numbers, Numbers]:
        """Give the edges without the calendar, which would connect everything."""
        sources, targets = self.edges
        return sources[sources > 0], targets[sources > 0]

    @property
    def early(self) -> tuple[tuple[Instant, Instant], ...]:
        """Give points of valid and system time near the beginning, when least was known."""
        days = ((20, 40), (40, 30), (60, 130), (130, 60))
        moments = [Instant(_FIRST + day * _DAY) for pair in days for day in pair]
        return tuple(zip(moments[::2], moments[1::2], strict=True))

    @property
    def middle(self) -> Instant:
        """Give a moment in the middle of the history."""
        return Instant(_FIRST + _DAYS * _DAY // 2)

    @property
    def now(self) -> Instant:
        """Give a moment after all that was said."""
        return Instant(_FIRST + (_DAYS + 2) * _DAY)


def name(number: int) -> Dataset:
    """Give the name of a dataset."""
    return Dataset(NAMESPACE, f"warehouse.public.table_{number:06d}")


def numbered(address: str) -> int:
    """Give the dataset of an address back."""
    return int(address.rpartition("_")[2])
