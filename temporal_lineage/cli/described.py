"""Descriptions as text: how `tl show` tells what events say of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.cli.layout import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.tables.told import CheckLine, DatasetTold, MetricsLine

_COLUMN = "column"
_PASSED = {True: "passed", False: "FAILED", None: "neither"}


def described(told: DatasetTold) -> Iterator[str]:
    """Give the lines below what harvests know of the dataset."""
    for one in told.told:
        if one.about != _COLUMN:
            detail = f" ({one.detail})" if one.detail else ""
            yield f"  {one.about} {one.name}{detail}, since {one.since} by {one.producer}"
    for number in told.metrics:
        yield f"  measured {number.at}: {_measured(number)}"
    columns = [one for one in told.told if one.about == _COLUMN]
    if columns:
        yield from table(
            ["column", "type", "since"],
            [[one.name, one.detail or None, one.since] for one in columns],
        )
    if told.checks:
        yield from table(
            ["check", "column", "result", "at", "state", "severity", "expected", "actual", "job"],
            [_check(one) for one in told.checks],
        )


def _check(one: CheckLine) -> list[object]:
    state = one.state.rpartition("@")[2] if one.state else None
    name = f"{one.check} ({one.label})" if one.label else one.check
    return [
        name,
        one.column,
        _PASSED[one.success],
        one.at,
        f"@{state}" if state else None,
        one.severity,
        one.expected,
        one.actual,
        one.job or None,
    ]


def _measured(one: MetricsLine) -> str:
    counts = ((one.rows, "rows"), (one.bytes, "bytes"), (one.files, "files"))
    parts = [f"{number} {unit}" for number, unit in counts if number is not None]
    for column in one.columns:
        told = ((column.nulls, "nulls"), (column.distinct, "distinct"))
        found = [f"{number} {unit}" for number, unit in told if number is not None]
        found += [
            f"{name} {value:g}"
            for name, value in (("min", column.min), ("max", column.max), ("sum", column.sum))
            if value is not None
        ]
        parts.append(f"{column.column} has {' and '.join(found)}" if found else column.column)
    by = f", by {one.job}" if one.job else ""
    return f"{', '.join(parts)}{by}"
