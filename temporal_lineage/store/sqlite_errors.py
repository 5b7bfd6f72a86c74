"""SQLite's errors, in the ledger's words."""

from __future__ import annotations

from sqlite3 import DatabaseError

from temporal_lineage.store.errors import (
    LedgerDamagedError,
    LedgerError,
    LedgerLockedError,
    LedgerUnreachableError,
    LedgerUnwritableError,
)

_ELSEWHERE = "name another file with --ledger"

_UNWRITABLE = {
    "SQLITE_READONLY": ("is read-only", "make it writable, or " + _ELSEWHERE),
    "SQLITE_FULL": ("cannot grow: the disk is full", "make room, and run this again"),
    "SQLITE_IOERR": ("cannot be written: input/output error", "check the disk and its free space"),
    "SQLITE_CANTOPEN": (
        "cannot be opened or made there",
        "check that its folder exists and can be written, or " + _ELSEWHERE,
    ),
    "SQLITE_PERM": ("cannot be opened: no permission", "make it writable, or " + _ELSEWHERE),
    "SQLITE_AUTH": ("cannot be opened: no permission", "make it writable, or " + _ELSEWHERE),
}

_DAMAGED = {
    "SQLITE_NOTADB": ("is not a database", _ELSEWHERE),
    "SQLITE_CORRUPT": ("is damaged", "restore it from a copy, or harvest anew into another file"),
}


def sqlite_error(location: str, error: DatabaseError) -> LedgerError:
    """Turn an error of SQLite into one of ours; one that only a bug can cause is raised again."""
    name = getattr(error, "sqlite_errorname", "")
    family = "_".join(name.split("_")[:2])
    if family in {"SQLITE_BUSY", "SQLITE_LOCKED"}:
        return LedgerLockedError(location)
    if family in _UNWRITABLE:
        return LedgerUnwritableError(location, *_UNWRITABLE[family])
    if family in _DAMAGED:
        return LedgerDamagedError(location, *_DAMAGED[family])
    if str(error).startswith("no such"):
        reason = f"lacks a part: {error}"
        return LedgerDamagedError(location, reason, "restore it from a copy")
    if family in {"SQLITE_ERROR", "SQLITE_CONSTRAINT", "SQLITE_MISUSE", "SQLITE_RANGE", ""}:
        raise error
    return LedgerUnreachableError(location, f"failed: {error}", "run this again")
