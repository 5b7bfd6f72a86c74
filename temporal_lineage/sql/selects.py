"""SELECT: one block of a query, from FROM to ORDER BY."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from temporal_lineage.sql.analysis import Analysis, Visible, column_word, word_of
from temporal_lineage.sql.dependencies import NOTHING, Dependencies, Step, through
from temporal_lineage.sql.expressions import Expressions
from temporal_lineage.sql.items import Items
from temporal_lineage.sql.joins import add_join, add_with_joins, everything
from temporal_lineage.sql.names import Word
from temporal_lineage.sql.relations import (
    Column,
    Output,
    Relation,
    Rest,
    found_in,
    keys_of,
    without,
)
from temporal_lineage.sql.scopes import Aliases, Scope


class Select:
    """Walks one SELECT."""

    def __init__(
        self, node: exp.Select, analysis: Analysis, *, outer: Scope | None, visible: Visible
    ) -> None:
        """Take a SELECT whose common table expressions are visible already."""
        self._node = node
        self._analysis = analysis
        self._visible = visible
        self._scope = analysis.scope(outer)
        self._walk = Expressions(analysis, self._scope, visible)
        self._columns: list[Column] = []

    def relation(self) -> Relation:
        """Give its columns and what decides about its rows."""
        whole = self._from()
        for one in self._node.args.get("windows") or ():
            self._walk.windows[self._analysis.key(word_of(one.this))] = one
        lateral = self._analysis.dialect.lateral_aliases
        self._scope.alias_use = Aliases.BEFORE_UNLISTED if lateral else Aliases.LAST
        for one in self._node.expressions:
            for column in self._projected(one):
                self._columns.append(column)
                if isinstance(column, Output) and isinstance(one, exp.Alias | exp.Aliases):
                    self._scope.aliases.setdefault(column.key, column.found)
        whole |= self._clauses()
        return Relation(tuple(self._columns), whole)

    def _from(self) -> Dependencies:
        node = self._node
        items = Items(self._analysis, self._scope, self._visible)
        whole = NOTHING
        clause = node.args.get("from_")
        if clause is not None:
            whole |= add_with_joins(clause.this, self._analysis, self._scope, self._visible, items)
        for join in node.args.get("joins") or ():
            whole |= add_join(join, self._analysis, self._scope, self._visible, items)
        for lateral in node.args.get("laterals") or ():
            whole |= add_with_joins(lateral, self._analysis, self._scope, self._visible, items)
        return whole

    def _clauses(self) -> Dependencies:
        """Give what WHERE, GROUP BY and the rest decide by."""
        node, scope = self._node, self._scope
        found = NOTHING
        if node.args.get("match") is not None:
            self._analysis.doubt("the columns that MATCH_RECOGNIZE measures are not followed")
        for key in ("where", "prewhere", "connect", "match"):
            clause = node.args.get(key)
            if clause is not None:
                found |= self._clause(clause, Step.FILTER)
        scope.alias_use = Aliases.BEFORE_UNLISTED
        scope.aliases = {
            **{one.key: one.found for one in self._columns if isinstance(one, Output)},
            **scope.aliases,
        }
        found |= self._grouped(node.args.get("group"))
        for key in ("having", "qualify"):
            clause = node.args.get(key)
            if clause is not None:
                found |= self._clause(clause, Step.FILTER)
        distinct = node.args.get("distinct")
        if distinct is not None:
            found |= self._distinct(distinct)
        scope.alias_use = Aliases.FIRST
        for key in ("order", "sort", "distribute", "cluster"):
            clause = node.args.get(key)
            if clause is not None:
                found |= self._terms(clause.expressions, Step.SORT)
        return found

    def _clause(self, clause: exp.Expr, step: Step) -> Dependencies:
        return frozenset().union(
            NOTHING, *(self._walk.of(one, step) for one in clause.iter_expressions())
        )

    def _grouped(self, group: exp.Expr | None) -> Dependencies:
        if group is None:
            return NOTHING
        found = NOTHING
        if group.args.get("all"):
            plain = [one for one in self._node.expressions if not one.find(exp.AggFunc)]
            found |= self._terms(plain, Step.GROUP_BY)
        found |= self._terms(group.expressions, Step.GROUP_BY)
        for key in ("cube", "rollup", "grouping_sets"):
            for one in group.args.get(key) or ():
                if isinstance(one, exp.Expr):
                    found |= self._walk.of(one, Step.GROUP_BY)
        return found

    def _distinct(self, distinct: exp.Expr) -> Dependencies:
        on = distinct.args.get("on")
        if on is not None:
            return self._walk.of(on, Step.GROUP_BY)
        return frozenset().union(
            NOTHING, *(through(found_in(one), Step.GROUP_BY) for one in self._columns)
        )

    def _terms(self, terms: Sequence[exp.Expr], step: Step) -> Dependencies:
        """Walk terms of GROUP BY or ORDER BY, where a number names a column of the list."""
        found = NOTHING
        for one in terms:
            term = one.this if isinstance(one, exp.Ordered) else one
            place = int(term.this) if isinstance(term, exp.Literal) and term.is_int else 0
            if 0 < place <= len(self._columns) and not self._listed_before(place):
                found |= through(found_in(self._columns[place - 1]), step)
            elif isinstance(term, exp.Column) and not term.table:
                found |= self._walk.of(term, step)
            else:
                found |= self._inside(term, step)
        return found

    def _inside(self, term: exp.Expr, step: Step) -> Dependencies:
        """Walk an expression, in which columns of FROM come before aliases."""
        used, self._scope.alias_use = self._scope.alias_use, Aliases.BEFORE_UNLISTED
        found = self._walk.of(term, step)
        self._scope.alias_use = used
        return found

    def _listed_before(self, place: int) -> bool:
        return any(isinstance(one, Rest) for one in self._columns[:place])

    def _projected(self, node: exp.Expr) -> Iterator[Column]:
        """Give the column or columns that one term of the list becomes."""
        if isinstance(node, exp.Star):
            yield from self._starred(node, everything(self._scope))
        elif isinstance(node, exp.Column | exp.Dot) and _star_of(node) is not None:
            yield from self._qualified_star(node)
        elif node.find(exp.Columns) is not None:
            yield self._chosen(node)
        elif isinstance(node, exp.QueryTransform):
            yield from self._transformed(node)
        elif isinstance(node, exp.Aliases):
            found = self._walk.of(node.this)
            for alias in node.expressions:
                yield self._output(word_of(alias), found)
        else:
            word = _name_of(node, self._analysis.dialect.name)
            yield self._output(word, self._walk.of(node))

    def _chosen(self, node: exp.Expr) -> Rest:
        """Give the columns that DuckDB's and ClickHouse's COLUMNS() picks by their names."""
        self._analysis.doubt("which columns COLUMNS() picks depends on their names")
        bare = isinstance(node, exp.Columns)
        step = Step.IDENTITY if bare else Step.TRANSFORMATION
        return Rest((), through(everything(self._scope).everything(), step), frozenset())

    def _transformed(self, node: exp.QueryTransform) -> Iterator[Column]:
        """Give the columns of Hive's TRANSFORM; a program made each of all that went in."""
        schema = node.args.get("schema")
        words = [
            word_of(one.this if isinstance(one, exp.ColumnDef) else one)
            for one in (schema.expressions if schema is not None else ())
        ]
        names = words or [Word("key", quoted=False), Word("value", quoted=False)]
        terms = (self._walk.of(one, Step.TRANSFORMATION) for one in node.expressions)
        found = frozenset().union(NOTHING, *terms)
        yield from (self._output(word, found) for word in names)

    def _output(self, word: Word, found: Dependencies) -> Output:
        return Output(word.text, self._analysis.key(word), found)

    def _qualified_star(self, node: exp.Expr) -> Iterator[Column]:
        star = _star_of(node)
        words = _before_star(node)
        item = self._scope.item(words)
        if item is not None and star is not None:
            yield from self._starred(star, item.relation)
            return
        outer = self._scope.parent.item(words) if self._scope.parent else None
        if outer is not None and star is not None:
            yield from self._starred(star, outer.relation)
            return
        # `s.*` of a struct: its fields are not told by the schema of the table.
        found = self._scope.resolve(words)
        name = ".".join(word.text for word in words)
        self._analysis.doubt(f"the fields of {name}.* are not known")
        yield Rest((), through(found, Step.TRANSFORMATION), frozenset())

    def _starred(self, star: exp.Star, relation: Relation) -> Iterator[Column]:
        """Apply EXCEPT, REPLACE, RENAME and ILIKE to all columns."""
        key = self._analysis.key
        fold = self._analysis.dialect.casing.columns

        def met_as(word: Word) -> str:
            return next(iter(keys_of(relation, [word], fold)))

        gone = {met_as(column_word(one)) for one in star.args.get("except_") or ()}
        replaced = {
            met_as(word_of(one.args["alias"])): one for one in star.args.get("replace") or ()
        }
        renamed = {
            met_as(column_word(one.this)): (
                column_word(one.this),
                word_of(one.args["alias"]),
            )
            for one in star.args.get("rename") or ()
        }
        if star.args.get("ilike") is not None:
            self._analysis.doubt("which columns ILIKE keeps depends on their names")
        kept = without(relation, gone)
        met: set[str] = set()
        for one in kept.columns:
            if isinstance(one, Rest):
                yield Rest(one.tables, one.found, one.hidden | {*replaced, *renamed})
                continue
            met.add(one.key)
            if one.key in replaced:
                yield Output(one.name, one.key, self._walk.of(replaced[one.key].this))
            elif one.key in renamed:
                _, word = renamed[one.key]
                yield Output(word.text, key(word), one.found)
            else:
                yield one
        yield from self._unmet(replaced, renamed, met)

    def _unmet(
        self,
        replaced: dict[str, exp.Expr],
        renamed: dict[str, tuple[Word, Word]],
        met: set[str],
    ) -> Iterator[Column]:
        """Give the columns that REPLACE and RENAME name among those that are not listed."""
        for key, one in replaced.items():
            if key not in met:
                yield self._output(word_of(one.args["alias"]), self._walk.of(one.this))
        for key, (before, word) in renamed.items():
            if key not in met:
                yield self._output(word, self._scope.resolve([before]))


