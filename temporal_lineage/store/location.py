"""Where a ledger lies: a SQLite file, or a database named by a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_POSTGRESQL = ("postgresql://", "postgres://")


def sqlite_file(url: str) -> str | None:
    """Give the file of a SQLite ledger; None where the URL names another database.

    >>> sqlite_file("sqlite:////var/ledger.db")
    '/var/ledger.db'
    """
    if url.startswith("sqlite:"):
        return url.removeprefix("sqlite:").removeprefix("///").partition("?")[0]
    return None if "://" in url else url


def sqlite_path(url: str) -> Path | None:
    """Give the path of that file, likewise."""
    from pathlib import Path

    file = sqlite_file(url)
    return None if file is None else Path(file)


def database_url(url: str) -> str:
    """Give the SQLAlchemy URL of a ledger that is no SQLite file.

    >>> database_url("postgresql://me@host/db")
    'postgresql+psycopg://me@host/db'
    """
    for start in _POSTGRESQL:
        if url.startswith(start):
            return f"postgresql+psycopg://{url.removeprefix(start)}"
    return url


def shown(url: str) -> str:
    """Write where a ledger lies, for people: a password in a URL is hidden.

    >>> shown("postgresql://me:secret@host/db")
    'postgresql://me:***@host/db'
    """
    scheme, mark, rest = url.partition("://")
    if not mark or scheme == "sqlite":
        return str(sqlite_path(url) or url)
    who, at, where = rest.rpartition("@")
    user, colon, _ = who.partition(":")
    return f"{scheme}://{user}{':***' if colon else ''}{at}{where}"
