"""Expressions: the columns a value depends on, and how, in one walk without recursion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from temporal_lineage.sql.analysis import Analysis, Visible, word_of
from temporal_lineage.sql.dependencies import Dependencies, Dependency, Step, through, unknown
from temporal_lineage.sql.names import Word
from temporal_lineage.sql.relations import Rest, found_in
from temporal_lineage.sql.scopes import Item, Scope

# Functions whose result tells nothing of what went in, as OpenLineage's integrations count them.
_MASKING_NODES = (exp.MD5, exp.MD5Digest, exp.SHA, exp.SHA2, exp.SHA1Digest, exp.SHA2Digest)
_MASKING_NAMES = frozenset(
    {"crc32", "hash", "hive_hash", "mask", "mask_first_n", "mask_hash", "mask_last_n"}
    | {"mask_show_first_n", "mask_show_last_n", "md5", "murmur3", "murmurhash3", "sha", "sha1"}
    | {"sha2", "sha224", "sha256", "sha384", "sha512", "xxhash64", "farm_fingerprint", "hashbytes"}
)
_UNCHANGED = (exp.Alias, exp.Paren, exp.Kwarg, exp.Ordered, exp.Tuple)
_ARRANGED = frozenset({exp.PercentileCont, exp.PercentileDisc, exp.Mode})


@dataclass(frozen=True, slots=True)
class _Task:
    node: exp.Expr
    step: Step
    masking: bool
    bound: frozenset[str]
    """Parameters of the lambdas around it, which are no columns."""


class Expressions:
    """Walks the expressions of one scope."""

    def __init__(self, analysis: Analysis, scope: Scope, visible: Visible) -> None:
        """Resolve in this scope; subqueries see these common table expressions."""
        self._analysis = analysis
        self._scope = scope
        self._visible = visible
        self.windows: dict[str, exp.Expr] = {}
        """Windows that the query names."""

    def of(self, node: exp.Expr | None, step: Step = Step.IDENTITY) -> Dependencies:
        """Give what a value depends on, taken through one more step."""
        if node is None:
            return frozenset()
        found: set[Dependency] = set()
        tasks = [_Task(node, step, masking=False, bound=frozenset())]
        while tasks:
            task = tasks.pop()
            self._analysis.step()
            if isinstance(task.node, exp.Parameter) and self._analysis.dialect.name == "snowflake":
                if isinstance(task.node.this, exp.Literal):
                    found |= self._numbered(task.node, self._scope.items, task)
            elif isinstance(task.node, exp.Star):
                found |= through(self._row(), task.step, masking=task.masking)
            elif isinstance(task.node, exp.Column | exp.Dot | exp.Query | exp.Exists | exp.Table):
                found |= self._leaf(task, tasks)
            else:
                tasks.extend(self._below(task))
        return frozenset(found)

    def each(self, node: exp.Expr, count: int) -> list[Dependencies]:
        """Give what each column of a subquery depends on: `(a, b) = (SELECT ...)`."""
        query = node.this if isinstance(node, exp.Paren | exp.Subquery) else node
        if not isinstance(query, exp.Query):
            return [self.of(node)] * count
        relation = self._analysis.queries(
            query, self._analysis, outer=self._scope, visible=self._visible
        )
        if not relation.closed:
            return [relation.everything() | relation.whole] * count
        return [found_in(one) | relation.whole for one in relation.columns[:count]]

    def _leaf(self, task: _Task, tasks: list[_Task]) -> Dependencies:
        node = task.node
        if isinstance(node, exp.Column | exp.Dot):
            words = _words(node)
            if words is None and isinstance(node, exp.Column):
                return self._by_place(node, task)
            if words is None:
                tasks.extend(self._below(task))
                return frozenset()
            return self._column(words, task)
        if isinstance(node, exp.Table):
            return frozenset()
        query = node.this if isinstance(node, exp.Exists) else node
        if not isinstance(query, exp.Query):
            tasks.extend(self._below(task))
            return frozenset()
        relation = self._analysis.queries(
            query, self._analysis, outer=self._scope, visible=self._visible
        )
        values = frozenset() if isinstance(node, exp.Exists) else relation.everything()
        return through(values, task.step, masking=task.masking) | (
            through(relation.whole, task.step) if task.step.kind == "INDIRECT" else relation.whole
        )

    def _by_place(self, node: exp.Column, task: _Task) -> Dependencies:
        """Read Snowflake's `t.$1`, the first column of t."""
        item = self._scope.item([word_of(node.args["table"])]) if node.table else None
        return self._numbered(node.this, [item] if item else [], task)

    def _numbered(self, node: exp.Expr, items: Sequence[Item], task: _Task) -> Dependencies:
        number = int(node.this.name) if node.this.name.isdecimal() else 0
        if not number:
            return frozenset()
        columns = [one for item in items for one in item.relation.columns][:number]
        found = unknown(f"${number}", (read for item in items for read in item.relation.tables()))
        if any(isinstance(one, Rest) for one in columns):
            found = frozenset().union(
                *(one.named(f"${number}") for one in columns if isinstance(one, Rest))
            )
        elif len(columns) == number:
            found = found_in(columns[-1])
        return through(found, task.step, masking=task.masking)

    def _row(self) -> Dependencies:
        """Give all columns of FROM: `object_construct(*)`."""
        items = self._scope.items
        return frozenset().union(*(item.relation.everything() for item in items))

    def _column(self, words: tuple[Word, ...], task: _Task) -> Dependencies:
        if self._analysis.key(words[0]) in task.bound:
            return frozenset()
        if words[-1].text == "*" and not words[-1].quoted:
            item = self._scope.item(words[:-1])
            found = item.relation.everything() if item else frozenset()
        else:
            found = self._scope.resolve(words)
        self._analysis.step(len(found))
        return through(found, task.step, masking=task.masking)

    def _below(self, task: _Task) -> Iterator[_Task]:
        """Give the parts of a node, each with the step that the node means for it."""
        node, step = task.node, task.step
        match node:
            case exp.Case() | exp.If():
                yield from self._branches(task)
            case exp.Window():
                yield from self._window(task)
            case exp.Filter():
                yield self._task(task, node.this, step)
                yield self._task(task, node.expression, Step.CONDITIONAL)
            case exp.WithinGroup():
                # percentile_cont(0.5) WITHIN GROUP (ORDER BY x) is of x; listagg(a) is of a.
                arranged = type(node.this) in _ARRANGED or not node.this.find(exp.Column)
                yield self._task(task, node.this, step)
                order = Step.AGGREGATION if arranged else Step.SORT
                yield self._task(task, node.expression, order)
            case exp.Order() if node.this is not None:
                yield self._task(task, node.this, step)
                for one in node.expressions:
                    yield self._task(task, one, Step.SORT)
            case exp.Lambda():
                names = {self._analysis.key(word_of(one)) for one in node.expressions}
                yield _Task(node.this, step, task.masking, task.bound | names)
            case exp.In() if node.args.get("query") is not None:
                yield self._task(task, node.this, Step.TRANSFORMATION)
                yield self._task(task, node.args["query"], Step.TRANSFORMATION)
            case _:
                yield from self._arguments(task)

    def _arguments(self, task: _Task) -> Iterator[_Task]:
        node = task.node
        masking = task.masking or _masks(node)
        if isinstance(node, _UNCHANGED):
            step = task.step
        elif isinstance(node, exp.AggFunc) and not _only_by_place(node):
            step = Step.AGGREGATION
        else:
            step = Step.TRANSFORMATION
        for part in node.iter_expressions():
            if isinstance(part, exp.Star) and isinstance(node, exp.Count):
                continue  # it counts rows, whatever is in them
            yield _Task(part, _further(task.step, step), masking, task.bound)

    def _branches(self, task: _Task) -> Iterator[_Task]:
        node = task.node
        if isinstance(node, exp.Case):
            ifs, default = node.args["ifs"], node.args.get("default")
            if node.this is not None:
                yield self._task(task, node.this, Step.CONDITIONAL)
            for one in ifs:
                yield self._task(task, one.this, Step.CONDITIONAL)
                yield self._task(task, one.args.get("true"), task.step)
        else:
            yield self._task(task, node.this, Step.CONDITIONAL)
            yield self._task(task, node.args.get("true"), task.step)
            default = node.args.get("false")
        if default is not None:
            yield self._task(task, default, task.step)

    def _window(self, task: _Task) -> Iterator[_Task]:
        node = task.node
        yield self._task(task, node.this, task.step)
        named = node.args.get("alias")
        parts = list(node.args.get("partition_by") or ())
        if node.args.get("order") is not None:
            parts += node.args["order"].expressions
        if named is not None and (window := self.windows.get(self._analysis.key(word_of(named)))):
            parts += window.args.get("partition_by") or ()
            if window.args.get("order") is not None:
                parts += window.args["order"].expressions
        for part in parts:
            yield self._task(task, part, Step.WINDOW)

    def _task(self, task: _Task, node: exp.Expr | None, step: Step) -> _Task:
        return _Task(
            node if node is not None else exp.Null(),
            _further(task.step, step),
            task.masking,
            task.bound,
        )


