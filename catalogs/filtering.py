"""Filters: the rows of one state that satisfy a condition on the state's own columns.

Conditions are written as pyiceberg's row filters are: `amount > 5 and name in ('a', 'b')`,
`at is not null`, `city like 'Ber%'`; they are about whole columns, not about fields inside.
Names and types are those of the state itself, whatever the table's columns are called by now: a
value in quotes is read as the column's type, so that decimals, dates and times are compared
exactly. As in SQL, a row of which the condition is not known, because of a null, is left out.

This module imports pyarrow and pyiceberg; it is loaded only where rows are filtered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyiceberg.expressions import (
    AlwaysFalse,
    AlwaysTrue,
    And,
    BooleanExpression,
    BoundPredicate,
    IsNull,
    Not,
    NotIn,
    Or,
    UnboundPredicate,
)
from pyiceberg.expressions.parser import parse
from pyiceberg.expressions.visitors import BooleanExpressionVisitor, bind, rewrite_not, visit
from pyiceberg.io.pyarrow import _pyarrow_to_schema_without_ids, expression_to_pyarrow
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyparsing import ParseException

from snapshots.errors import UsageError

if TYPE_CHECKING:
    from catalogs.table import TableState


def scanned(
    state: TableState, *, columns: Sequence[str] | None, where: str | None
) -> pa.RecordBatchReader:
    """Stream the rows of a state that satisfy `where`; all columns where `columns` is None.

    The memory it takes is that of a batch. Raises UsageError where the condition cannot be
    understood, and what `TableState.batches` raises.
    """
    if where is None:
        return state.batches(columns=columns)
    condition = _parsed(where)
    told = [field.name for field in state.schema.fields if field.parent_id is None]
    wanted = told if columns is None else list(columns)
    names: list[str] = visit(condition, _Names())
    needed = list(dict.fromkeys(names))
    rows = state.batches(columns=[*wanted, *needed] if wanted else wanted)
    keep = _bound(condition, pa.schema([rows.schema.field(one) for one in needed]), where)
    target = pa.schema([rows.schema.field(name) for name in dict.fromkeys(wanted)])
    return pa.RecordBatchReader.from_batches(target, _kept(rows, keep, target))


def _kept(
    rows: pa.RecordBatchReader,
    keep: Any,  # noqa: ANN401 - an Arrow expression
    target: pa.Schema,
) -> Iterator[pa.RecordBatch]:
    for batch in rows:
        for found in pa.Table.from_batches([batch]).filter(keep).select(target.names).to_batches():
            if found.num_rows:
                yield found


def _parsed(where: str) -> BooleanExpression:
    try:
        return visit(rewrite_not(parse(where)), _AsInSql())
    except ParseException as error:
        raise _not_understood(where, f"it stops making sense at {where[error.loc :]!r}") from error
    except (ValueError, TypeError) as error:
        raise _not_understood(where, str(error).splitlines()[0]) from error


def _bound(condition: BooleanExpression, schema: pa.Schema, where: str) -> Any:  # noqa: ANN401
    """Give the condition for Arrow, its values read as the types of the columns."""
    try:
        own = assign_fresh_schema_ids(_pyarrow_to_schema_without_ids(schema, format_version=3))
        return expression_to_pyarrow(bind(Schema(*own.fields), condition, case_sensitive=True))
    except (ValueError, TypeError, NotImplementedError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        if "into a decimal" in reason:
            reason += ", which wants all of its decimal places"
        raise _not_understood(where, reason) from error


def _not_understood(where: str, reason: str) -> UsageError:
    advice = "write it like: amount > 5 and name in ('a', 'b') and at is not null"
    return UsageError(f"the condition {where!r} cannot be understood: {reason}; {advice}")


class _Names(BooleanExpressionVisitor[list[str]]):
    """Collects the names in a condition."""

    def visit_true(self) -> list[str]:
        return []

    def visit_false(self) -> list[str]:
        return []

    def visit_not(self, child_result: list[str]) -> list[str]:
        return child_result

    def visit_and(self, left_result: list[str], right_result: list[str]) -> list[str]:
        return left_result + right_result

    def visit_or(self, left_result: list[str], right_result: list[str]) -> list[str]:
        return left_result + right_result

    def visit_unbound_predicate(self, predicate: UnboundPredicate) -> list[str]:
        term: Any = predicate.term
        return [term.name]

    def visit_bound_predicate(self, predicate: BoundPredicate) -> list[str]:
        return [predicate.term.ref().field.name]


class _AsInSql(BooleanExpressionVisitor[BooleanExpression]):
    """Leaves out rows of which a condition is not known: Arrow finds null to be in no set."""

    def visit_true(self) -> BooleanExpression:
        return AlwaysTrue()

    def visit_false(self) -> BooleanExpression:
        return AlwaysFalse()

    def visit_not(self, child_result: BooleanExpression) -> BooleanExpression:
        return Not(child_result)

    def visit_and(
        self, left_result: BooleanExpression, right_result: BooleanExpression
    ) -> BooleanExpression:
        return And(left_result, right_result)

    def visit_or(
        self, left_result: BooleanExpression, right_result: BooleanExpression
    ) -> BooleanExpression:
        return Or(left_result, right_result)

    def visit_unbound_predicate(self, predicate: UnboundPredicate) -> BooleanExpression:
        if isinstance(predicate, NotIn):
            return And(predicate, Not(IsNull(term=predicate.term)))
        return predicate

    def visit_bound_predicate(self, predicate: BoundPredicate) -> BooleanExpression:
        return predicate
