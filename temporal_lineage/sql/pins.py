"""Pins in a parse: the state at which a FROM item reads its table, in every dialect that can."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from temporal_lineage.evidence.pin_values import (
    SECONDS,
    NumberPin,
    Pin,
    UnreadablePin,
    compact_pin,
    suffix_pin,
    time_pin,
    version_pin,
)
from temporal_lineage.sql.dialects import Dialect

_VERSIONED = re.compile(r"(?P<name>.+)@(?:[vV](?P<version>\d{1,18})|(?P<stamp>\d{17}))", re.DOTALL)
_OLD_TRINO = re.compile(r"(?P<name>.+)@(?P<version>\d{1,19})", re.DOTALL)
_AFTER_AT = re.compile(r"[vV]?\d+")


def pin_of(
    table: exp.Table, parts: Sequence[str], dialect: Dialect
) -> tuple[tuple[str, ...], Pin | None]:
    """Give the parts that name the table itself, and the pin; None where there is none."""
    whole = tuple(parts)
    version, when = table.args.get("version"), table.args.get("when")
    if isinstance(version, exp.Version):
        return whole, _version(version, dialect)
    if isinstance(when, exp.HistoricalData):
        return whole, _historical(when, dialect)
    if (after := _after_at(table)) is not None:
        return whole, _at(after, f"{'.'.join(whole)}@{after}")
    if dialect.spark and len(whole) > 1 and (pin := suffix_pin(whole[-1], ".".join(whole))):
        return whole[:-1], pin
    pattern = _OLD_TRINO if dialect.name in {"trino", "presto", "athena"} else _VERSIONED
    found = pattern.fullmatch(whole[-1]) if whole else None
    if found is not None and isinstance(table.this, exp.Identifier) and table.this.quoted:
        named = found.groupdict()
        shown = ".".join(whole)
        pin = (
            NumberPin(int(named["version"]), shown)
            if named["version"]
            else compact_pin(named["stamp"], shown)
        )
        return (*whole[:-1], found["name"]), pin
    return whole, None


def has_at(table: exp.Table) -> bool:
    """Tell whether what stands as the table's alias is Delta's `@v1`."""
    return _after_at(table) is not None


def _after_at(table: exp.Table) -> str | None:
    alias = table.args.get("alias")
    named = alias.this if isinstance(alias, exp.TableAlias) else None
    if not isinstance(named, exp.Parameter):
        return None
    text = named.this.name if isinstance(named.this, exp.Expr) else str(named.this)
    return text if _AFTER_AT.fullmatch(text) else None


def _at(after: str, shown: str) -> Pin:
    if after[0] in "vV":
        return NumberPin(int(after[1:]), shown)
    return compact_pin(after, shown)


def _version(node: exp.Version, dialect: Dialect) -> Pin:
    kind = str(node.this).upper()
    shown = _shown(f"{kind} {node.args.get('kind') or 'AS OF'}", node.expression, dialect)
    value = _literal(node.expression)
    if str(node.args.get("kind")).upper() != "AS OF" or value is None:
        return UnreadablePin(shown)
    if kind == "VERSION":
        return version_pin(value, shown)
    return time_pin(value, shown, unit=SECONDS) if kind == "TIMESTAMP" else UnreadablePin(shown)


def _historical(node: exp.HistoricalData, dialect: Dialect) -> Pin:
    kind = str(node.args.get("kind")).upper()
    shown = _shown(f"{node.this} {kind}", node.expression, dialect)
    value = _literal(node.expression)
    if str(node.this).upper() != "AT" or value is None:
        return UnreadablePin(shown)
    if kind == "VERSION":
        return version_pin(value, shown)
    return time_pin(value, shown, unit=SECONDS) if kind == "TIMESTAMP" else UnreadablePin(shown)


def _literal(node: exp.Expr | None) -> str | None:
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    return str(node.this) if isinstance(node, exp.Literal) else None


def _shown(before: str, value: exp.Expr | None, dialect: Dialect) -> str:
    return before if value is None else f"{before} {value.sql(dialect=dialect.name)}"
