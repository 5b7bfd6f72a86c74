"""Pivots: columns made of rows, and rows made of columns."""

from __future__ import annotations

from sqlglot import exp

from temporal_lineage.sql.analysis import Analysis, Visible, word_of
from temporal_lineage.sql.dependencies import NOTHING, Dependencies, Step, through
from temporal_lineage.sql.expressions import Expressions
from temporal_lineage.sql.names import Word
from temporal_lineage.sql.relations import Output, Relation, without
from temporal_lineage.sql.scopes import Scope


def pivoted(
    pivot: exp.Pivot, relation: Relation, scope: Scope, analysis: Analysis, visible: Visible
) -> Relation:
    """Give the columns of a relation after PIVOT or UNPIVOT."""
    walk = Expressions(analysis, scope, visible)
    if pivot.args.get("unpivot"):
        return _unpivoted(pivot, relation, walk, analysis)
    return _spread(pivot, relation, walk, analysis)


def _spread(
    pivot: exp.Pivot, relation: Relation, walk: Expressions, analysis: Analysis
) -> Relation:
    """Each new column aggregates; FOR decides into which; all other columns group."""
    values = frozenset().union(NOTHING, *(walk.of(one) for one in pivot.expressions))
    deciding: Dependencies = NOTHING
    used: set[str] = set()
    for field in pivot.args.get("fields") or ():
        if isinstance(field, exp.In):
            deciding |= walk.of(field.this, Step.CONDITIONAL)
            used |= {analysis.key(word_of(one.this)) for one in field.find_all(exp.Column)}
    for one in pivot.expressions:
        used |= {analysis.key(word_of(inner.this)) for inner in one.find_all(exp.Column)}
    kept = without(relation, used)
    grouping = through(kept.everything(), Step.GROUP_BY)
    made = pivot.args.get("columns") or ()
    if not made:
        analysis.doubt("the columns that PIVOT makes are not known before it runs")
    found = values | deciding
    columns = [
        Output(word.text, analysis.key(word), found) for word in (word_of(one) for one in made)
    ]
    if not columns:
        columns = [Output("*", "*", found)]
    return Relation((*kept.columns, *columns), relation.whole | grouping)


def _unpivoted(
    pivot: exp.Pivot, relation: Relation, walk: Expressions, analysis: Analysis
) -> Relation:
    """The values of several columns arrive in one; the column of names is of none."""
    gone: set[str] = set()
    values: Dependencies = NOTHING
    names: list[Word] = []
    for field in pivot.args.get("fields") or ():
        if isinstance(field, exp.In):
            names.append(word_of(field.this))
            for one in field.expressions:
                values |= walk.of(one.this if isinstance(one, exp.PivotAlias) else one)
                gone |= {analysis.key(word_of(inner.this)) for inner in one.find_all(exp.Column)}
    kept = without(relation, gone)
    words = [
        word_of(inner)
        for one in pivot.expressions
        for inner in (one.expressions if isinstance(one, exp.Tuple) else [one])
    ]
    columns = [Output(word.text, analysis.key(word), NOTHING) for word in names]
    columns += [Output(word.text, analysis.key(word), values) for word in words]
    return Relation((*kept.columns, *columns), relation.whole)
