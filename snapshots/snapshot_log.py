"""Snapshot logs: which snapshot was current when, on a ref, and how surely we know."""

from __future__ import annotations

from bisect import bisect_right
from enum import StrEnum

from snapshots.instant import Instant
from snapshots.period import Period
from snapshots.records import dataclass


class Certainty(StrEnum):
    """How surely an answer is known. DESIGN 4.1."""

    EXACT = "exact"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"


class Rule(StrEnum):
    """Which rule of DESIGN 4.1 decided a state."""

    COMMIT_POINT = "commit-point"
    """The commit with the greatest instant not after the one asked for."""
    SNAPSHOT_LOG = "snapshot-log"
    """The Iceberg spec's rule on the log, where the chain of metadata files is missing."""


@dataclass(frozen=True, slots=True)
class Current:
    """This snapshot was current; None while the table or ref existed without one."""

    snapshot_id: int | None


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """One of these was current; what is left of the history cannot tell which."""

    candidates: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something was current that nobody remembers; `reason` says what is missing."""

    reason: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The ref did not exist in this period, though the table did."""


State = Current | Ambiguous | Unknown | Absent


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A state, the period it held, and who says so.

    `schema_id` is the schema a reader saw then; None where unknown. `witness` names the file or
    log that is the evidence.
    """

    period: Period
    state: State
    schema_id: int | None
    rule: Rule
    witness: str

    @property
    def certainty(self) -> Certainty:
        """How surely this entry is known."""
        match self.state:
            case Ambiguous():
                return Certainty.AMBIGUOUS
            case Unknown():
                return Certainty.UNKNOWN
            case _:
                return Certainty.EXACT


@dataclass(frozen=True, slots=True)
class SnapshotLog:
    """The states of one ref over time: periods touch, in order, the last one open."""

    ref: str
    entries: tuple[LogEntry, ...]

    def __post_init__(self) -> None:
        """Refuse entries that overlap, leave a hole, or run backwards."""
        for before, after in zip(self.entries, self.entries[1:], strict=False):
            if before.period.end != after.period.start:
                msg = f"log of {self.ref}: {before.period} and {after.period} do not touch"
                raise ValueError(msg)

    def at(self, instant: Instant) -> LogEntry | None:
        """Give the entry that held at that instant; None before the first one."""
        place = bisect_right(self.entries, instant, key=lambda entry: entry.period.start) - 1
        if place < 0 or not self.entries[place].period.contains(instant):
            return None
        return self.entries[place]