def _star_of(node: exp.Expr) -> exp.Star | None:
    last = node.this if isinstance(node, exp.Column) else node.expression
    return last if isinstance(last, exp.Star) else None


def _before_star(node: exp.Expr) -> list[Word]:
    if isinstance(node, exp.Column):
        keys = ("catalog", "db", "table")
        return [word_of(part) for key in keys if (part := node.args.get(key))]
    inner = node.this
    while isinstance(inner, exp.Paren):
        inner = inner.this
    if isinstance(inner, exp.Dot):
        return [*_before_star(inner), word_of(inner.expression)]
    if isinstance(inner, exp.Column):
        parts = ("catalog", "db", "table", "this")
        return [word_of(part) for key in parts if (part := inner.args.get(key))]
    return [word_of(inner)]


def _name_of(node: exp.Expr, dialect: str) -> Word:
    """Give a column's name: its alias, the name it is of, or else its text."""
    if isinstance(node, exp.Alias):
        return word_of(node.args["alias"])
    inner = node
    while isinstance(inner, exp.Paren | exp.Cast | exp.Dot):
        if isinstance(inner, exp.Dot):
            if isinstance(inner.expression, exp.Identifier):
                return word_of(inner.expression)
            break
        if isinstance(inner, exp.Cast) and dialect not in _CAST_KEEPS_THE_NAME:
            break
        inner = inner.this
    if isinstance(inner, exp.Column) and isinstance(inner.this, exp.Identifier):
        return word_of(inner.this)
    return Word(node.sql(dialect=dialect, comments=False), quoted=True)


_CAST_KEEPS_THE_NAME = frozenset({"", "postgres", "redshift", "duckdb", "materialize"})
