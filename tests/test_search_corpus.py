"""Searching other projects' tables finds what reading their states finds, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from catalogs.catalog import open_path
from catalogs.engines.in_process import InProcess
from catalogs.storage import is_local
from searches import matching
from snapshots.errors import TemporalLineageError

STATES_MAX = 3
COLUMNS_MAX = 2


@pytest.mark.parametrize("kind", ["delta", "iceberg"])
def test_no_table_of_the_corpus_hides_a_row_from_a_search(kind: str, corpus: Path) -> None:
    compared = 0
    differing = []
    for root in _tables(corpus / kind):
        try:
            source: Any = open_path(str(root), {})
            history = source.history(known=None)
        except TemporalLineageError:
            continue
        states = dict(_read(source, [one.snapshot_id for one in history.snapshots]))
        for where in _conditions(states):
            found = source.search(
                where, history=history, kept=(), sieve=InProcess(), watch=lambda _done, _total: None
            )
            unsure = {state for one in found.unexamined for state in one.states}
            unsure |= {*found.forgotten, *found.broken}
            for state, rows in states.items():
                if state not in unsure and _is_answered(rows, where):
                    told = sum(one.live.get(state, 0) for one in found.holding)
                    compared += 1
                    if told != matching(rows, where) or state not in found.states:
                        differing.append(f"{root.name}@{state} where {where}")
    assert differing == []
    assert compared > 100


def _tables(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        is_iceberg = path.name == "metadata" and any(path.glob("*.metadata.json"))
        if path.is_dir() and (path.name == "_delta_log" or is_iceberg):
            yield path.parent


def _read(source: Any, ids: list[int]) -> Iterator[tuple[int, pa.Table]]:  # noqa: ANN401
    for number in ids[-STATES_MAX:]:
        try:
            state = source.state(number, kept=())
            if not all(is_local(file.path) for file in state.files):
                continue  # in somebody's bucket
            with state.batches(columns=None) as reader:
                yield number, reader.read_all()
        except (TemporalLineageError, AttributeError):
            continue  # gone, or refused: neither can be compared


def _conditions(states: dict[int, pa.Table]) -> Iterator[str]:
    """Make conditions of values that are in the newest state."""
    newest = list(states.values())[-1:]
    told = (
        (f'"{field.name}"', _literal(column))
        for rows in newest
        for field, column in zip(rows.schema, rows.columns, strict=True)
        if "." not in field.name and '"' not in field.name
    )
    for name, literal in islice((one for one in told if one[1]), COLUMNS_MAX):
        yield from (f"{name} = {literal}", f"not ({name} < {literal})", f"{name} is null")


def _literal(column: pa.ChunkedArray) -> str:
    value = next((one for one in column.to_pylist() if one is not None), None)
    kind = column.type
    if value is None:
        return ""
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return f"{value:f}" if pa.types.is_decimal(kind) else str(value)
    if pa.types.is_string(kind):
        return "'" + str(value).replace("'", "''") + "'"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return f"'{value.isoformat()}'"
    return ""


def _is_answered(rows: pa.Table, where: str) -> bool:
    """Tell whether a state has the columns, under the types that the condition fits."""
    try:
        matching(rows, where)
    except TemporalLineageError:
        return False
    return True
