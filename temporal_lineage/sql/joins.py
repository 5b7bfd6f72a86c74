"""Joins: how items of FROM come together, and which columns USING and NATURAL make one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from temporal_lineage.sql.analysis import Analysis, Visible, column_word, word_of
from temporal_lineage.sql.dependencies import NOTHING, Dependencies, Step, through, unknown
from temporal_lineage.sql.expressions import Expressions
from temporal_lineage.sql.items import Items
from temporal_lineage.sql.names import Word
from temporal_lineage.sql.relations import (
    Column,
    Output,
    Relation,
    keys_of,
    listed,
    unlisted,
    without,
)
from temporal_lineage.sql.scopes import Item, Scope


def add_with_joins(
    node: exp.Expr,
    analysis: Analysis,
    scope: Scope,
    visible: Visible,
    items: Items | None,
) -> Dependencies:
    """Add an item and all that is joined to it; give what decides about the rows."""
    items = items or Items(analysis, scope, visible)
    added = items.add(node)
    whole = frozenset().union(NOTHING, *(one.relation.whole for one in added))
    for lateral in node.args.get("laterals") or ():
        whole |= add_with_joins(lateral, analysis, scope, visible, items)
    for join in node.args.get("joins") or ():
        whole |= add_join(join, analysis, scope, visible, items)
    return whole


def add_join(
    join: exp.Join, analysis: Analysis, scope: Scope, visible: Visible, items: Items
) -> Dependencies:
    """Join one more item to those there are; give what decides about the rows."""
    before = list(scope.items)
    if str(join.args.get("kind") or "").upper() == "ARRAY":
        return _array_join(join, analysis, scope, visible)
    whole = add_with_joins(join.this, analysis, scope, visible, items)
    added = scope.items[len(before) :]
    walk = Expressions(analysis, scope, visible)
    whole |= walk.of(join.args.get("on"), Step.JOIN)
    whole |= walk.of(join.args.get("match_condition"), Step.JOIN)
    words = [column_word(one) for one in join.args.get("using") or ()]
    if str(join.args.get("method") or "").upper() == "NATURAL":
        words = _shared(before, added, analysis)
    one_sided = str(join.args.get("kind") or "").upper() in {"SEMI", "ANTI"}
    for word in words:
        left, right = _left(word, before, scope, analysis), _among(word, added, analysis)
        whole |= through(left | right, Step.JOIN)
        if not one_sided:
            key = analysis.key(word)
            spelled = scope.merged[key][0] if key in scope.merged else word
            scope.merged[key] = (spelled, left | right)
    if one_sided:
        # Only one side goes on; the other decided which of its rows do.
        right_side = str(join.args.get("side") or "").upper() == "RIGHT"
        scope.items[:] = added if right_side else before
    return whole


def everything(scope: Scope) -> Relation:
    """Give all columns of FROM in the order of `SELECT *`; the standard has merged ones first."""
    fold = scope.dialect.casing.columns
    merged = [Output(word.text, key, found) for key, (word, found) in scope.merged.items()]
    words = [word for word, _ in scope.merged.values()]
    if not scope.dialect.merged_in_place:
        hidden = (without(one.relation, keys_of(one.relation, words, fold)) for one in scope.items)
        rest = (column for relation in hidden for column in relation.columns)
        return Relation((*merged, *rest), NOTHING)
    columns: list[Column] = []
    left = {one.key: one for one in merged}
    for item in scope.items:
        gone = keys_of(item.relation, words, fold) - left.keys()
        columns += [
            left.pop(one.key, one) if isinstance(one, Output) else one
            for one in without(item.relation, gone).columns
        ]
    return Relation((*columns, *left.values()), NOTHING)


def _array_join(join: exp.Join, analysis: Analysis, scope: Scope, visible: Visible) -> Dependencies:
    """ClickHouse's ARRAY JOIN: a row for each element, under the array's name or another."""
    walk = Expressions(analysis, scope, visible)
    terms = [one for one in (join.this, *join.expressions) if one is not None]
    columns: list[Column] = []
    for one in terms:
        alias = one.args.get("alias")
        if isinstance(alias, exp.TableAlias):
            alias = alias.this
        if alias is not None:
            word = word_of(alias)
            value = as_value(one)
            found = walk.of(value, Step.TRANSFORMATION)
            columns.append(Output(word.text, analysis.key(word), found))
    if columns:
        relation = Relation(tuple(columns), NOTHING)
        scope.items.append(Item("", (), plain=False, relation=relation))
    return NOTHING


def as_value(node: exp.Expr) -> exp.Expr:
    """Take for a column what the parser took for a table."""
    if isinstance(node, exp.Table):
        return node.to_column()
    return node.this if isinstance(node, exp.Alias) else node


def _left(word: Word, before: Sequence[Item], scope: Scope, analysis: Analysis) -> Dependencies:
    """Find a column of all that was joined so far."""
    known = scope.merged.get(analysis.key(word))
    return known[1] if known else _among(word, before, analysis)


def _among(word: Word, items: Sequence[Item], analysis: Analysis) -> Dependencies:
    """Find a column in one side of a join."""
    fold = analysis.dialect.casing.columns
    outputs = [one for item in items for one in listed(item.relation, word, fold)]
    if outputs:
        return frozenset().union(*(one.found for one in outputs))
    rests = [rest for item in items for rest in unlisted(item.relation, word, fold)]
    if len(rests) == 1:
        return rests[0].named(word.text)
    return unknown(word.text, (read for item in items for read in item.relation.tables()))


def _shared(before: Sequence[Item], added: Sequence[Item], analysis: Analysis) -> list[Word]:
    """Give the names that both sides of a NATURAL join have."""
    if not all(item.relation.closed for item in (*before, *added)):
        analysis.doubt("a NATURAL join of tables whose columns are not known")
    left, right = (
        {
            one.key: one.name
            for item in side
            for one in item.relation.columns
            if isinstance(one, Output)
        }
        for side in (before, added)
    )
    return [Word(name, quoted=False) for key, name in left.items() if key in right]
