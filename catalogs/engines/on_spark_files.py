"""Parquet files by Spark: rows counted by what a condition says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from catalogs.sifting import Candidate

_HIT = "hit"
_TYPES = {
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INT",
    "int64": "BIGINT",
    "large_string": "STRING",
    "string": "STRING",
}
_SCHEMES = {"s3://": "s3a://"}


def counting(session: Any, group: Sequence[Candidate]) -> Any:  # noqa: ANN401 - Spark's frames
    """Open files that have one schema, as rows that are 1 where they meet the condition, else 0."""
    from pyspark.sql.connect import functions as F  # noqa: N812 - as everybody calls it

    from catalogs.sifting import Words, expression

    words = Words(
        column=lambda field: F.col(_quoted(field.name)),
        literal=F.lit,
        is_null=lambda one: one.isNull(),
        starts_with=lambda one, start: one.startswith(start),
        sure=lambda one: F.coalesce(one, F.lit(False)),
    )
    fields = {field.name: field for field in group[0].columns.values()}
    schema = ", ".join(f"{_quoted(name)} {_kind(field)}" for name, field in fields.items())
    frame = session.read.schema(schema).parquet(*(_uri(one.place) for one in group))
    return frame.withColumn(_HIT, F.when(expression(group[0], words), 1).otherwise(0))


def tallies() -> tuple[Any, Any]:
    """Count the rows, and those that meet the condition."""
    from pyspark.sql.connect import functions as F  # noqa: N812

    return F.count(F.lit(1)), F.sum(_HIT)


def _uri(place: str) -> str:
    for told, known in _SCHEMES.items():
        if place.startswith(told):
            return f"{known}{place.removeprefix(told)}"
    return place


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _kind(field: pa.Field) -> str:
    return _TYPES[str(field.type)]
