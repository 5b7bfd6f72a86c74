"""Definitions: CREATE, ALTER, DROP, COPY and LOAD, and what of them moves rows."""

from __future__ import annotations

from sqlglot import exp

from temporal_lineage.sql.analysis import Analysis, Visible, word_of
from temporal_lineage.sql.dependencies import NOTHING
from temporal_lineage.sql.items import read_of, table_relation
from temporal_lineage.sql.names import FilePath, Place, Read, TableName, Word
from temporal_lineage.sql.queries import query, with_expressions
from temporal_lineage.sql.relations import Output, Relation, renamed
from temporal_lineage.sql.statements import Renamed, Write
from temporal_lineage.sql.writes import by_name, by_position, columns_of, relation_of, target

_MADE_OF_ROWS = frozenset({"TABLE", "VIEW"})


def create(node: exp.Create, analysis: Analysis, visible: Visible) -> list[Write]:
    """CREATE TABLE, with or without AS, LIKE and CLONE; CREATE VIEW."""
    if str(node.args.get("kind")).upper() not in _MADE_OF_ROWS or node.this is None:
        return []
    visible = with_expressions(node, analysis, outer=None, visible=visible)
    place, words, _ = target(node.this, analysis)
    if (clone := node.args.get("clone")) is not None:
        relation = _copied(clone.this, analysis)
    elif (like := node.find(exp.LikeProperty)) is not None:
        # Shape without rows: the table is read, no value arrives.
        analysis.reads[read_of(like.this, analysis)] = None
        write = Write(place, (), NOTHING)
        return [write]
    elif isinstance(node.expression, exp.Query | exp.Table | exp.Values | exp.Paren):
        relation = query(node.expression, analysis, outer=None, visible=visible)
    else:
        _declare(place, words, node, analysis)
        return [Write(place, (), NOTHING)]
    defined = isinstance(node.this, exp.Schema) and any(
        isinstance(one, exp.ColumnDef) and one.args.get("kind") for one in node.this.expressions
    )
    if words:
        if not defined or relation.closed:
            relation = renamed(relation, words, analysis.dialect.casing.columns)
        columns = by_position(relation, [word.text for word in words], place, analysis)
    else:
        columns = by_name(relation)
    made = relation_of(columns, analysis)
    _remember(place, node, made, relation, analysis)
    into = node.find(exp.ToTableProperty)
    if into is not None:
        # ClickHouse: the view is a trigger, and its rows land in another table, by name.
        other, _, _ = target(into.this, analysis)
        return [Write(place, (), NOTHING), Write(other, columns, relation.whole)]
    return [Write(place, columns, relation.whole)]


def select_into(node: exp.Select, analysis: Analysis, visible: Visible) -> list[Write]:
    """SELECT ... INTO table."""
    into = node.args["into"]
    place, _, _ = target(into.this, analysis)
    relation = query(node, analysis, outer=None, visible=visible)
    columns = by_name(relation)
    made = relation_of(columns, analysis)
    temporary = into.args.get("temporary") or into.this.this.args.get("temporary")
    if isinstance(place, TableName):
        analysis.names.made[place] = made
        if temporary:
            analysis.names.temporary[place] = Relation(made.columns, relation.whole)
    return [Write(place, columns, relation.whole)]


def copy(node: exp.Copy, analysis: Analysis, visible: Visible) -> list[Write]:
    """COPY, in either direction: `kind` is true where the table is written."""
    sources = node.args.get("files") or []
    if not node.args.get("kind"):
        return _copied_out(node, sources, analysis, visible)
    place, words, _ = target(node.this, analysis)
    result = []
    for one in sources:
        if isinstance(one, exp.Subquery):
            relation = query(one, analysis, outer=None, visible=visible)
        else:
            read = Read(_file(one, analysis), None)
            analysis.reads[read] = None
            relation = table_relation(read, analysis)
        names = [word.text for word in words] or columns_of(place, analysis)
        columns = by_position(relation, names, place, analysis) if words else by_name(relation)
        result.append(Write(place, columns, relation.whole))
    return result or [Write(place, (), NOTHING)]


