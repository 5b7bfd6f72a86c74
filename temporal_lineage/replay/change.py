"""What is run for a statement, in the words of DuckDB: a query, or changes to a copy of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from temporal_lineage.replay.errors import NotReplayableError
from temporal_lineage.replay.statement import ENGINE, Replayable, table_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def said(statement: Replayable, changed: Sequence[str] | None) -> tuple[str, ...]:
    """Say a statement in the words of DuckDB: the last of the texts gives the rows to compare.

    `changed` are the columns of the table that it changes in place.
    """
    if statement.changed is None or changed is None:
        return (statement.tree.sql(dialect=ENGINE),)
    name = table_name(statement.changed)
    tree = statement.tree.copy()
    match tree:
        case exp.Merge():
            told = _merged(tree, changed)
        case exp.Insert():
            told = _inserted(tree, name, statement.columns, changed)
        case _:
            told = (tree,)
    for one in told:
        _without_table(one)
    rows = exp.select(*(exp.column(column, quoted=True) for column in changed)).from_(name)
    return tuple(one.sql(dialect=ENGINE) for one in (*told, rows))


def _merged(tree: exp.Merge, columns: Sequence[str]) -> tuple[exp.Expr, ...]:
    """Write the columns of the target for the stars of a MERGE."""
    source = tree.args["using"].alias_or_name
    for when in tree.find_all(exp.When):
        action = when.args["then"]
        starred = isinstance(action.this, exp.Star) or any(
            isinstance(one, exp.Star) for one in action.expressions
        )
        if starred and not source:
            raise NotReplayableError("its MERGE takes all columns of a source without a name")
        if starred and isinstance(action, exp.Update):
            action.set("expressions", [_set(one, source) for one in columns])
        elif starred and isinstance(action, exp.Insert):
            action.set("this", exp.Tuple(expressions=[_column(one) for one in columns]))
            action.set(
                "expression", exp.Tuple(expressions=[_column(one, source) for one in columns])
            )
    return (tree,)


def _inserted(
    tree: exp.Insert, name: str, listed: Sequence[str] | None, columns: Sequence[str]
) -> tuple[exp.Expr, ...]:
    """Take away what an INSERT replaces, then add the rows of its query."""
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    partition = target.args.get("partition")
    fixed = [] if partition is None else partition.expressions
    if not all(isinstance(one, exp.EQ) for one in fixed):
        raise NotReplayableError("it writes into partitions that its rows name")
    replaced = tree.args.get("where")
    if replaced is None and tree.args.get("overwrite"):
        replaced = exp.and_(*(one.copy() for one in fixed))
    given = {one.this.name.casefold(): one.expression for one in fixed}
    free = listed or [one for one in columns if one.casefold() not in given]
    query = exp.select("*", *given.values()).from_(tree.expression.subquery("written"))
    into = exp.Schema(
        this=exp.to_table(name),
        expressions=[exp.to_identifier(one, quoted=True) for one in (*free, *given)],
    )
    insert = exp.Insert(this=into, expression=query)
    return (insert,) if replaced is None else (exp.delete(name, where=replaced), insert)


def _set(column: str, source: str) -> exp.Expr:
    return exp.EQ(this=_column(column), expression=_column(column, source))


def _column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table, quoted=True)


def _without_table(tree: exp.Expr) -> None:
    """Name columns that are written to without their table, as DuckDB has it."""
    for column in _assigned(tree):
        for part in ("table", "db", "catalog"):
            column.set(part, None)


def _assigned(tree: exp.Expr) -> Iterator[exp.Expr]:
    for update in tree.find_all(exp.Update):
        yield from (one.this for one in update.expressions if isinstance(one.this, exp.Column))
    for insert in tree.find_all(exp.Insert):
        if isinstance(insert.this, exp.Tuple):
            yield from insert.this.expressions
