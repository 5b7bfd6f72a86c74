"""Availability: the verdict on reading a past state. DESIGN 4.5."""

from __future__ import annotations

from dataclasses import dataclass

from snapshots.instant import Instant


@dataclass(frozen=True, slots=True)
class Live:
    """The table lists the state and every file of it was found."""


@dataclass(frozen=True, slots=True)
class Protected:
    """Live, and a ref keeps it; `until` is FOREVER where the ref has no age limit."""

    ref: str
    until: Instant


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Live, but the table's own retention policy takes it from `since` on."""

    policy: str
    since: Instant


@dataclass(frozen=True, slots=True)
class PolicyBlocked:
    """The files are there; a policy forbids reading them."""

    policy: str


@dataclass(frozen=True, slots=True)
class Recoverable:
    """The table no longer lists the state, but every file of it was found; `how` says the way."""

    how: str


@dataclass(frozen=True, slots=True)
class Partial:
    """Some files of the state are missing."""

    missing: tuple[str, ...]
    of: int
    since: Instant | None
    """The instant of the act that took them; None where no act is known."""
    act: str | None
    """The commit that took them, in words; None where no act is known."""


@dataclass(frozen=True, slots=True)
class LogTruncated:
    """The log that would define the state was cleaned up; `first` is the oldest readable one."""

    first: int


@dataclass(frozen=True, slots=True)
class Gone:
    """Nothing of the state's rows can be read any more."""

    missing: tuple[str, ...]
    since: Instant | None
    """The instant of the act that took them; None where no act is known."""
    act: str | None
    """The commit that took them, in words; None where no act is known."""


@dataclass(frozen=True, slots=True)
class Erased:
    """The state was removed on purpose to honour an erasure case."""

    case: str


@dataclass(frozen=True, slots=True)
class Unverified:
    """Nobody could look; `reason` says why."""

    reason: str


Availability = (
    Live
    | Protected
    | AtRisk
    | PolicyBlocked
    | Recoverable
    | Partial
    | LogTruncated
    | Gone
    | Erased
    | Unverified
)
