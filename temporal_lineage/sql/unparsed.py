"""Statements that sqlglot keeps as text: those that move rows are read here, the others named."""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from temporal_lineage.evidence.pin_values import SECONDS, Pin, time_pin, version_pin
from temporal_lineage.sql.analysis import Analysis
from temporal_lineage.sql.dependencies import NOTHING, Step, column, through
from temporal_lineage.sql.items import place_of, table_relation
from temporal_lineage.sql.names import FilePath, Place, Read, Word
from temporal_lineage.sql.statements import Renamed, Write
from temporal_lineage.sql.writes import by_name

_PART = r'(?:`[^`]+`|"[^"]+"|\[[^\]]+\]|[\w$#-]+)'
_NAME = rf"{_PART}(?:\s*\.\s*{_PART}){{0,4}}"
_VALUE = r"(?:TIMESTAMP\s+)?(?:'(?P<quoted>[^']*)'|(?P<bare>[\w.:-]+))"

_CLONE = re.compile(
    rf"CREATE\s+(?:OR\s+REPLACE\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<target>{_NAME})\s+"
    rf"(?:SHALLOW\s+|DEEP\s+)?(?:CLONE|COPY)\s+(?P<source>{_NAME})"
    rf"(?:\s+(?:FOR\s+)?(?P<kind>SYSTEM_TIME|VERSION|TIMESTAMP)\s+AS\s+OF\s+{_VALUE})?",
    re.IGNORECASE,
)
_EXCHANGE = re.compile(
    rf"ALTER\s+TABLE\s+(?P<target>{_NAME})\s+EXCHANGE\s+PARTITION\s*\([^)]*\)\s*"
    rf"WITH\s+TABLE\s+(?P<source>{_NAME})",
    re.IGNORECASE,
)
_SWITCH = re.compile(
    rf"ALTER\s+TABLE\s+(?P<source>{_NAME})\s+SWITCH\b.*?\bTO\s+(?P<target>{_NAME})",
    re.IGNORECASE | re.DOTALL,
)
_RESTORE = re.compile(
    rf"RESTORE\s+(?:TABLE\s+)?(?P<target>{_NAME})\s+TO\s+(?P<kind>VERSION|TIMESTAMP)\s+AS\s+OF\s+"
    rf"{_VALUE}",
    re.IGNORECASE,
)
_RENAME = re.compile(r"RENAME\s+TABLE\s+(?P<pairs>.+)", re.IGNORECASE | re.DOTALL)
_PAIR = re.compile(rf"\s*(?P<before>{_NAME})\s+TO\s+(?P<after>{_NAME})\s*", re.IGNORECASE)
_EXPORT = re.compile(
    rf"EXPORT\s+TABLE\s+(?P<source>{_NAME})(?:\s+PARTITION\s*\((?P<parts>[^)]*)\))?\s+TO\s+'(?P<path>[^']+)'",
    re.IGNORECASE,
)

_UNLOAD = re.compile(
    r"UNLOAD\s*\(\s*(?:'(?P<quoted>(?:[^']|'')*)'|(?P<bare>.*))\s*\)\s*TO\s+'(?P<path>[^']+)'",
    re.IGNORECASE | re.DOTALL,
)

# These touch no rows of tables, or none that a text could tell.
HARMLESS = frozenset(
    {"add", "analyze", "begin", "call", "cancel", "checkpoint", "clear", "commit", "compute"}
    | {"declare", "deny", "desc", "describe", "end", "exec", "execute", "explain", "fetch", "flush"}
    | {"get", "go", "grant", "help", "kill", "leave", "list", "lock", "msck", "open", "optimize"}
    | {"print", "put", "raise", "raiserror", "refresh", "release", "remove", "repair", "reset"}
    | {"return", "revoke", "rollback", "savepoint", "set", "show", "start", "unload", "unlock"}
    | {"unset", "use", "vacuum", "while", "if", "close", "deallocate", "copy", "comment", "alter"}
    | {"create", "drop", "reorg", "cluster", "undrop", "attach", "detach", "pragma", "prepare"}
)
_MAY_RUN_ANYTHING = frozenset({"call", "exec", "execute"})
_MAY_MOVE = frozenset({"copy", "create", "unload", "alter"})

Told = tuple[str, tuple[Write, ...], tuple[Renamed, ...]]


