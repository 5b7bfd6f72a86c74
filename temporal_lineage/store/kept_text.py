"""SQLite's text of every statement, kept beside it so that SQLAlchemy is not needed to read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

TEXT_FILE = Path(__file__).with_name("statements_sqlite.sql")

_MARK = "-- "
_TOP = "-- Written by the tests from statements.py with REWRITE=1; do not edit.\n"


@cache
def kept_texts() -> dict[str, str]:
    """Give the kept text of each statement by name."""
    texts: dict[str, str] = {}
    for part in TEXT_FILE.read_text(encoding="utf-8").split(f"\n{_MARK}")[1:]:
        name, _, text = part.partition("\n")
        texts[name] = text.strip().removesuffix(";")
    return texts


def written_texts() -> str:
    """Write the file as the statements now are; needs SQLAlchemy."""
    from sqlalchemy.dialects.sqlite.base import SQLiteDialect

    from temporal_lineage.store.statements import STATEMENTS

    dialect = SQLiteDialect(paramstyle="named")
    parts = (
        f"\n{_MARK}{name}\n{_trimmed(str(statement.compile(dialect=dialect)))};\n"
        for name, statement in STATEMENTS.items()
    )
    return _TOP + "".join(parts)


def _trimmed(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())
