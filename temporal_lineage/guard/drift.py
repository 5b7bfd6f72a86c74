"""Drift: how the standing of a state changed since it was last looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from snapshots.availability import AtRisk, Live, Protected
from snapshots.instant import FOREVER, Instant

if TYPE_CHECKING:
    from snapshots.availability import Availability


class Drift(StrEnum):
    """What happened to a state that somebody wants, since the last pass."""

    LOST = "lost"
    """It can be read no more as its table has it, and could at the last pass."""
    ENDING = "ending"
    """What keeps it ends soon, and before it is no longer wanted."""
    SOONER = "sooner"
    """What keeps it ends earlier than at the last pass."""
    BACK = "back"
    """It can be read again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A verdict as a watch keeps it: its name, and when what keeps the state ends.

    `ends` is FOREVER where nothing takes it, None where it cannot be read as its table has it.
    """

    verdict: str
    ends: Instant | None
    why: str


def standing(verdict: str, availability: Availability) -> Standing:
    """Reduce a verdict to what a watch compares."""
    match availability:
        case Live():
            return Standing(verdict, FOREVER, "no policy takes it")
        case Protected(ref, until):
            return Standing(verdict, until, f"{ref} keeps it")
        case AtRisk(policy, since):
            return Standing(verdict, since, policy)
        case _:
            return Standing(verdict, None, _why(availability))


def drift(
    now: Standing, before: Standing | None, *, limit: Instant, wanted_until: Instant
) -> Drift | None:
    """Tell how a state drifts; None where it stays as it was, and nothing ends up to `limit`.

    `before` is None at the first pass. A state is wanted until `wanted_until`.
    """
    if now.ends is None:
        return Drift.LOST if before is None or before.ends is not None else None
    if now.ends <= limit and now.ends < wanted_until:
        return Drift.ENDING
    if before is None:
        return None
    if before.ends is None:
        return Drift.BACK
    return Drift.SOONER if now.ends < before.ends and now.ends < wanted_until else None


def _why(availability: Availability) -> str:
    for name in ("act", "how", "reason", "policy", "case"):
        told = getattr(availability, name, None)
        if told:
            return str(told)
    return ""
