"""Statements that can be replayed: one alone, over tables that are known, that decides its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from temporal_lineage.replay.errors import NotReplayableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ENGINE = "duckdb"
"""The dialect of the engine."""
_MOODY = (
    *(exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.CurrentUser, exp.Rand),
    *(exp.Randn, exp.Uuid, exp.TableSample, exp.Placeholder, exp.Parameter),
)
"""What gives other rows at another time, or has no value here."""

_MOODY_NAMES = frozenset({"now", "random", "rand", "uuid", "gen_random_uuid", "monotonically_id"})


@dataclass(frozen=True, slots=True)
class Replayable:
    """A statement whose tables are named by number, in the order of `tables`.

    It is a query, or changes rows in place: then `changed` is the number of the table that it
    changes. `columns` are those that a query names for its target, in order, None where it does
    not.
    """

    tree: exp.Expr
    tables: tuple[tuple[str, ...], ...]
    changed: int | None
    columns: tuple[str, ...] | None


def table_name(place: int) -> str:
    """Name a table of a query."""
    return f"input_{place}"


def replayable(queries: Sequence[str], *, dialect: str) -> Replayable:
    """Find the one statement of a run that writes."""
    try:
        trees = [tree for text in queries for tree in parse(text, dialect=dialect or None) if tree]
    except (SqlglotError, RecursionError) as error:
        told = str(error).partition("\n")[0][:200]
        raise NotReplayableError(f"its SQL cannot be parsed: {told}") from error
    if len(trees) != 1:
        many = f"it asked {len(trees)} statements" if trees else "no event tells its SQL"
        raise NotReplayableError(f"{many}, and one is replayed")
    found = _deciding(trees[0])
    tree, target, columns = found
    moody = next(_moody(tree), None)
    if moody is not None:
        raise NotReplayableError(f"{moody} gives other rows each time")
    changed = None if target is None else _parts(target)
    tables = _numbered(tree)
    return Replayable(tree, tuple(tables), None if changed is None else tables[changed], columns)


def _numbered(tree: exp.Expr) -> dict[tuple[str, ...], int]:
    """Name the tables of a statement by number; give the number of each."""
    defined = {one.alias_or_name for one in tree.find_all(exp.CTE)}
    tables: dict[tuple[str, ...], int] = {}
    for table in tree.find_all(exp.Table):
        parts = _parts(table)
        if len(parts) == 1 and parts[0] in defined:
            continue
        place = tables.setdefault(parts, len(tables))
        known = exp.to_table(table_name(place))
        known.set("alias", table.args.get("alias") or exp.TableAlias(this=table.parts[-1].copy()))
        known.set("joins", table.args.get("joins"))
        known.set("partition", table.args.get("partition"))
        table.replace(known)
    return tables


def _parts(table: exp.Table) -> tuple[str, ...]:
    return tuple(part.name for part in table.parts)


def matched(parts: tuple[str, ...], datasets: Sequence[str]) -> int:
    """Give which dataset a table of a statement is, by the end of its name."""
    found = fitting(parts, datasets)
    if len(found) != 1:
        which = f"{len(found)} inputs fit" if found else "no input of the run is"
        raise NotReplayableError(f"{which} the table {'.'.join(parts)}")
    return found[0]


def fitting(parts: tuple[str, ...], datasets: Sequence[str]) -> list[int]:
    """Give the datasets that end with a name, or with all of it but its catalog."""
    for wanted in (parts, parts[1:]):
        folded = [part.casefold() for part in wanted]
        if not folded:
            continue
        found = [
            number
            for number, name in enumerate(datasets)
            if name.casefold().replace("/", ".").split(".")[-len(folded) :] == folded
        ]
        if found or len(parts) <= 2:  # noqa: PLR2004 - schema and table
            return found
    return []


_Deciding = tuple[exp.Expr, exp.Table | None, tuple[str, ...] | None]
"""What decides the rows, the table that it changes in place, the columns that a query names."""


def _deciding(tree: exp.Expr) -> _Deciding:
    match tree:
        case exp.Merge(this=exp.Table() as target) | exp.Update(this=exp.Table() as target):
            return tree, target, None
        case exp.Delete(this=exp.Table() as target) if not tree.args.get("tables"):
            return tree, target, None
        case exp.Insert():
            return _inserting(tree)
        case exp.Create() if str(tree.args.get("kind")).upper() == "TABLE":
            return _querying(tree, tree.expression, None)
        case exp.Query():
            return tree, None, None
        case _:
            raise NotReplayableError(f"{tree.key.upper()} is not replayed")


def _inserting(tree: exp.Insert) -> _Deciding:
    query, columns = tree.expression, None
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if isinstance(tree.this, exp.Schema):
        columns = tuple(one.name for one in tree.this.expressions)
    if tree.args.get("by_name") and isinstance(query, exp.Query):
        columns = tuple(query.named_selects)
    found = _querying(tree, query, columns)
    replaced = tree.args.get("where") is not None
    if isinstance(target, exp.Table) and (replaced or target.args.get("partition")):
        return tree, target, columns
    return found


def _querying(tree: exp.Expr, query: exp.Expr | None, columns: tuple[str, ...] | None) -> _Deciding:
    if not isinstance(query, exp.Query):
        raise NotReplayableError("it writes values and no query")
    with_ = tree.args.get("with_")
    if with_ is not None and query.args.get("with_") is None:
        query.set("with_", with_)
    return query, None, columns


def _moody(tree: exp.Expr) -> Iterator[str]:
    for node in tree.walk():
        if isinstance(node, _MOODY):
            yield node.sql(dialect=ENGINE)[:60]
        if isinstance(node, exp.Anonymous) and node.name.casefold() in _MOODY_NAMES:
            yield f"{node.name}()"
        if isinstance(node, exp.Limit) and node.parent and not node.parent.args.get("order"):
            yield "LIMIT without ORDER BY"
