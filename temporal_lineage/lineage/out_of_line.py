"""Out of line: values and pauses that a series has not shown before."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SERIES_MIN = 4
"""With fewer values before, nothing is out of line: nobody knows the line."""

SERIES_MAX = 30
"""With how many earlier values of its kind a value is compared."""

_SPREADS = 5
_SHARE_MIN = 0.2
"""A series that never varied still lets a value differ by a fifth."""

_PAUSES = 2


def out_of_line(value: int, before: Sequence[int]) -> str | None:
    """Say how a value lies outside of what came before; None where it does not, or nobody knows.

    The line is the median; its width five times the median distance from it, a fifth at least.

    >>> out_of_line(500, [100, 104, 98, 101])
    '500, where 98 to 104 were usual'
    >>> out_of_line(108, [100, 104, 98, 101]), out_of_line(500, [100, 104])
    (None, None)
    """
    if len(before) < SERIES_MIN:
        return None
    middle = median(before)
    spread = median(abs(one - middle) for one in before)
    width = max(_SPREADS * spread, _SHARE_MIN * abs(middle), 1)
    # A series that grows step by step is in line with its own last step.
    steps = [later - earlier for earlier, later in pairwise(before)]
    near = before[-1] + median(steps) if steps else middle
    if abs(value - middle) <= width or abs(value - near) <= max(width, 2 * abs(median(steps))):
        return None
    return f"{value}, where {min(before)} to {max(before)} were usual"


def unlike(value: int | None, before: Iterable[int | None]) -> str | None:
    """Say the same of a value among those told before it, of which the newest count.

    >>> unlike(500, [100, None, 104, 98, 101]), unlike(None, [1, 1, 1, 1])
    ('500, where 98 to 104 were usual', None)
    """
    if value is None:
        return None
    return out_of_line(value, [one for one in before if one is not None][-SERIES_MAX:])


def overdue(instants: Sequence[int], now: int) -> int | None:
    """Tell how long the longest pause between instants was, where the present one is twice that.

    None where it is not, or where there were too few pauses to know.

    >>> overdue([0, 10, 20, 31, 40], 62)
    11
    >>> overdue([0, 10, 20, 31, 40], 61) is None
    True
    """
    pauses = [later - earlier for earlier, later in pairwise(instants)]
    if len(pauses) < SERIES_MIN:
        return None
    longest = max(pauses)
    return longest if now - instants[-1] >= _PAUSES * longest else None
