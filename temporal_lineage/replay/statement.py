"""Statements that can be replayed: one query, over tables that are known, that decides its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ENGINE = "duckdb"
_MOODY = (
    *(exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.CurrentUser, exp.Rand),
    *(exp.Randn, exp.Uuid, exp.TableSample, exp.Placeholder, exp.Parameter),
)
"""What gives other rows at another time, or has no value here."""

_MOODY_NAMES = frozenset({"now", "random", "rand", "uuid", "gen_random_uuid", "monotonically_id"})


@dataclass(frozen=True, slots=True)
class Replayable:
    """A query as DuckDB has it, its tables named by number in the order of `tables`.

    `columns` are those that the statement names for its target, in order; None where it does not.
    """

    query: str
    tables: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class NotReplayable:
    """A text that cannot be replayed, and why."""

    reason: str


def table_name(place: int) -> str:
    """Name a table of a query."""
    return f"input_{place}"


def replayable(queries: Sequence[str], *, dialect: str) -> Replayable | NotReplayable:
    """Find the one query of a run that writes, and say it in the words of DuckDB."""
    try:
        trees = [tree for text in queries for tree in parse(text, dialect=dialect or None) if tree]
    except (SqlglotError, RecursionError) as error:
        return NotReplayable(f"its SQL cannot be parsed: {str(error).partition(chr(10))[0][:200]}")
    if len(trees) != 1:
        many = f"it asked {len(trees)} statements" if trees else "no event tells its SQL"
        return NotReplayable(f"{many}, and one is replayed")
    found = _query(trees[0])
    if isinstance(found, NotReplayable):
        return found
    query, columns = found
    moody = next(_moody(query), None)
    if moody is not None:
        return NotReplayable(f"{moody} gives other rows each time")
    defined = {one.alias_or_name for one in query.find_all(exp.CTE)}
    tables: dict[tuple[str, ...], int] = {}
    for table in query.find_all(exp.Table):
        parts = tuple(part.name for part in table.parts)
        if len(parts) == 1 and parts[0] in defined:
            continue
        place = tables.setdefault(parts, len(tables))
        known = exp.to_table(table_name(place))
        known.set("alias", table.args.get("alias") or exp.TableAlias(this=table.parts[-1].copy()))
        known.set("joins", table.args.get("joins"))
        table.replace(known)
    return Replayable(query.sql(dialect=_ENGINE), tuple(tables), columns)


def matched(
    tables: Sequence[tuple[str, ...]], datasets: Sequence[str]
) -> dict[int, int] | NotReplayable:
    """Give which dataset each table of a query is, by the end of its name."""
    found: dict[int, int] = {}
    for place, parts in enumerate(tables):
        fitting = _fitting(parts, datasets)
        if len(fitting) != 1:
            which = f"{len(fitting)} inputs fit" if fitting else "no input of the run is"
            return NotReplayable(f"{which} the table {'.'.join(parts)}")
        found[place] = fitting[0]
    return found


def _fitting(parts: tuple[str, ...], datasets: Sequence[str]) -> list[int]:
    """Give the datasets that end with a name, or with all of it but its catalog."""
    for wanted in (parts, parts[1:]):
        folded = [part.casefold() for part in wanted]
        if not folded:
            continue
        fitting = [
            number
            for number, name in enumerate(datasets)
            if name.casefold().replace("/", ".").split(".")[-len(folded) :] == folded
        ]
        if fitting or len(parts) <= 2:  # noqa: PLR2004 - schema and table
            return fitting
    return []


def _query(tree: exp.Expr) -> tuple[exp.Expr, tuple[str, ...] | None] | NotReplayable:
    columns: tuple[str, ...] | None = None
    match tree:
        case exp.Insert():
            query, target = tree.expression, tree.this
            if isinstance(target, exp.Schema):
                columns = tuple(one.name for one in target.expressions)
            if tree.args.get("by_name") and isinstance(query, exp.Query):
                columns = tuple(query.named_selects)
            if tree.args.get("partition") or target.args.get("partition"):
                return NotReplayable("it writes into named partitions")
        case exp.Create() if str(tree.args.get("kind")).upper() == "TABLE":
            query = tree.expression
        case exp.Query():
            query = tree
        case _:
            return NotReplayable(f"{tree.key.upper()} changes rows in place; queries are replayed")
    if not isinstance(query, exp.Query):
        return NotReplayable("it writes values and no query")
    with_ = tree.args.get("with_") if tree is not query else None
    if with_ is not None and query.args.get("with_") is None:
        query.set("with_", with_)
    return query, columns


def _moody(query: exp.Expr) -> Iterator[str]:
    for node in query.walk():
        if isinstance(node, _MOODY):
            yield node.sql(dialect=_ENGINE)[:60]
        if isinstance(node, exp.Anonymous) and node.name.casefold() in _MOODY_NAMES:
            yield f"{node.name}()"
        if isinstance(node, exp.Limit) and node.parent and not node.parent.args.get("order"):
            yield "LIMIT without ORDER BY"
