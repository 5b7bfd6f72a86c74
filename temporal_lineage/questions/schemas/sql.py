"""`tl sql`: what a SQL text reads and writes, against the schemas that the ledger remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from temporal_lineage.questions.schemas.sql_tables import LedgerTables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from temporal_lineage.questions.question import Question
    from temporal_lineage.sql.dependencies import Dependencies, Dependency
    from temporal_lineage.sql.names import Place, Read
    from temporal_lineage.sql.statements import Refusal, Statement, TargetColumn
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class SqlTable:
    """A table or file as the text names it; `dataset` is its address, null where none is known.

    `pin` is the state the text asks for, in its words; null for the newest.
    """

    name: str
    dataset: str | None
    pin: str | None


@dataclass(frozen=True, slots=True)
class SqlFlow:
    """A source column and what it does to a column of the target.

    `target` is null for a query whose rows go to whoever asks, `target_column` where the source
    decides about rows. `source` is null where the text does not say which of the `candidates` has
    the column. `*` stands for columns that only an unknown schema could name. `type`, `subtype`
    and `masking` are those of OpenLineage's columnLineage.
    """

    target: str | None
    target_column: str | None
    source: str | None
    source_column: str
    candidates: tuple[str, ...]
    type: str
    subtype: str
    masking: bool


@dataclass(frozen=True, slots=True)
class SqlStatement:
    """One statement and the line it begins on; `kind` is its verb.

    `columns` are those that are written or shown, in order, those of constants too.
    """

    line: int
    kind: str
    reads: tuple[SqlTable, ...]
    writes: tuple[SqlTable, ...]
    columns: tuple[str, ...]
    flows: tuple[SqlFlow, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SqlRefusal:
    """A statement that could not be read, and where; line and column are 0 where unknown."""

    line: int
    column: int
    near: str
    reason: str


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """What each statement of a SQL text reads and writes, table by table and column by column."""

    ROWS: ClassVar[str | None] = "statements"

    question: Question
    dialect: str
    statements: tuple[SqlStatement, ...]
    refused: tuple[SqlRefusal, ...]
    doubts: tuple[str, ...]


def sql_lineage(
    reader: Reader | None, question: Question, *, text: str, dialect: str, inside: Sequence[str]
) -> SqlAnswer:
    """Read a SQL text against the schemas of the question's point in both times.

    `inside` are the parts that names with fewer parts stand in; without a reader no table is
    known. Raises UnknownDialectError.
    """
    from temporal_lineage.sql.dialects import dialect as found
    from temporal_lineage.sql.scripts import analyse

    tables = LedgerTables(reader, question.as_of, inside)
    script = analyse(text, found(dialect), tables)
    statements = tuple(_statement(one, tables) for one in script.read)
    doubts = (*script.doubts, *tables.doubts())
    return SqlAnswer(
        question,
        script.dialect,
        statements,
        tuple(_refusal(one) for one in script.refused),
        doubts,
    )


def _statement(one: Statement, tables: LedgerTables) -> SqlStatement:
    writes = [write.place for write in one.writes]
    renamed = [place for pair in one.renames for place in (pair.before, pair.after)]
    return SqlStatement(
        one.line,
        one.kind,
        tuple(_table(read.place, tables, read) for read in one.reads),
        tuple(_table(place, tables, None) for place in dict.fromkeys((*writes, *renamed))),
        tuple(column.name for _, columns, _ in _into(one, tables) for column in columns),
        tuple(_flows(one, tables)),
        one.doubts,
    )


def _table(place: Place, tables: LedgerTables, read: Read | None) -> SqlTable:
    pin = read.pin.text if read is not None and read.pin is not None else None
    return SqlTable(str(place), tables.address(place), pin)


def _flows(one: Statement, tables: LedgerTables) -> Iterator[SqlFlow]:
    for target, columns, whole in _into(one, tables):
        for column in columns:
            for found in sorted(column.found, key=_order):
                yield _flow(target, column.name, found, tables)
        for found in sorted(whole, key=_order):
            yield _flow(target, None, found, tables)


def _into(
    one: Statement, tables: LedgerTables
) -> Iterator[tuple[str | None, Sequence[TargetColumn], Dependencies]]:
    for write in one.writes:
        yield tables.shown(write.place), write.columns, write.whole
    if one.shown:
        yield None, one.shown, one.deciding


def _flow(
    target: str | None, column: str | None, found: Dependency, tables: LedgerTables
) -> SqlFlow:
    from temporal_lineage.sql.dependencies import ColumnSource

    source = found.source
    if isinstance(source, ColumnSource):
        place: str | None = tables.shown(source.read.place)
        name = ".".join((source.column, *source.path))
        candidates: tuple[str, ...] = ()
    else:
        place, name = None, source.column
        candidates = tuple(tables.shown(one.place) for one in source.candidates)
    how = found.step
    return SqlFlow(
        target, column, place, name, candidates, how.kind.value, how.value, found.masking
    )


def _order(found: Dependency) -> tuple[str, str]:
    return str(found.source), found.step.value


def _refusal(one: Refusal) -> SqlRefusal:
    return SqlRefusal(one.line, one.column, one.near, one.reason)
