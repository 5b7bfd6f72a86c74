"""Lists as one parameter: JSON text that both databases unfold into rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, cast, func, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement, GenericFunction
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from temporal_lineage.store.read_base import PAIR_BITS


class unfolded(GenericFunction[Any]):  # noqa: N801 - a SQL function's name
    """The elements of a JSON array, a row each, in a column called `value`."""

    name = "unfolded"
    inherit_cache = True


class picked(FunctionElement[Any]):  # noqa: N801 - a SQL function's name
    """One element of a JSON array by its place, as text or number."""

    name = "picked"
    inherit_cache = True


class among(FunctionElement[Any]):  # noqa: N801 - a SQL function's name
    """Whether a column is among the rows of a subquery, found by the column's index.

    PostgreSQL guesses that a subquery has many rows, and would scan the table instead; of an
    array it guesses that it has few elements.
    """

    # No Boolean: SQLite has none, and a comparison with 1 would hide the column from its index.
    name = "among"
    inherit_cache = True


class joined(FunctionElement[str]):  # noqa: N801 - a SQL function's name
    """All values of a column of integers as one text, with commas between them; NULL for none.

    Several of one statement have the same order.
    """

    name = "joined"
    inherit_cache = True


@compiles(joined, "sqlite")
def _joined_sqlite(element: joined, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"group_concat({compiler.process(element.clauses, **options)})"


@compiles(joined, "postgresql")
def _joined_postgresql(element: joined, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"string_agg(CAST({compiler.process(element.clauses, **options)} AS TEXT), ',')"


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    column, rows = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN {rows}"


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    column, rows = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY (ARRAY{rows})"


@compiles(unfolded, "sqlite")
def _unfolded_sqlite(element: unfolded, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(unfolded, "postgresql")
def _unfolded_postgresql(element: unfolded, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return (
        f"jsonb_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS jsonb))"
    )


@compiles(picked, "sqlite")
def _picked_sqlite(element: picked, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    array, place = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_extract({array}, '$[{place}]')"


@compiles(picked, "postgresql")
def _picked_postgresql(element: picked, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    array, place = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(CAST({array} AS jsonb) ->> {place})"


def rows_of(name: str) -> TableValuedAlias:
    """Give the rows of a list parameter; the column `value` holds the elements."""
    return unfolded(bindparam(name, type_=Text)).table_valued("value").alias(f"{name}_list")


def among_numbers(column: ColumnElement[int], name: str) -> ColumnElement[bool]:
    """Tell whether a column is among the integers of a list parameter."""
    return among(column, select(cast(rows_of(name).c.value, BigInteger)).scalar_subquery())


def among_texts(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Tell whether a column is among the texts of a list parameter."""
    return among(column, select(rows_of(name).c.value).scalar_subquery())


def pairs_of(name: str) -> tuple[TableValuedAlias, ColumnElement[int], ColumnElement[int]]:
    """Give the rows of a list parameter of pairs, and the two numbers of each.

    A pair is one number, see `temporal_lineage.store.read_base.listed_pairs`: to pick elements out
    of lists in a list takes three times as long, since each is read anew.
    """
    rows = rows_of(name)
    value = cast(rows.c.value, BigInteger)
    bits = literal_column(str(PAIR_BITS), BigInteger)
    mask = literal_column(str(2**PAIR_BITS - 1), BigInteger)
    return rows, value.bitwise_rshift(bits), value.bitwise_and(mask)


def kind_beside(rows: TableValuedAlias) -> ColumnElement[str]:
    """Give the parameter `kind` as if each row of a list had it.

    As one value PostgreSQL, which believes without statistics that few rows are of a kind, would
    rather read all of them than look up each key of the list.
    """
    nothing = func.substr(rows.c.value, literal_column("1"), literal_column("0"), type_=Text)
    return bindparam("kind", type_=Text) + nothing


def element_of(
    value: ColumnElement[Any], place: int, kind: type[TypeEngine[Any]]
) -> ColumnElement[Any]:
    """Pick an element out of a list inside a list."""
    return cast(picked(value, literal_column(str(place))), kind)