def _further(outer: Step, inner: Step) -> Step:
    """Join the step of a part with those above it, as for a column that takes both."""
    if outer.kind == "INDIRECT" or inner.kind == "INDIRECT":
        # What decides inside what decides, decides in the outer way.
        return outer if outer.kind == "INDIRECT" else inner
    order = (Step.IDENTITY, Step.TRANSFORMATION, Step.AGGREGATION)
    return max(outer, inner, key=order.index)


def _masks(node: exp.Expr) -> bool:
    if isinstance(node, _MASKING_NODES):
        return True
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return node.name.lower() in _MASKING_NAMES
    return isinstance(node, exp.Func) and node.sql_name().lower() in _MASKING_NAMES


def _only_by_place(node: exp.Expr) -> bool:
    """LAG and its like give one row's value; sqlglot counts them among the aggregates."""
    return isinstance(node, exp.Lag | exp.Lead | exp.FirstValue | exp.LastValue | exp.NthValue)


def _words(node: exp.Expr) -> tuple[Word, ...] | None:
    """Give the parts of a dotted name; None where something else than a name is dotted."""
    after: list[Word] = []
    while isinstance(node, exp.Dot):
        if not isinstance(node.expression, exp.Identifier | exp.Star):
            return None
        after.append(_part(node.expression))
        node = node.this
        while isinstance(node, exp.Paren):
            node = node.this
    if isinstance(node, exp.Identifier):
        return (word_of(node), *reversed(after))
    if not isinstance(node, exp.Column):
        return None
    parts = [part for key in ("catalog", "db", "table", "this") if (part := node.args.get(key))]
    if not all(isinstance(part, exp.Identifier | exp.Star) for part in parts):
        return None
    return (*(_part(part) for part in parts), *reversed(after))


def _part(node: exp.Expr) -> Word:
    return Word("*", quoted=False) if isinstance(node, exp.Star) else word_of(node)
