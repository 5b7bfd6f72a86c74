"""Periods: half-open spans of time."""

from __future__ import annotations

from snapshots.instant import FOREVER, Instant
from snapshots.records import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """All instants from start up to, not including, end; never empty. SQL:2011.

    >>> Period.since(Instant(5)).contains(Instant(5))
    True
    """

    start: Instant
    end: Instant

    def __post_init__(self) -> None:
        """Refuse an empty period: no fact holds for no time."""
        if not self.start < self.end:
            msg = f"a Period cannot be empty: {self.start} to {self.end}"
            raise ValueError(msg)

    @classmethod
    def since(cls, start: Instant) -> Period:
        """Start here, with an open end."""
        return cls(start, FOREVER)

    def contains(self, instant: Instant) -> bool:
        """Tell whether the instant lies in this period."""
        return self.start <= instant < self.end

    def overlaps(self, other: Period) -> bool:
        """Tell whether some instant lies in both."""
        return self.start < other.end and other.start < self.end

    def intersection(self, other: Period) -> Period | None:
        """Give the instants that lie in both; None where there are none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None

    def minus(self, other: Period) -> tuple[Period, ...]:
        """Give the instants that lie in this one only, as zero, one or two periods."""
        pieces = ((self.start, min(self.end, other.start)), (max(self.start, other.end), self.end))
        return tuple(Period(start, end) for start, end in pieces if start < end)

    def __str__(self) -> str:
        """Write both ends as SQL:2011 does."""
        return f"[{self.start}, {self.end})"
