"""Searches in tests: what a table's search finds, and what reading every state one by one finds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from catalogs.catalog import open_path
from catalogs.engines.in_process import InProcess
from catalogs.row_filter import arrow_filter
from catalogs.search import Look, Searched, Sieve


def searched(root: Path | str, where: str, *, sieve: Sieve | None = None) -> Searched:
    """Search a table where it lies; where no sieve is given, all is read here."""
    source = open_path(str(root), {})
    history = source.history(known=None)
    return source.search(
        where,
        history=history,
        kept=(),
        sieve=sieve or InProcess(),
        watch=lambda _done, _total: None,
    )


def rows_by_state(found: Searched) -> dict[int, int]:
    """Count the matching rows of every state that the search covers."""
    counts = dict.fromkeys(found.states, 0)
    for one in found.holding:
        for state, rows in one.live.items():
            counts[state] += rows
    return counts


def read_by_state(
    root: Path | str, where: str, *, renamed: Mapping[int, str] | None = None
) -> dict[int, int]:
    """Count the matching rows of every state by reading all of it: slow, and plainly right.

    `renamed` gives the names that the condition has for fields, by id.
    """
    source = open_path(str(root), {})
    counts = {}
    for one in source.history(known=None).snapshots:
        state: Any = source.state(one.snapshot_id, kept=())
        with state.batches(columns=None) as reader:
            table = reader.read_all()
        if renamed is not None:
            ids = {field.name: field.field_id for field in state.schema.columns()}
            table = table.rename_columns(
                [renamed.get(ids[name], name) for name in table.schema.names]
            )
        counts[one.snapshot_id] = matching(table, where)
    return counts


def matching(table: pa.Table, where: str) -> int:
    """Count the rows of a table that meet a condition."""
    return int(table.filter(arrow_filter(where, table.schema)).num_rows)


def looks(found: Searched) -> dict[str, Look]:
    """Tell how far each file was looked at, by its name."""
    return {one.path.rpartition("/")[2]: one.look for one in found.looked_at}
