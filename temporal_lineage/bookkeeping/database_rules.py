"""Rules of the database: pages, indexes, constraints and triggers are whole and in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from temporal_lineage.bookkeeping.kept_tables import CHANGING, INDEXES, KEPT_TABLES

if TYPE_CHECKING:
    from temporal_lineage.store.moment import Moment

_INTEGRITY_MAX = 100
"""How many broken places SQLite names before it stops looking."""

_SQLITE_OBJECTS = "SELECT name, tbl_name FROM sqlite_master WHERE type = '{kind}'"

_POSTGRESQL_OBJECTS = {
    "table": "SELECT relname, relname FROM pg_class WHERE relkind = 'r' AND relnamespace = {here}",
    "index": (
        "SELECT i.relname, t.relname FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid"
        " JOIN pg_class AS t ON t.oid = x.indrelid WHERE t.relnamespace = {here}"
    ),
    "trigger": (
        "SELECT g.tgname, t.relname FROM pg_trigger AS g JOIN pg_class AS t ON t.oid = g.tgrelid"
        " WHERE t.relnamespace = {here} AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')"
    ),
}
_HERE = "current_schema()::regnamespace"

_INVALID_INDEXES = f"""
SELECT t.relname, i.relname
FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid
JOIN pg_class AS t ON t.oid = x.indrelid
WHERE t.relnamespace = {_HERE} AND NOT (x.indisvalid AND x.indisready)
"""

_INVALID_CONSTRAINTS = f"""
SELECT t.relname, c.conname FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid
WHERE t.relnamespace = {_HERE} AND NOT c.convalidated
"""

_MISSING_KEYS = f"""
SELECT t.relname, 'key' FROM pg_class AS t
WHERE t.relkind = 'r' AND t.relnamespace = {_HERE} AND NOT EXISTS (
    SELECT 1 FROM pg_constraint AS c WHERE c.conrelid = t.oid AND c.contype = 'p'
)
"""


def database_breaches(moment: Moment) -> Iterator[tuple[str, str]]:
    """Yield table and words for everything that the database itself finds or lacks."""
    yield from _sqlite(moment) if moment.on_sqlite else _postgresql(moment)
    triggers = {
        f"{table.name}_no_{act}": table.name
        for table in KEPT_TABLES
        if table.name not in CHANGING
        for act in ("update", "delete")
    }
    expected = {
        "table": {table.name: table.name for table in KEPT_TABLES},
        "index": INDEXES,
        "trigger": triggers,
    }
    for kind, wanted in expected.items():
        there = {name for name, _ in moment.rows(_objects(moment, kind))}
        for name in sorted(set(wanted) - there):
            yield wanted[name], f"the {kind} {name} is missing{_or_off(moment, kind)}"


def _sqlite(moment: Moment) -> Iterator[tuple[str, str]]:
    for (line,) in moment.rows(f"PRAGMA integrity_check({_INTEGRITY_MAX})"):
        if line != "ok":
            yield "", " ".join(str(line).split())
    for table, row, target, _ in moment.rows("PRAGMA foreign_key_check"):
        yield str(table), f"row {row} refers to no {target}"


def _postgresql(moment: Moment) -> Iterator[tuple[str, str]]:
    for sql, word in (
        (_INVALID_INDEXES, "index {} is not valid; REINDEX makes it anew"),
        (_INVALID_CONSTRAINTS, "constraint {} was never validated"),
        (_MISSING_KEYS, "its {} is missing"),
    ):
        for table, name in moment.rows(sql):
            yield table, word.format(name)


def _objects(moment: Moment, kind: str) -> str:
    if moment.on_sqlite:
        return _SQLITE_OBJECTS.format(kind=kind)
    return _POSTGRESQL_OBJECTS[kind].format(here=_HERE)


def _or_off(moment: Moment, kind: str) -> str:
    return " or switched off" if kind == "trigger" and not moment.on_sqlite else ""
