"""SQL answers in few words, for tests that compare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from temporal_lineage.sql.dependencies import Dependencies
from temporal_lineage.sql.dialects import dialect
from temporal_lineage.sql.schemas import GivenSchemas
from temporal_lineage.sql.scripts import analyse
from temporal_lineage.sql.statements import Script, Statement

Tables = Mapping[str, Sequence[str]]


def answer(text: str, spoken: str = "", tables: Tables | None = None) -> Script:
    """Analyse a text."""
    return analyse(text, dialect(spoken), GivenSchemas(tables or {}))


def only(text: str, spoken: str = "", tables: Tables | None = None) -> Statement:
    """Analyse a text of one statement, which is understood."""
    script = answer(text, spoken, tables)
    assert script.refused == ()
    (statement,) = script.read
    return statement


def columns(statement: Statement) -> dict[str, list[str]]:
    """Give each column that is written or shown, and what feeds it how."""
    told = [*statement.shown, *(one for write in statement.writes for one in write.columns)]
    return {one.name: words(one.found) for one in told}


def rows(statement: Statement) -> list[str]:
    """Give what decides about rows."""
    found = statement.deciding.union(*(write.whole for write in statement.writes))
    return words(found)


def words(found: Dependencies) -> list[str]:
    """Write dependencies in a settled order."""
    return sorted(
        f"{one.source} {one.step.value}{' masked' if one.masking else ''}" for one in found
    )