def load(node: exp.LoadData, analysis: Analysis) -> list[Write]:
    """LOAD DATA INPATH: files become rows."""
    place, _, _ = target(node.this, analysis)
    inpath = node.args.get("inpath")
    if inpath is None:
        return [Write(place, (), NOTHING)]
    read = Read(FilePath(str(inpath.this)), None)
    analysis.reads[read] = None
    return [Write(place, by_name(table_relation(read, analysis)), NOTHING)]


def alter(node: exp.Alter, analysis: Analysis) -> tuple[list[Write], list[Renamed]]:
    """ALTER TABLE: a change of shape, a new name, or an exchange of rows."""
    place, _, _ = target(node.this, analysis)
    renames: list[Renamed] = []
    for action in node.args.get("actions") or ():
        if isinstance(action, exp.AlterRename):
            after, _, _ = target(action.this, analysis)
            if isinstance(after, TableName) and isinstance(place, TableName):
                before_parts = place.parts
                if len(after.parts) < len(before_parts):
                    after = TableName((*before_parts[: -len(after.parts)], *after.parts))
            renames.append(Renamed(place, after))
        elif isinstance(action, exp.SwapTable):
            other, _, _ = target(action.this, analysis)
            renames += [Renamed(place, other), Renamed(other, place)]
    return ([] if renames else [Write(place, (), NOTHING)]), renames


def drop(node: exp.Expr, analysis: Analysis) -> list[Write]:
    """DROP and TRUNCATE: rows end, none arrive."""
    tables = node.args.get("tables") or node.args.get("expressions") or []
    subject = [node.this] if isinstance(node.args.get("this"), exp.Table) else list(tables)
    return [
        Write(target(one, analysis)[0], (), NOTHING)
        for one in subject
        if isinstance(one, exp.Table)
    ]


def _copied_out(
    node: exp.Copy, files: list[exp.Expr], analysis: Analysis, visible: Visible
) -> list[Write]:
    subject = node.this
    if isinstance(subject, exp.Query | exp.Paren):
        relation = query(subject, analysis, outer=None, visible=visible)
    else:
        inner = subject.this if isinstance(subject, exp.Schema) else subject
        relation = _copied(inner, analysis)
    return [Write(_file(one, analysis), by_name(relation), relation.whole) for one in files]


def _copied(node: exp.Expr, analysis: Analysis) -> Relation:
    """Give all columns of a table that is copied as it stands."""
    if not isinstance(node, exp.Table):
        return Relation((), NOTHING)
    read = read_of(node, analysis)
    analysis.reads[read] = None
    return table_relation(read, analysis)


def _file(node: exp.Expr, analysis: Analysis) -> Place:
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        return FilePath(node.this.name)
    if isinstance(node, exp.Table):
        return target(node, analysis)[0]
    return FilePath(node.name)


def _declare(place: Place, words: list[Word], node: exp.Create, analysis: Analysis) -> None:
    """Remember the columns that CREATE TABLE lists, for the statements after it."""
    if not words or not isinstance(place, TableName):
        return
    outputs = tuple(Output(word.text, analysis.key(word), NOTHING) for word in words)
    relation = Relation(outputs, NOTHING)
    analysis.names.made[place] = relation
    if is_temporary(node):
        analysis.names.temporary[place] = relation


def _remember(
    place: Place, node: exp.Create, made: Relation, relation: Relation, analysis: Analysis
) -> None:
    if not isinstance(place, TableName):
        return
    analysis.names.made[place] = made
    if is_temporary(node):
        analysis.names.temporary[place] = Relation(made.columns, relation.whole)


def is_temporary(node: exp.Create) -> bool:
    """Tell whether what is created lives no longer than the session."""
    properties = node.args.get("properties")
    found = properties is not None and properties.find(exp.TemporaryProperty) is not None
    name = node.this.find(exp.Identifier) if node.this is not None else None
    return found or (name is not None and word_of(name).text.startswith("#"))
