"""Errors of both databases' drivers, in the ledger's words."""

from __future__ import annotations

import sqlite3

from temporal_lineage.store.errors import (
    LedgerError,
    LedgerLockedError,
    LedgerTimeLimitError,
    LedgerUnreachableError,
    LedgerUnwritableError,
)
from temporal_lineage.store.sqlite_errors import sqlite_error

_UNWRITABLE = {
    "25006": ("is read-only", "connect to a server that takes writes"),
    "53100": ("cannot grow: the disk is full", "make room, and run this again"),
}

_LOCKED = {"55P03", "40P01"}
"""A lock that was waited for too long, and two who waited for each other."""

_STOPPED = "57014"

_LOST = ("08", "25P", "28", "3D", "53", "57")
"""The connection, how long it may be idle, who may connect, the database, the server's state."""


def ledger_error(location: str, error: BaseException) -> LedgerError:
    """Turn a driver's error into one of ours; one that only a bug can cause is raised again."""
    if isinstance(error, sqlite3.DatabaseError):
        return sqlite_error(location, error)
    state = getattr(error, "sqlstate", None)
    if state in _UNWRITABLE:
        return LedgerUnwritableError(location, *_UNWRITABLE[state])
    if state in _LOCKED:
        return LedgerLockedError(location)
    if state == _STOPPED:
        return LedgerTimeLimitError(location, str(error).splitlines()[0])
    if type(error).__name__ == "DataError" and "NUL" in str(error):
        advice = "leave that out, or keep it in an SQLite ledger"
        return LedgerUnwritableError(location, "keeps no text with a NUL in it", advice)
    # A driver that never reached a server has no class to give.
    lost = type(error).__name__ == "OperationalError" if state is None else state.startswith(_LOST)
    if lost:
        # An indented line is libpq's hint to the one above it.
        lines = [one for one in str(error).splitlines() if one.strip() and not one[0].isspace()]
        reason = f"cannot be reached: {lines[-1] if lines else type(error).__name__}"
        return LedgerUnreachableError(location, reason, "check the URL and that the server runs")
    raise error
