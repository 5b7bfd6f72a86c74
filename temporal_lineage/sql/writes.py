"""Writes: which columns of a target a query's columns land in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from temporal_lineage.sql.analysis import Analysis, word_of
from temporal_lineage.sql.dependencies import EVERY_COLUMN, NOTHING
from temporal_lineage.sql.items import place_of, table_relation, words_of
from temporal_lineage.sql.names import FilePath, Place, Read, TableName, Word
from temporal_lineage.sql.pins import pin_of
from temporal_lineage.sql.relations import Output, Relation, Rest, found_in, listed
from temporal_lineage.sql.statements import TargetColumn


def target(node: exp.Expr, analysis: Analysis) -> tuple[Place, list[Word], exp.Table | None]:
    """Give the place that is written, and the columns that the statement lists for it."""
    listed: list[Word] = []
    if isinstance(node, exp.Schema):
        listed = [
            word_of(one.this if isinstance(one, exp.ColumnDef | exp.Column) else one)
            for one in node.expressions
            if isinstance(one, exp.Identifier | exp.ColumnDef | exp.Column)
        ]
        node = node.this
    if isinstance(node, exp.Directory):
        return FilePath(str(node.this.this)), listed, None
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Var | exp.Literal):
        return FilePath(node.this.name), listed, None
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier | exp.Dot):
        words = words_of(node)
        # `INSERT INTO t.branch_x` writes the table, on a branch.
        parts, _ = pin_of(node, [word.text for word in words], analysis.dialect)
        return place_of(tuple(words[: len(parts)]), analysis), listed, node
    if isinstance(node, exp.Literal):
        return FilePath(str(node.this)), listed, None
    return FilePath(node.sql(dialect=analysis.dialect.name)), listed, None


def columns_of(place: Place, analysis: Analysis) -> list[str] | None:
    """Give the columns of a target in order; None where they are not known."""
    if isinstance(place, TableName) and place in analysis.names.temporary:
        relation = analysis.names.temporary[place]
    else:
        relation = table_relation(Read(place, None), analysis)
    if not relation.closed or not relation.columns:
        return None
    return [one.name for one in relation.columns if isinstance(one, Output)]


def by_position(
    relation: Relation, names: Sequence[str] | None, place: Place, analysis: Analysis
) -> tuple[TargetColumn, ...]:
    """Lay a query's columns onto the target's, in order."""
    if names is None:
        return by_name(relation)
    result: list[TargetColumn] = []
    for n, name in enumerate(names):
        one = relation.columns[n] if n < len(relation.columns) else None
        if isinstance(one, Rest) or (one is None and relation.rests):
            found = frozenset().union(NOTHING, *(found_in(each) for each in relation.columns[n:]))
            found = found or relation.rests[-1].all()
            analysis.doubt(f"which column lands in {place}.{name} is not known: * hides the order")
            result += [TargetColumn(each, found) for each in names[n:]]
            return tuple(result)
        if isinstance(one, Output):
            result.append(TargetColumn(name, one.found))
    if len(relation.columns) != len(names):
        analysis.doubt(
            f"the query gives {len(relation.columns)} columns, {place} takes {len(names)}"
        )
    return tuple(result)


def in_order(relation: Relation) -> tuple[TargetColumn, ...]:
    """Give a query's columns as they stand, two of one name too."""
    return tuple(
        TargetColumn(one.name if isinstance(one, Output) else EVERY_COLUMN, found_in(one))
        for one in relation.columns
    )


def by_name(relation: Relation) -> tuple[TargetColumn, ...]:
    """Take the query's own names for the target's."""
    together: dict[str, TargetColumn] = {}
    for one in relation.columns:
        key, name = (one.key, one.name) if isinstance(one, Output) else ("*", EVERY_COLUMN)
        before = together[key].found if key in together else NOTHING
        spelled = together[key].name if key in together else name
        together[key] = TargetColumn(spelled, before | found_in(one))
    return tuple(together.values())


def relation_of(columns: Sequence[TargetColumn], analysis: Analysis) -> Relation:
    """Give what a table made of these columns offers to later statements."""
    return Relation(
        tuple(
            Rest((), one.found, frozenset())
            if one.name == EVERY_COLUMN
            else Output(one.name, analysis.key(Word(one.name, quoted=False)), one.found)
            for one in columns
        ),
        NOTHING,
    )


def spelled(words: Sequence[Word], place: Place, analysis: Analysis) -> list[str]:
    """Give names as the schema of the target spells them."""
    relation = table_relation(Read(place, None), analysis)
    fold = analysis.dialect.casing.columns
    return [next((one.name for one in listed(relation, word, fold)), word.text) for word in words]


def together(columns: Sequence[TargetColumn], analysis: Analysis) -> tuple[TargetColumn, ...]:
    """Make one of the columns that several parts of a statement set."""
    merged: dict[str, TargetColumn] = {}
    for one in columns:
        key = analysis.key(Word(one.name, quoted=False))
        before = merged.get(key)
        merged[key] = TargetColumn(one.name, one.found | (before.found if before else NOTHING))
    return tuple(merged.values())


def condition(node: exp.Expr) -> exp.Expr | None:
    """Give what WHERE asks for; None where there is no WHERE."""
    where = node.args.get("where")
    return where.this if isinstance(where, exp.Where) else where


def unqualified(node: exp.Expr) -> exp.Expr:
    """Give a column's own name."""
    return node.this if isinstance(node, exp.Column) else node
