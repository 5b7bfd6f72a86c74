"""Upserts: what an INSERT sets in rows that are there already."""

from __future__ import annotations

from sqlglot import exp

from temporal_lineage.sql.analysis import Analysis, Visible, word_of
from temporal_lineage.sql.dependencies import Dependencies, Step
from temporal_lineage.sql.expressions import Expressions
from temporal_lineage.sql.items import table_relation
from temporal_lineage.sql.names import Place, Read, TableName, Word
from temporal_lineage.sql.relations import Relation
from temporal_lineage.sql.scopes import Item
from temporal_lineage.sql.statements import TargetColumn, Write
from temporal_lineage.sql.writes import condition, relation_of, spelled, together, unqualified

PROPOSED = "excluded"
"""How standard-minded engines call the row that an INSERT proposes."""


def upserted(node: exp.Insert, write: Write, analysis: Analysis, visible: Visible) -> Write:
    """Add what ON CONFLICT and ON DUPLICATE KEY set in rows that are there already."""
    conflict = node.args.get("conflict")
    if conflict is None or not conflict.expressions:
        return write
    scope = analysis.scope(None)
    proposed = relation_of(write.columns, analysis)
    key = analysis.key(Word(PROPOSED, quoted=False))
    kept = table_relation(Read(write.place, None), analysis)
    scope.items.append(Item(analysis.key(_last(write.place)), (), plain=True, relation=kept))
    named = _called_by(node, proposed, analysis)
    walk = Expressions(analysis, scope, visible)
    # A bare name is the row that is there; VALUES(a) and excluded.a are of the one proposed.
    inside = analysis.scope(scope)
    inside.items += [Item(key, (), plain=False, relation=proposed), *named]
    proposing = Expressions(analysis, inside, visible)
    columns = list(write.columns)
    for one in conflict.expressions:
        if isinstance(one, exp.EQ | exp.PropertyEQ):
            (name,) = spelled([word_of(unqualified(one.this))], write.place, analysis)
            columns.append(TargetColumn(name, _proposed(one.expression, walk, proposing)))
    whole = write.whole | walk.of(condition(conflict), Step.FILTER)
    return Write(write.place, together(columns, analysis), whole)


def _proposed(node: exp.Expr, walk: Expressions, proposing: Expressions) -> Dependencies:
    """Walk a value; its qualified names and those inside VALUES() are of the proposed row."""
    value = node.copy()
    for one in list(value.find_all(exp.Anonymous)):
        if one.name.upper() == "VALUES" and len(one.expressions) == 1:
            name = one.expressions[0]
            bare = name.this if isinstance(name, exp.Column) else name
            column = exp.Column(this=bare.copy(), table=exp.to_identifier(PROPOSED))
            if one is value:
                return proposing.of(column)
            one.replace(column)
    found: Dependencies = frozenset()
    if isinstance(value, exp.Column) and not value.table:
        return walk.of(value)
    for bare_name in [one for one in value.find_all(exp.Column) if not one.table]:
        found |= walk.of(bare_name, Step.TRANSFORMATION)
        bare_name.replace(exp.Null())
    return found | proposing.of(value)


def _last(place: Place) -> Word:
    return Word(place.parts[-1] if isinstance(place, TableName) else place.path, quoted=False)


def _called_by(node: exp.Insert, proposed: Relation, analysis: Analysis) -> list[Item]:
    """Give the proposed row under the name that MySQL lets a statement choose: `AS new`."""
    source = node.expression
    alias = source.args.get("alias") if isinstance(source, exp.Values) else None
    if alias is None or alias.this is None:
        return []
    return [Item(analysis.key(word_of(alias.this)), (), plain=False, relation=proposed)]
