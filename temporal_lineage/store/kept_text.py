"""SQLite's text of every statement, kept beside it so that SQLAlchemy is not needed to read."""

from __future__ import annotations

import os
from functools import cache

TEXT_FILE = os.path.join(os.path.dirname(__file__), "statements_sqlite.sql")

_MARK = "-- "
_TOP = "-- Written by the tests from statements.py with REWRITE=1; do not edit.\n"


@cache
def kept_texts() -> dict[str, str]:
    """Give the kept text of each statement by name."""
    texts: dict[str, str] = {}
    with open(TEXT_FILE, encoding="utf-8") as file:
        text = file.read()
    for part in text.split(f"\n{_MARK}")[1:]:
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
