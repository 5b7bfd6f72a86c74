"""Items of FROM: tables, subqueries, functions and their like, as relations in a scope."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from temporal_lineage.sql.analysis import Analysis, Visible, word_of
from temporal_lineage.sql.dependencies import NOTHING, Dependencies, Step, column, through
from temporal_lineage.sql.expressions import Expressions
from temporal_lineage.sql.names import FilePath, Place, Read, TableName, Word
from temporal_lineage.sql.pins import has_at, pin_of
from temporal_lineage.sql.pivots import pivoted
from temporal_lineage.sql.relations import (
    EMPTY,
    Output,
    Relation,
    Rest,
    renamed,
)
from temporal_lineage.sql.scopes import Item, Scope

_FORMATS = frozenset(
    {"delta", "parquet", "csv", "json", "orc", "avro", "text", "iceberg", "binaryfile"}
)
_FILES = (exp.ReadParquet, exp.ReadCSV)
_FILE_FUNCTIONS = frozenset(
    {"read_parquet", "read_csv", "read_csv_auto", "read_json", "read_json_auto", "parquet_scan"}
    | {"delta_scan", "iceberg_scan", "read_files", "s3", "gcs"}
)
_FLATTENED = ("SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS")


class Items:
    """Puts the items of one FROM into its scope."""

    def __init__(self, analysis: Analysis, scope: Scope, visible: Visible) -> None:
        """Items are looked up among these common table expressions first."""
        self._analysis = analysis
        self._scope = scope
        self._visible = visible

    def add(self, node: exp.Expr) -> list[Item]:
        """Add one item, without the joins that hang on it; give those it became."""
        if isinstance(node, exp.Subquery) and _brackets_a_join(node.this):
            return self._bracketed(node)
        relation = self.relation(node)
        alias = node.args.get("alias")
        names: tuple[str, ...] = ()
        if isinstance(node, exp.Table) and not isinstance(node.this, exp.Func):
            called_by = words_of(node)
            names = tuple(self._analysis.dialect.casing.tables.key(word) for word in called_by)
        called = _called(alias) if not (isinstance(node, exp.Table) and has_at(node)) else None
        if isinstance(alias, exp.TableAlias):
            words = [word_of(one) for one in alias.args.get("columns") or ()]
            relation = renamed(relation, words, self._analysis.dialect.casing.columns)
        word = called or (words_of(node)[-1] if names and isinstance(node, exp.Table) else None)
        key = self._analysis.key(word) if word else ""
        item = Item(key, names, plain=called is None, relation=relation)
        item = self._pivoted(node, item)
        self._scope.items.append(item)
        return [item]

    def relation(self, node: exp.Expr) -> Relation:
        """Give the columns of one item."""
        if isinstance(node, exp.Query):
            # Its joins are the joins of the FROM it stands in.
            inner = node.this if node.args.get("joins") else node
            return self._query(inner, outer=self._scope.parent)
        match node:
            case exp.Table():
                return self._table(node)
            case exp.Lateral():
                return self._lateral(node)
            case exp.Unnest():
                return self._unnest(node)
            case exp.Values():
                return self._values(node)
            case _:
                return self._function(node)

    def _pivoted(self, node: exp.Expr, item: Item) -> Item:
        for pivot in node.args.get("pivots") or ():
            alias = _called(pivot.args.get("alias"))
            key = self._analysis.key(alias) if alias else item.key
            before = self._analysis.scope(self._scope.parent)
            before.items.append(item)
            told = pivoted(pivot, item.relation, before, self._analysis, self._visible)
            columns = pivot.args.get("alias")
            if isinstance(columns, exp.TableAlias):
                words = [word_of(one) for one in columns.args.get("columns") or ()]
                told = renamed(told, words, self._analysis.dialect.casing.columns)
            item = Item(key, item.names, plain=item.plain and alias is None, relation=told)
        return item

    def _bracketed(self, node: exp.Subquery) -> list[Item]:
        """Open `(a JOIN b)`; its items stay visible unless it has a name of its own."""
        from temporal_lineage.sql.joins import add_with_joins, everything

        alias = _called(node.args.get("alias"))
        if alias is None:
            count = len(self._scope.items)
            add_with_joins(node.this, self._analysis, self._scope, self._visible, self)
            return self._scope.items[count:]
        inner = self._analysis.scope(self._scope.parent)
        whole = add_with_joins(node.this, self._analysis, inner, self._visible, None)
        relation = Relation(everything(inner).columns, whole)
        item = Item(self._analysis.key(alias), (), plain=False, relation=relation)
        self._scope.items.append(item)
        return [item]

    def _table(self, node: exp.Table) -> Relation:
        if isinstance(node.this, exp.Func | exp.TableFromRows) or node.args.get("rows_from"):
            return self._function(node.this if node.this is not None else node)
        words = words_of(node)
        if len(words) == 1 and not node.args.get("version"):
            known = self._visible.get(self._analysis.key(words[0]))
            if known is not None:
                return known
        if self._is_array(node, words):
            return self._element(node, words)
        read = read_of(node, self._analysis)
        self._analysis.reads[read] = None
        return table_relation(read, self._analysis)

    def _is_array(self, node: exp.Table, words: Sequence[Word]) -> bool:
        """Tell `FROM t, t.items AS item` from a table in a schema called t."""
        dialect = self._analysis.dialect
        if not dialect.implicit_unnest or len(words) == 1 or node.meta.get("quoted_table"):
            return False
        key = self._analysis.key(words[0])
        return any(item.key == key for item in self._scope.items)

    def _element(self, node: exp.Table, words: Sequence[Word]) -> Relation:
        found = through(self._scope.resolve(words), Step.TRANSFORMATION)
        word = _called(node.args.get("alias")) or words[-1]
        element = Output(word.text, self._analysis.key(word), found)
        return Relation((element, Rest((), found, frozenset())), NOTHING)

    def _query(self, node: exp.Expr, outer: Scope | None) -> Relation:
        return self._analysis.queries(node, self._analysis, outer=outer, visible=self._visible)

    def _lateral(self, node: exp.Lateral) -> Relation:
        inner = node.this
        if isinstance(inner, exp.Subquery | exp.Query):
            return self._query(inner, outer=self._scope)
        if isinstance(inner, exp.Unnest):
            return self._unnest(inner)
        found = self._values_of(inner)
        alias = node.args.get("alias")
        columns = list(alias.args.get("columns") or ()) if alias is not None else []
        if [one.name for one in columns] == list(_FLATTENED):
            return self._listed(_FLATTENED, found)
        return Relation((Rest((), found, frozenset()),), NOTHING)

    def _unnest(self, node: exp.Unnest) -> Relation:
        alias = node.args.get("alias")
        columns = list(alias.args.get("columns") or ()) if alias is not None else []
        found = self._values_of(*node.expressions)
        fold = self._analysis.dialect.casing.columns
        offset = node.args.get("offset")
        outputs: list[Output | Rest] = []
        if len(columns) == 1 and self._analysis.dialect.name == "bigquery":
            # The alias is the element; its fields are reached without it, too.
            word = word_of(columns[0])
            outputs.append(Output(word.text, fold.key(word), found))
        if isinstance(offset, exp.Identifier):
            word = word_of(offset)
            outputs.append(Output(word.text, fold.key(word), NOTHING))
        if len(columns) == len(node.expressions) and len(columns) > 1:
            each = [self._values_of(one) for one in node.expressions]
            words = [word_of(one) for one in columns]
            pairs = zip(words, each, strict=True)
            return Relation(tuple(Output(w.text, fold.key(w), e) for w, e in pairs), NOTHING)
        outputs.append(Rest((), found, frozenset()))
        return Relation(tuple(outputs), NOTHING)

    def _values(self, node: exp.Values) -> Relation:
        walk = Expressions(self._analysis, self._scope, self._visible)
        told = list(node.expressions)
        inner = told[0].expressions if len(told) == 1 else []
        if inner and all(isinstance(one, exp.Tuple) for one in inner):
            told = inner  # ClickHouse: VALUES (1, 2) has two rows
        rows = [one.expressions if isinstance(one, exp.Tuple) else [one] for one in told]
        width = max((len(row) for row in rows), default=0)
        each = [
            frozenset().union(NOTHING, *(walk.of(row[n]) for row in rows if n < len(row)))
            for n in range(width)
        ]
        names = tuple(f"col{n + 1}" for n in range(width))
        pairs = zip(names, each, strict=True)
        return Relation(tuple(Output(name, name, found) for name, found in pairs), NOTHING)

    def _function(self, node: exp.Expr) -> Relation:
        name = node.name if isinstance(node, exp.Anonymous) else ""
        if isinstance(node, _FILES) or name.lower() in _FILE_FUNCTIONS:
            literal = node.find(exp.Literal)
            if literal is not None and literal.is_string:
                read = Read(FilePath(str(literal.this)), None)
                self._analysis.reads[read] = None
                return table_relation(read, self._analysis)
        if any(one.name.lower() == "result_scan" for one in node.find_all(exp.Anonymous)):
            self._analysis.doubt("RESULT_SCAN gives what another statement gave")
        found = self._values_of(node)
        return Relation((Rest((), found, frozenset()),), NOTHING)

    def _values_of(self, *nodes: exp.Expr) -> Dependencies:
        walk = Expressions(self._analysis, self._scope, self._visible)
        return frozenset().union(NOTHING, *(walk.of(one, Step.TRANSFORMATION) for one in nodes))

    def _listed(self, names: tuple[str, ...], found: Dependencies) -> Relation:
        fold = self._analysis.dialect.casing.columns
        words = [Word(name, quoted=False) for name in names]
        return Relation(tuple(Output(w.text, fold.key(w), found) for w in words), NOTHING)


def table_relation(read: Read, analysis: Analysis) -> Relation:
    """Give the columns of a table that is read, as its schema or the script has them."""
    if isinstance(read.place, TableName):
        if read.place in analysis.names.temporary:
            return analysis.names.temporary[read.place]
        made = analysis.names.made.get(read.place)
        if made is not None and made.closed:
            outputs = [one for one in made.columns if isinstance(one, Output)]
            columns = tuple(Output(one.name, one.key, column(read, one.name)) for one in outputs)
            return Relation(columns, NOTHING)
    told = analysis.schemas.columns(read)
    if told is None:
        return Relation((Rest((read,), NOTHING, frozenset()),), NOTHING)
    fold = analysis.dialect.casing.columns
    columns = tuple(
        Output(name, fold.key(Word(name, quoted=True)), column(read, name)) for name in told
    )
    return Relation(columns, NOTHING) if columns else EMPTY


def read_of(node: exp.Table, analysis: Analysis) -> Read:
    """Say what a table expression reads, and at which state."""
    words = words_of(node)
    parts, pin = pin_of(node, [word.text for word in words], analysis.dialect)
    kept = (*words[: len(parts) - 1], Word(parts[-1], words[len(parts) - 1].quoted))
    return Read(place_of(kept, analysis), pin)


def place_of(words: tuple[Word, ...], analysis: Analysis) -> Place:
    """Give the table, or the file where the name is a path."""
    last = words[-1]
    if len(words) == 2 and words[0].text.lower() in _FORMATS and "/" in last.text:  # noqa: PLR2004
        return FilePath(last.text)
    alone = len(words) == 1
    if alone and (last.text.startswith("@") or (last.quoted and "/" in last.text)):
        return FilePath(last.text)
    if alone and last.quoted and analysis.dialect.name == "duckdb" and _has_ending(last.text):
        return FilePath(last.text)
    return analysis.place(words)


def words_of(node: exp.Table) -> tuple[Word, ...]:
    """Give the parts of a table's name, outermost first."""
    words = [word_of(one) for key in ("catalog", "db") if (one := node.args.get(key))]
    inner = node.this
    while isinstance(inner, exp.Dot):
        words.append(word_of(inner.this))
        inner = inner.expression
    words.append(word_of(inner))
    return tuple(word for word in words if word.text)


def _brackets_a_join(node: exp.Expr) -> bool:
    """Tell `(a JOIN b)` and `((SELECT ...) x)` from a subquery."""
    if isinstance(node, exp.Subquery):
        has_more = any(node.args.get(key) for key in ("joins", "laterals", "alias", "pivots"))
        return has_more or _brackets_a_join(node.this)
    return not isinstance(node, exp.Query)


def _called(alias: object) -> Word | None:
    if isinstance(alias, exp.TableAlias):
        return word_of(alias.this) if alias.this is not None else None
    return word_of(alias) if isinstance(alias, exp.Identifier) else None


def _has_ending(text: str) -> bool:
    return text.lower().rsplit(".", 1)[-1] in {"parquet", "csv", "json", "ndjson", "tsv", "gz"}
