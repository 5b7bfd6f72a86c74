"""Frames: the rows of an answer as an Arrow table or a polars frame, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.questions.question import field_names, is_record, value_as_json

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from temporal_lineage.questions.question import Answer


def as_polars(answer: Answer) -> pl.DataFrame:
    """Give the rows of an answer: instants as UTC datetimes, records within rows as structs.

    An answer without rows (a state, a verdict) is a frame of one row. An end that is open is null.
    The rows of a scan are those of the state; a frame holds them all at once.
    """
    import polars as pl

    stream: Any = answer
    if hasattr(answer, "__arrow_c_stream__"):
        return pl.DataFrame(stream)
    return pl.DataFrame(_rows(answer), infer_schema_length=None)


def as_arrow(answer: Answer) -> pa.Table:
    """Give the same as an Arrow table; the rows of a scan with their own types."""
    stream: Any = answer
    if hasattr(answer, "__arrow_c_stream__"):
        import pyarrow as pa

        return pa.table(stream)
    return as_polars(answer).to_arrow()


def _rows(answer: Answer) -> list[dict[str, Any]]:
    if answer.ROWS is not None:
        return [_row(one) for one in getattr(answer, answer.ROWS)]
    whole = _row(answer)
    del whole["question"], whole["doubts"]
    return [whole]


def _row(record: Any) -> dict[str, Any]:  # noqa: ANN401 - any record of an answer
    return {name: _cell(getattr(record, name)) for name in field_names(record)}


def _cell(value: object) -> Any:  # noqa: ANN401 - whatever polars takes for a cell
    match value:
        case Instant():
            return value.as_datetime()
        case Period():
            return {"from": value.start.as_datetime(), "until": value.end.as_datetime()}
        case _ if is_record(value):
            return _row(value)
        case tuple() | list():
            return [_cell(one) for one in value]
        case _:
            return value_as_json(value)
