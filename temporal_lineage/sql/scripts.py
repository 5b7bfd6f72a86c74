"""Scripts: a whole SQL text, statement after statement, with what earlier ones leave behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from temporal_lineage.sql.analysis import Analysis, Names, TooLargeError, word_of
from temporal_lineage.sql.changes import delete, insert, inserted, merge, update
from temporal_lineage.sql.definitions import alter, copy, create, drop, load, select_into
from temporal_lineage.sql.dependencies import NOTHING, Dependencies
from temporal_lineage.sql.dialects import Dialect
from temporal_lineage.sql.kinds import kind_of
from temporal_lineage.sql.names import TableName
from temporal_lineage.sql.queries import query
from temporal_lineage.sql.reading import (
    MALFORMED,
    NEAR_CHARS_MAX,
    NOT_UNDERSTOOD,
    Opened,
    Tree,
    Unparsed,
    deep,
    read,
)
from temporal_lineage.sql.relations import Output, Relation
from temporal_lineage.sql.schemas import Schemas
from temporal_lineage.sql.statements import (
    Refusal,
    Renamed,
    Script,
    Statement,
    TargetColumn,
    Write,
)
from temporal_lineage.sql.unparsed import HARMLESS, moving, unparsed
from temporal_lineage.sql.writes import in_order

_KNOWN_TO_MOVE_NOTHING = (
    *(exp.Analyze, exp.Comment, exp.Commit, exp.Create, exp.Declare, exp.Describe, exp.Drop),
    *(exp.Grant, exp.Kill, exp.Pragma, exp.Refresh, exp.Rollback, exp.Set, exp.Show),
    *(exp.Transaction, exp.Uncache, exp.Use, exp.EndStatement),
)
_NO_STATEMENT = (exp.Column, exp.Alias, exp.Literal, exp.Binary, exp.Identifier, exp.Paren)


@dataclass(frozen=True, slots=True)
class _Found:
    """What one kind of statement holds."""

    writes: Iterable[Write] = ()
    renames: Iterable[Renamed] = ()
    shown: tuple[TargetColumn, ...] = ()
    deciding: Dependencies = NOTHING


def analyse(text: str, dialect: Dialect, schemas: Schemas) -> Script:
    """Say what a text reads and writes, column by column.

    Columns are resolved against the schemas; where those are silent the answer says so.
    """
    names = Names()
    found: list[Statement | Refusal] = []
    doubts: list[str] = []
    inside = ""
    with deep():
        for one in read(text, dialect):
            match one:
                case Refusal():
                    found.append(one)
                case Opened():
                    inside = one.name
                    doubts.append(f"the statements of {inside} run when it is called")
                    found.append(_plain("CREATE PROCEDURE", one.line))
                case Unparsed():
                    found.append(_as_text(one, Analysis(dialect, schemas, names, query)))
                case Tree():
                    found.append(_guarded(one, dialect, schemas, names))
    return Script(str(dialect), tuple(found), frozenset(names.temporary), tuple(doubts))


def _guarded(tree: Tree, dialect: Dialect, schemas: Schemas, names: Names) -> Statement | Refusal:
    try:
        return _statement(tree, Analysis(dialect, schemas, names, query))
    except TooLargeError as error:
        return Refusal(str(error), tree.line, 1, "")
    except RecursionError:
        return Refusal("nested too deeply to be followed", tree.line, 1, "")
    except MALFORMED:
        return Refusal(NOT_UNDERSTOOD, tree.line, 1, tree.text[:NEAR_CHARS_MAX])


def _as_text(one: Unparsed, analysis: Analysis) -> Statement | Refusal:
    told = moving(one.text, analysis)
    if told is None or isinstance(told, str):
        return one.refusal
    kind, writes, renames = told
    return _done(kind, one.line, analysis, _Found(writes=writes, renames=renames))


def _statement(tree: Tree, analysis: Analysis) -> Statement | Refusal:
    node = tree.root
    if isinstance(node, exp.Column) and node.name.lower() in HARMLESS:
        return _plain(node.name.upper(), tree.line)
    if isinstance(node, _NO_STATEMENT):
        return Refusal("is no statement", tree.line, 1, tree.text[:NEAR_CHARS_MAX])
    if isinstance(node, exp.Command):
        told = unparsed(tree.text, analysis)
        if isinstance(told, str):
            return Refusal(told, tree.line, 1, tree.text[:NEAR_CHARS_MAX])
        kind, writes, renames = told
        return _done(kind, tree.line, analysis, _Found(writes=writes, renames=renames))
    return _done(kind_of(node), tree.line, analysis, _found(node, analysis))


def _found(node: exp.Expr, analysis: Analysis) -> _Found:
    if isinstance(node, exp.Select) and node.args.get("into") is not None:
        return _Found(writes=select_into(node, analysis, {}))
    for kind, walk in _WALKS.items():
        if isinstance(node, kind):
            return walk(node, analysis)
    if isinstance(node, exp.Query | exp.Pivot):
        relation = query(node, analysis, outer=None, visible={})
        return _Found(shown=in_order(relation), deciding=relation.whole)
    if not isinstance(node, _KNOWN_TO_MOVE_NOTHING) and node.find(exp.Table) is not None:
        analysis.doubt(f"what {kind_of(node)} reads and writes is not followed")
    return _Found()


def _inserted(node: exp.Insert, analysis: Analysis) -> _Found:
    writes = insert(node, analysis, {})
    _grow(writes, analysis)
    return _Found(writes=writes)


def _altered(node: exp.Alter, analysis: Analysis) -> _Found:
    writes, renames = alter(node, analysis)
    return _Found(writes=writes, renames=renames)


def _dropped(node: exp.Expr, analysis: Analysis) -> _Found:
    kind = str(node.args.get("kind") or "TABLE").upper()
    return _Found(writes=drop(node, analysis) if kind in {"TABLE", "VIEW"} else ())


def _several(node: exp.MultitableInserts, analysis: Analysis) -> list[Write]:
    """INSERT ALL, and Hive's FROM before several INSERTs."""
    result: list[Write] = []
    source = node.args["source"]
    for one in node.expressions:
        single = one.this if isinstance(one, exp.ConditionalInsert) else one
        condition = one.expression if isinstance(one, exp.ConditionalInsert) else None
        body = single.expression
        if isinstance(body, exp.Select) and body.args.get("from_") is None:
            body.set("from_", exp.From(this=source.copy()))
            result += insert(single, analysis, {})
            continue
        relation = query(source, analysis, outer=None, visible={})
        if isinstance(body, exp.Values):
            row = body.expressions[0]
            bound = exp.Select(expressions=[each.copy() for each in row.expressions])
            inner = source if isinstance(source, exp.Subquery) else exp.Subquery(this=source.copy())
            bound.set("from_", exp.From(this=inner.copy()))
            relation = query(bound, analysis, outer=None, visible={})
        if condition is not None:
            relation = _where(condition, source, relation, analysis)
        result.append(inserted(single, relation, analysis))
    return result


