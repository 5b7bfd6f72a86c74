"""Bad input: what every one of them must come to, and the ledger that must not notice."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from temporal_lineage.workspace import FOLDER
from transcripts import Said

LEDGER = Path(FOLDER) / "ledger.db"


def transactions() -> int:
    connection = sqlite3.connect(LEDGER)
    (count,) = connection.execute("SELECT count(*) FROM tx").fetchone()
    connection.close()
    return int(count)


def assert_one_line(done: Said, *words: str, status: int) -> None:
    assert done.status == status, done
    assert done.out == ""
    assert "Traceback" not in done.err
    lines = done.err.splitlines()
    if status == 2 and lines[0].startswith("Usage: "):
        lines = lines[-1:]  # Click shows first how the command is written
    assert len(lines) == 1, done.err
    assert [word for word in words if word not in lines[0]] == [], lines[0]
