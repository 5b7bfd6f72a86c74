"""Queries: SELECT, set operations and common table expressions, as relations."""

from __future__ import annotations

from sqlglot import exp

from temporal_lineage.sql.analysis import Analysis, Visible, word_of
from temporal_lineage.sql.dependencies import NOTHING, Dependencies, Step, through
from temporal_lineage.sql.names import Word
from temporal_lineage.sql.relations import (
    EMPTY,
    Output,
    Relation,
    Rest,
    deciding,
    renamed,
    united,
    without,
)
from temporal_lineage.sql.scopes import Scope
from temporal_lineage.sql.selects import Select

_ROUNDS_MAX = 8


def query(node: exp.Expr, analysis: Analysis, *, outer: Scope | None, visible: Visible) -> Relation:
    """Give the columns of a query and what decides about its rows."""
    analysis.step()
    while isinstance(node, exp.Paren):
        node = node.this
    visible = with_expressions(node, analysis, outer=outer, visible=visible)
    if isinstance(node, exp.Pivot) and isinstance(node.this, exp.Table):
        return _pivot_statement(node, analysis, outer, visible)
    if isinstance(node, exp.Table | exp.Values) or node.args.get("joins"):
        star = node if isinstance(node, exp.Select) else exp.select("*").from_(node.copy())
        return Select(star, analysis, outer=outer, visible=visible).relation()
    if isinstance(node, exp.Subquery):
        inner = query(node.this, analysis, outer=outer, visible=visible)
        return _modified(node, inner, analysis, outer, visible)
    if isinstance(node, exp.SetOperation):
        return _modified(
            node, _set_operation(node, analysis, outer, visible), analysis, outer, visible
        )
    if isinstance(node, exp.Select):
        return Select(node, analysis, outer=outer, visible=visible).relation()
    analysis.doubt(f"what {node.key.upper()} gives is not known")
    return EMPTY


def _pivot_statement(
    node: exp.Pivot, analysis: Analysis, outer: Scope | None, visible: Visible
) -> Relation:
    """DuckDB's PIVOT t ON ...: its columns are made of values."""
    star = exp.select("*").from_(node.this.copy())
    inner = Select(star, analysis, outer=outer, visible=visible).relation()
    analysis.doubt("the columns that PIVOT makes are not known before it runs")
    found = through(inner.everything(), Step.AGGREGATION)
    return Relation((Rest((), found, frozenset()),), inner.whole)


def with_expressions(
    node: exp.Expr, analysis: Analysis, *, outer: Scope | None, visible: Visible
) -> Visible:
    """Add the common table expressions of a statement to those that are visible."""
    clause = node.args.get("with_")
    if not isinstance(clause, exp.With):
        return visible
    known = dict(visible)
    for one in clause.expressions:
        if not isinstance(one, exp.CTE):
            continue
        alias = one.args["alias"]
        key = analysis.key(word_of(alias.this))
        words = [word_of(name) for name in alias.args.get("columns") or ()]
        fold = analysis.dialect.casing.columns
        if clause.args.get("recursive") or _names_itself(one, key, known, analysis):
            known[key] = _recursive(one, key, words, analysis, outer, known)
        else:
            found = query(one.this, analysis, outer=outer, visible=known)
            known[key] = renamed(found, words, fold)
    return known


def _names_itself(one: exp.CTE, key: str, known: Visible, analysis: Analysis) -> bool:
    """Tell whether it reads itself: T-SQL and Oracle say no RECURSIVE."""
    if key in known or analysis.dialect.name not in {"tsql", "oracle", "fabric", "teradata"}:
        return False
    return isinstance(one.this, exp.SetOperation) and any(
        not table.args.get("db") and analysis.key(word_of(table.this)) == key
        for table in one.this.find_all(exp.Table)
    )


def _recursive(
    one: exp.CTE,
    key: str,
    words: list[Word],
    analysis: Analysis,
    outer: Scope | None,
    known: Visible,
) -> Relation:
    """Walk until nothing new arrives; what it gives grows with each round, within bounds."""
    fold = analysis.dialect.casing.columns
    body = one.this
    if not isinstance(body, exp.SetOperation):
        return renamed(query(body, analysis, outer=outer, visible=known), words, fold)
    inside = with_expressions(body, analysis, outer=outer, visible=known)
    anchor = query(body.this, analysis, outer=outer, visible=inside)
    relation = renamed(anchor, words, fold)
    for _ in range(_ROUNDS_MAX):
        again = query(body.expression, analysis, outer=outer, visible={**inside, key: relation})
        grown, _ = united(relation, again, by_name=False)
        if grown == relation:
            break
        relation = grown
    else:
        analysis.doubt(f"recursion of {word_of(one.args['alias'].this).text} was followed in part")
    return relation