def _where(
    condition: exp.Expr, source: exp.Expr, relation: Relation, analysis: Analysis
) -> Relation:
    """Add what WHEN of INSERT ALL asks of the source's rows."""
    inner = source if isinstance(source, exp.Subquery) else exp.Subquery(this=source.copy())
    asked = exp.select("1").from_(inner.copy()).where(condition.copy())
    whole = query(asked, analysis, outer=None, visible={}).whole
    return Relation(relation.columns, relation.whole | whole)


def _use(node: exp.Use, analysis: Analysis) -> _Found:
    """Remember the database in use; names after it are inside it."""
    if not isinstance(node.this, exp.Table):
        return _Found()
    table = node.this
    parts = [part for key in ("catalog", "db", "this") if (part := table.args.get(key))]
    words = tuple(word_of(part).text for part in parts)
    kind = word_of(node.args["kind"]).text.upper() if node.args.get("kind") else ""
    names = analysis.names
    if kind in {"WAREHOUSE", "ROLE", "SECONDARY ROLES"}:
        return _Found()
    if len(words) > 1:
        names.catalog, names.schema = words[:-1], words[-1:]
    elif kind == "CATALOG" or (kind in {"", "DATABASE"} and analysis.dialect.database_is_outermost):
        names.catalog, names.schema = words, ()
    else:
        names.schema = words
    return _Found()


def _grow(writes: Iterable[Write], analysis: Analysis) -> None:
    """Add to what a temporary table is made of."""
    for one in writes:
        if not isinstance(one.place, TableName) or one.place not in analysis.names.temporary:
            continue
        before = analysis.names.temporary[one.place]
        added = {column.name.lower(): column.found for column in one.columns}
        columns = tuple(
            replace(each, found=each.found | added.get(each.name.lower(), NOTHING))
            if isinstance(each, Output)
            else each
            for each in before.columns
        )
        analysis.names.temporary[one.place] = Relation(columns, before.whole | one.whole)


def _cached(node: exp.Cache, analysis: Analysis) -> _Found:
    """CACHE TABLE x AS SELECT: a name for this session."""
    if not isinstance(node.expression, exp.Query) or not isinstance(node.this, exp.Table):
        return _Found()
    relation = query(node.expression, analysis, outer=None, visible={})
    place = analysis.place((word_of(node.this.this),))
    if isinstance(place, TableName):
        analysis.names.temporary[place] = relation
    return _Found()


def _done(kind: str, line: int, analysis: Analysis, found: _Found) -> Statement:
    return Statement(
        kind,
        line,
        tuple(analysis.reads),
        tuple(found.writes),
        tuple(found.renames),
        found.shown,
        found.deciding,
        tuple(analysis.doubts),
    )


def _plain(kind: str, line: int) -> Statement:
    return Statement(kind, line, (), (), (), (), NOTHING, ())


_WALKS: dict[type[exp.Expr], Callable[[Any, Analysis], _Found]] = {
    exp.Insert: _inserted,
    exp.Update: lambda node, analysis: _Found(writes=update(node, analysis, {})),
    exp.Delete: lambda node, analysis: _Found(writes=delete(node, analysis, {})),
    exp.Merge: lambda node, analysis: _Found(writes=merge(node, analysis, {})),
    exp.MultitableInserts: lambda node, analysis: _Found(writes=_several(node, analysis)),
    exp.Create: lambda node, analysis: _Found(writes=create(node, analysis, {})),
    exp.Copy: lambda node, analysis: _Found(writes=copy(node, analysis, {})),
    exp.LoadData: lambda node, analysis: _Found(writes=load(node, analysis)),
    exp.Alter: _altered,
    exp.Drop: _dropped,
    exp.TruncateTable: _dropped,
    exp.Use: _use,
    exp.Cache: _cached,
}
