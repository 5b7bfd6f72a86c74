"""Pinning: settle on one state of a table before the first row of it is read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from snapshots.availability import Gone, LogTruncated
from snapshots.errors import (
    BeforeHistoryError,
    UnknownNameError,
    UnreadableError,
    UsageError,
)
from snapshots.instant import Instant
from snapshots.refs import MAIN
from snapshots.snapshot_log import Ambiguous, Current, Unknown

if TYPE_CHECKING:
    from catalogs.table import TableSource, TableState
    from temporal_lineage.sdk.tables import OpenTable

When = str | Instant | dt.datetime


class SeveralStatesError(UsageError):
    """A read that says in several ways which state it means."""

    def __init__(self, told: tuple[str, ...]) -> None:
        """Keep the ways that were used."""
        self.told = told
        super().__init__(f"{' and '.join(told)} both say which state to read; give one of them")


def pinned(
    table: OpenTable, *, version: int | None, as_of: When | None, ref: str | None
) -> TableState:
    """Give the state that is meant, or the current one: one look decides, and the state stays.

    Raises UnknownNameError, BeforeHistoryError, UnreadableError, SeveralStatesError.
    """
    told = (("a version", version), ("as_of", as_of), ("ref", ref))
    given = tuple(name for name, value in told if value is not None)
    if len(given) > 1:
        raise SeveralStatesError(given)
    source, shown = table.source, table.source.location
    if as_of is not None:
        version = _at(source, _instant(as_of), shown)
    elif ref is not None:
        version = _on(source, ref, shown)
    elif version is None:
        version = source.tip().snapshot_id if table.held is None else table.held
    if version is None:
        raise UnknownNameError("state of", shown, (), "it has no snapshot yet; write rows first")
    found = source.state(version, kept=())
    if isinstance(found, Gone | LogTruncated):
        reason = "the table has forgotten it"
        advice = "`tl available` says since when, and `tl reproduce` whether it can be rebuilt"
        raise UnreadableError(f"{shown}@{version}", reason, advice)
    return found


def _on(source: TableSource, ref: str, shown: str) -> int | None:
    tip = source.tip()
    if ref == MAIN and MAIN not in tip.refs:
        return tip.snapshot_id
    if ref not in tip.refs:
        advice = "name a branch or tag of the table"
        raise UnknownNameError("ref", f"{shown}@{ref}", sorted(tip.refs), advice)
    return tip.refs[ref]


def _at(source: TableSource, at: Instant, shown: str) -> int | None:
    """Give what was current at an instant, or say why nobody can tell. DESIGN 4.1."""
    log = source.history(known=None).log(MAIN)
    entry = log.at(at)
    if entry is None:
        first = log.entries[0].period.start.isoformat() if log.entries else "no time"
        raise BeforeHistoryError(shown, at.isoformat(), first)
    match entry.state:
        case Current(snapshot_id):
            return snapshot_id
        case Ambiguous(candidates):
            choices = [f"{shown}@{one}" for one in candidates]
            advice = "several were current within that instant: name one by its version"
            raise UnknownNameError("single state", f"{shown}@{at}", choices, advice)
        case Unknown(reason):
            advice = "name a state by its version"
            raise UnknownNameError("known state", f"{shown}@{at}", (), f"{reason}; {advice}")
        case _:
            return None


def _instant(when: When) -> Instant:
    match when:
        case Instant():
            return when
        case dt.datetime():
            return Instant.from_datetime(when)
        case _:
            return Instant.parse(when)
