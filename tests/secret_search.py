"""Looking for secrets in all that a project keeps: every file, every cell, unpacked."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

LIST = "catalogs.json"
"""The list of catalogs is where secrets belong; people alone may read it."""


def seen_in(folder: Path, *secrets: str) -> list[str]:
    """Give the places in a project's folder, the list of catalogs aside, that hold a secret."""
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name != LIST:
            body = file.read_bytes()
            found += [f"{file.name}: {one}" for one in secrets if one.encode() in body]
            if body.startswith(b"SQLite format 3"):
                found += _seen_in_cells(file, secrets)
    return found


def _seen_in_cells(file: Path, secrets: tuple[str, ...]) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                text = b" ".join(map(_bytes, row))
                yield from (f"{table}: {one}" for one in secrets if one.encode() in text)


def _bytes(cell: object) -> bytes:
    """Give what a cell says; events and kept bytes lie there compressed."""
    if not isinstance(cell, bytes):
        return str(cell).encode()
    try:
        return zlib.decompress(cell)
    except zlib.error:
        return cell