def unparsed(text: str, analysis: Analysis) -> Told | str:
    """Read a statement from its text; gives the reason where that cannot be done."""
    stripped = text.strip().rstrip(";")
    return moving(stripped, analysis) or _named(stripped, analysis)


def moving(stripped: str, analysis: Analysis) -> Told | str | None:
    """Read the statements that move rows or names; None for another one."""
    for pattern in (_CLONE, _EXCHANGE, _SWITCH):
        if (found := pattern.match(stripped)) is not None:
            return _copied(pattern, found, analysis)
    if (found := _RESTORE.match(stripped)) is not None:
        place = _place(found["target"], analysis)
        read = Read(place, _pin(found))
        analysis.reads[read] = None
        return "RESTORE", (Write(place, by_name(table_relation(read, analysis)), NOTHING),), ()
    if (found := _RENAME.match(stripped)) is not None:
        return _renamed(found["pairs"], analysis)
    if (found := _EXPORT.match(stripped)) is not None:
        return _exported(found, analysis)
    if (found := _UNLOAD.match(stripped)) is not None:
        return _unloaded(found, analysis)
    return None


def _named(stripped: str, analysis: Analysis) -> Told | str:
    words = stripped.split(None, 2)
    word = words[0].lower() if words else ""
    if word not in HARMLESS:
        return f"{word.upper() or 'this'} is no statement that can be read"
    if word in _MAY_RUN_ANYTHING:
        analysis.doubt(f"what {' '.join(words[:2])} reads and writes is not in the text")
    elif word in _MAY_MOVE:
        return f"{' '.join(words[:2]).upper()} in a form that cannot be read"
    return word.upper(), (), ()


def _copied(pattern: re.Pattern[str], found: re.Match[str], analysis: Analysis) -> Told:
    pin = _pin(found) if pattern is _CLONE else None
    read = Read(_place(found["source"], analysis), pin)
    analysis.reads[read] = None
    kind = {_CLONE: "CREATE TABLE CLONE", _EXCHANGE: "EXCHANGE PARTITION"}.get(pattern, "SWITCH")
    relation = table_relation(read, analysis)
    return kind, (Write(_place(found["target"], analysis), by_name(relation), NOTHING),), ()


def _exported(found: re.Match[str], analysis: Analysis) -> Told:
    read = Read(_place(found["source"], analysis), None)
    analysis.reads[read] = None
    relation = table_relation(read, analysis)
    names = [part.split("=", 1)[0].strip(' `"') for part in (found["parts"] or "").split(",")]
    whole = frozenset().union(NOTHING, *(column(read, name) for name in names if name))
    write = Write(FilePath(found["path"]), by_name(relation), through(whole, Step.FILTER))
    return "EXPORT", (write,), ()


def _unloaded(found: re.Match[str], analysis: Analysis) -> Told | str:
    """Read the query that Redshift has in a text of its own, and Athena in brackets."""
    text = found["bare"] if found["quoted"] is None else found["quoted"].replace("''", "'")
    try:
        tree = sqlglot.parse_one(text, dialect=analysis.dialect.name)
    except SqlglotError:
        return "UNLOAD of a query that does not parse"
    if not isinstance(tree, exp.Query):
        return "UNLOAD of what is no query"
    relation = analysis.queries(tree, analysis, outer=None, visible={})
    write = Write(FilePath(found["path"]), by_name(relation), relation.whole)
    return "UNLOAD", (write,), ()


def _renamed(pairs: str, analysis: Analysis) -> Told | str:
    renames = []
    for one in pairs.split(","):
        found = _PAIR.fullmatch(one)
        if found is None:
            return "RENAME TABLE in a form that cannot be read"
        before, after = _place(found["before"], analysis), _place(found["after"], analysis)
        renames.append(Renamed(before, after))
    return "ALTER RENAME", (), tuple(renames)


def _pin(found: re.Match[str]) -> Pin | None:
    kind = found["kind"]
    if kind is None:
        return None
    value = found["quoted"] or found["bare"]
    shown = f"{kind.upper()} AS OF {value}"
    if kind.upper() == "VERSION":
        return version_pin(value, shown)
    return time_pin(value, shown, unit=SECONDS)


def _place(name: str, analysis: Analysis) -> Place:
    parts = re.findall(_PART, name)
    quoted = [part[0] in '`"[' for part in parts]
    words = [
        Word(part.strip('`"[]') if is_quoted else part, is_quoted)
        for part, is_quoted in zip(parts, quoted, strict=True)
    ]
    return place_of(tuple(words), analysis)