def _set_operation(
    node: exp.SetOperation, analysis: Analysis, outer: Scope | None, visible: Visible
) -> Relation:
    # A long UNION leans to the left; it is walked without recursion.
    chain: list[tuple[exp.SetOperation, Visible]] = []
    leftmost: exp.Expr = node
    while isinstance(leftmost, exp.SetOperation) and (leftmost is node or not _modifiers(leftmost)):
        if leftmost is not node:
            visible = with_expressions(leftmost, analysis, outer=outer, visible=visible)
        chain.append((leftmost, visible))
        leftmost = leftmost.this
    relation = query(leftmost, analysis, outer=outer, visible=visible)
    for one, seen in reversed(chain):
        right = query(one.expression, analysis, outer=outer, visible=seen)
        relation = _pair(one, relation, right, analysis)
    return relation


def _pair(node: exp.SetOperation, left: Relation, right: Relation, analysis: Analysis) -> Relation:
    if isinstance(node, exp.Except):
        # No value of the right side arrives; it takes rows away that are equal in all columns.
        compared = deciding(left, Step.FILTER) | deciding(right, Step.FILTER)
        return Relation(left.columns, left.whole | right.whole | compared)
    if node.args.get("by_name"):
        left, right = _named_alike(node, left, right, analysis)
    relation, sure = united(left, right, by_name=bool(node.args.get("by_name")))
    if not sure:
        analysis.doubt(
            f"which columns meet in {node.key.upper()} is not known for all"
            if not (left.closed and right.closed)
            else f"the sides of {node.key.upper()} have {len(left.columns)} and"
            f" {len(right.columns)} columns"
        )
    if isinstance(node, exp.Intersect):
        compared = deciding(relation, Step.FILTER)
        relation = Relation(relation.columns, relation.whole | compared)
    if isinstance(node, exp.Union) and node.args.get("distinct"):
        relation = Relation(relation.columns, relation.whole | deciding(relation, Step.GROUP_BY))
    return relation


def _named_alike(
    node: exp.SetOperation, left: Relation, right: Relation, analysis: Analysis
) -> tuple[Relation, Relation]:
    """Leave out the columns that LEFT, INNER or ON leave out of a set operation by name."""
    sides = [{one.key for one in side.columns if isinstance(one, Output)} for side in (left, right)]
    kind = str(node.args.get("kind") or "").upper()
    side = str(node.args.get("side") or "").upper()
    kept = sides[0] | sides[1]
    if node.args.get("on"):
        kept = {analysis.key(word_of(one.this)) for one in node.args["on"]}
    elif kind == "INNER":
        kept = sides[0] & sides[1]
    elif side == "LEFT":
        kept = sides[0]
    return without(left, sides[0] - kept), without(right, sides[1] - kept)


def _modifiers(node: exp.Expr) -> bool:
    return any(node.args.get(key) for key in ("order", "limit", "offset"))


def _modified(
    node: exp.Expr,
    relation: Relation,
    analysis: Analysis,
    outer: Scope | None,
    visible: Visible,
) -> Relation:
    """Add what ORDER BY after a set operation or a bracket sorts by."""
    order = node.args.get("order")
    if order is None:
        return relation
    found = sorted_by(order, relation, analysis, outer, visible)
    return Relation(relation.columns, relation.whole | found)


def sorted_by(
    order: exp.Expr,
    relation: Relation,
    analysis: Analysis,
    outer: Scope | None,
    visible: Visible,
) -> Dependencies:
    """Give what the output columns that are sorted by come from."""
    from temporal_lineage.sql.expressions import Expressions
    from temporal_lineage.sql.scopes import Item

    scope = analysis.scope(outer)
    scope.items.append(Item("", (), plain=False, relation=relation))
    walk = Expressions(analysis, scope, visible)
    outputs = [one for one in relation.columns if isinstance(one, Output)]
    found = NOTHING
    for one in order.expressions:
        term = one.this if isinstance(one, exp.Ordered) else one
        if isinstance(term, exp.Literal) and term.is_int and int(term.this) <= len(outputs):
            found |= frozenset(
                each.through(Step.SORT, masking=False) for each in outputs[int(term.this) - 1].found
            )
        else:
            found |= walk.of(term, Step.SORT)
    return found
