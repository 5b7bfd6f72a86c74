"""Changes of rows: INSERT, UPDATE, DELETE and MERGE."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from temporal_lineage.sql.analysis import Analysis, Visible, word_of
from temporal_lineage.sql.dependencies import NOTHING, Dependencies, Step
from temporal_lineage.sql.expressions import Expressions
from temporal_lineage.sql.items import Items
from temporal_lineage.sql.joins import add_join, add_with_joins
from temporal_lineage.sql.names import Place, Read, TableName, Word
from temporal_lineage.sql.queries import query, with_expressions
from temporal_lineage.sql.relations import EMPTY, Relation, listed
from temporal_lineage.sql.scopes import Item, Scope
from temporal_lineage.sql.statements import TargetColumn, Write
from temporal_lineage.sql.upserts import upserted
from temporal_lineage.sql.writes import (
    by_name,
    by_position,
    columns_of,
    condition,
    spelled,
    target,
    together,
    unqualified,
)


def insert(node: exp.Insert, analysis: Analysis, visible: Visible) -> list[Write]:
    """INSERT, in all its forms."""
    visible = with_expressions(node, analysis, outer=None, visible=visible)
    source = node.expression
    relation = EMPTY
    if isinstance(source, exp.Query | exp.Values | exp.Table | exp.Paren):
        relation = query(source, analysis, outer=None, visible=visible)
    elif node.args.get("source") is not None:
        relation = query(node.args["source"], analysis, outer=None, visible=visible)
    write = inserted(node, relation, analysis)
    return [upserted(node, write, analysis, visible)]


def inserted(node: exp.Insert, relation: Relation, analysis: Analysis) -> Write:
    """Say where the columns of a query land."""
    place, words, table = target(node.this, analysis)
    if words:
        names: Sequence[str] | None = spelled(words, place, analysis)
    else:
        names = columns_of(place, analysis)
        names = _without_static(names, relation, node, table, analysis)
    if node.args.get("by_name"):
        return Write(place, by_name(relation), relation.whole)
    if names is None and isinstance(place, TableName) and relation.columns:
        if isinstance(node.expression, exp.Values):
            return Write(place, (), relation.whole)
        analysis.doubt(f"the columns of {place} are not known; the query's names stand for them")
    return Write(place, by_position(relation, names, place, analysis), relation.whole)


def update(node: exp.Update, analysis: Analysis, visible: Visible) -> list[Write]:
    """UPDATE with its SET, FROM and WHERE."""
    visible = with_expressions(node, analysis, outer=None, visible=visible)
    scope = analysis.scope(None)
    place, whole = _targeted(node.this, node.args.get("from_"), scope, analysis, visible)
    walk = Expressions(analysis, scope, visible)
    whole |= walk.of(condition(node), Step.FILTER)
    return _set(node.expressions, place, scope, walk, analysis, whole)


def delete(node: exp.Delete, analysis: Analysis, visible: Visible) -> list[Write]:
    """DELETE with USING or joins; no value arrives, but other tables decide."""
    visible = with_expressions(node, analysis, outer=None, visible=visible)
    scope = analysis.scope(None)
    items = Items(analysis, scope, visible)
    named = node.args.get("tables") or ()
    subject = node.this
    whole = NOTHING
    if named:
        whole |= add_with_joins(subject, analysis, scope, visible, items)
        places = [_resolved(one, scope, analysis) for one in named]
        for place in places:
            analysis.reads.pop(Read(place, None), None)
    else:
        place, decided = _targeted(subject, None, scope, analysis, visible)
        whole |= decided
        places = [place]
    for one in node.args.get("using") or ():
        whole |= add_with_joins(one, analysis, scope, visible, items)
    whole |= Expressions(analysis, scope, visible).of(condition(node), Step.FILTER)
    return [Write(place, (), whole) for place in places]


def merge(node: exp.Merge, analysis: Analysis, visible: Visible) -> list[Write]:
    """MERGE: each WHEN adds to the columns it sets."""
    visible = with_expressions(node, analysis, outer=None, visible=visible)
    scope = analysis.scope(None)
    place, whole = _targeted(node.this, None, scope, analysis, visible)
    target_item = scope.items[0]
    whole |= add_with_joins(
        node.args["using"], analysis, scope, visible, Items(analysis, scope, visible)
    )
    walk = Expressions(analysis, scope, visible)
    whole |= walk.of(node.args.get("on"), Step.JOIN)
    source = scope.items[1].relation if len(scope.items) > 1 else EMPTY
    columns: list[TargetColumn] = []
    for when in node.args["whens"].expressions:
        whole |= walk.of(when.args.get("condition"), Step.FILTER)
        then = when.args.get("then")
        if isinstance(then, exp.Update):
            whole |= walk.of(condition(then), Step.FILTER)
            if any(isinstance(one, exp.Star) for one in then.expressions):
                columns += _same_names(source, place, analysis)
            else:
                for one in _set(then.expressions, place, scope, walk, analysis, NOTHING):
                    columns += one.columns
        elif isinstance(then, exp.Insert):
            # A row that is not matched has no values of the target.
            scope.items[:] = [one for one in scope.items if one is not target_item]
            columns += _merged_insert(then, source, place, walk, analysis)
            scope.items.insert(0, target_item)
    return [Write(place, together(columns, analysis), whole)]


def _merged_insert(
    node: exp.Insert, source: Relation, place: Place, walk: Expressions, analysis: Analysis
) -> list[TargetColumn]:
    values = node.expression
    if isinstance(node.this, exp.Star) or not (node.this or values):
        return _same_names(source, place, analysis)
    if _is_row(node.this) or _is_row(values):
        return list(by_position(source, columns_of(place, analysis), place, analysis))
    terms = values.expressions if isinstance(values, exp.Tuple) else [values]
    if isinstance(values, exp.Values):
        terms = values.expressions[0].expressions
    if isinstance(node.this, exp.Tuple | exp.Schema):
        words = [word_of(unqualified(one)) for one in node.this.expressions]
        names: Sequence[str] | None = spelled(words, place, analysis)
    else:
        names = columns_of(place, analysis)
    found = [walk.of(one) for one in terms if one is not None]
    if names is None:
        named = [one.name if isinstance(one, exp.Column) else "" for one in terms]
        analysis.doubt(f"the columns of {place} are not known; the values' names stand for them")
        names = [name or f"_{n}" for n, name in enumerate(named)]
    return [TargetColumn(name, one) for name, one in zip(names, found, strict=False)]


def _set(
    terms: Sequence[exp.Expr],
    place: Place,
    scope: Scope,
    walk: Expressions,
    analysis: Analysis,
    whole: Dependencies,
) -> list[Write]:
    """Read `SET a = x, t.b = y, (c, d) = (SELECT ...)`."""
    by_place: dict[Place, list[TargetColumn]] = {place: []}
    for one in terms:
        if not isinstance(one, exp.EQ | exp.PropertyEQ):
            continue
        left, right = one.this, one.expression
        if isinstance(left, exp.Tuple):
            by_place[place] += _set_together(left, right, place, walk, analysis)
            continue
        word = word_of(unqualified(left))
        here = place
        if isinstance(left, exp.Column) and left.table:
            qualified = scope.item([word_of(left.args["table"])])
            tables = qualified.relation.tables() if qualified else ()
            # MySQL updates several tables at once; the first part of a name may be a struct.
            here = tables[0].place if len(tables) == 1 else place
        (name,) = spelled([word], here, analysis)
        by_place.setdefault(here, []).append(TargetColumn(name, walk.of(right)))
    return [
        Write(here, together(columns, analysis), whole)
        for here, columns in by_place.items()
        if columns or here == place
    ]


def _set_together(
    left: exp.Tuple, right: exp.Expr, place: Place, walk: Expressions, analysis: Analysis
) -> list[TargetColumn]:
    names = spelled([word_of(unqualified(one)) for one in left.expressions], place, analysis)
    if isinstance(right, exp.Tuple):
        found = [walk.of(one) for one in right.expressions]
    else:
        found = walk.each(right, len(names))
    return [TargetColumn(name, one) for name, one in zip(names, found, strict=False)]


def _targeted(
    node: exp.Expr,
    clause: exp.Expr | None,
    scope: Scope,
    analysis: Analysis,
    visible: Visible,
) -> tuple[Place, Dependencies]:
    """Put the target and FROM into scope; the target is no read of its own."""
    items = Items(analysis, scope, visible)
    whole = NOTHING
    before = set(analysis.reads)
    if clause is not None:
        for one in (clause.this, *(clause.args.get("expressions") or ())):
            whole |= add_with_joins(one, analysis, scope, visible, items)
        known = _by_alias(node, scope, analysis)
        if known is not None:
            place = known.relation.tables()[0].place
            analysis.reads.pop(Read(place, None), None)
            return place, whole
    place, _, table = target(node, analysis)
    read = Read(place, None)
    kept = read in analysis.reads
    joins = list(node.args.get("joins") or ())
    if table is not None:
        bare = table.copy()
        bare.set("joins", None)
        items.add(bare)
        scope.items.insert(0, scope.items.pop())
    for join in joins:
        whole |= add_join(join, analysis, scope, visible, items)
    if not kept and read not in before:
        analysis.reads.pop(read, None)
    return place, whole


def _by_alias(node: exp.Expr, scope: Scope, analysis: Analysis) -> Item | None:
    """Find the target that UPDATE names by the alias it has in FROM."""
    if not isinstance(node, exp.Table) or node.args.get("db") or node.args.get("joins"):
        return None
    key = analysis.key(word_of(node.this))
    found = [one for one in scope.items if one.key == key and len(one.relation.tables()) == 1]
    return found[0] if found else None


def _resolved(node: exp.Table, scope: Scope, analysis: Analysis) -> Place:
    item = _by_alias(node, scope, analysis)
    return item.relation.tables()[0].place if item else target(node, analysis)[0]


def _same_names(source: Relation, place: Place, analysis: Analysis) -> list[TargetColumn]:
    """Lay columns of one name onto each other: `UPDATE SET *`, `INSERT *`."""
    names = columns_of(place, analysis)
    if names is None:
        return list(by_name(source))
    fold = analysis.dialect.casing.columns
    found: list[TargetColumn] = []
    for name in names:
        word = Word(name, quoted=False)
        outputs = listed(source, word, fold)
        values = [one.found for one in outputs] or [one.named(name) for one in source.rests]
        found.append(TargetColumn(name, frozenset().union(NOTHING, *values)))
    return found


def _without_static(
    names: list[str] | None,
    relation: Relation,
    node: exp.Insert,
    table: exp.Table | None,
    analysis: Analysis,
) -> list[str] | None:
    """Leave out the partition columns whose values the statement gives itself."""
    partition = (table.args.get("partition") if table is not None else None) or node.args.get(
        "partition"
    )
    if names is None or not isinstance(partition, exp.Partition):
        return names
    static, dynamic = set(), []
    for one in partition.expressions:
        word = word_of(unqualified(one.this if isinstance(one, exp.EQ) else one))
        if isinstance(one, exp.EQ):
            static.add(word.text.lower())
        else:
            dynamic.append(word.text.lower())
    del relation, analysis
    kept = [name for name in names if name.lower() not in static]
    # The values of the others come last, whatever the table's order.
    last = [name for name in kept if name.lower() in dynamic]
    last.sort(key=lambda name: dynamic.index(name.lower()))
    return [name for name in kept if name.lower() not in dynamic] + last


def _is_row(node: object) -> bool:
    return isinstance(node, exp.Column | exp.Var) and node.name.upper() == "ROW"
