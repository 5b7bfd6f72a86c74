"""States of small Iceberg tables: opened, and made of files with the rows that a test gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catalogs.iceberg.source import IcebergSource
from catalogs.iceberg.state import IcebergState
from catalogs.storage import Storage
from iceberg_files import write_rows, write_table

Rows = Sequence[Mapping[str, Any]]


def opened(location: str) -> IcebergState:
    """Open snapshot 1 of the table with this metadata file."""
    state = IcebergSource(location, storage=Storage({}), properties={}).state(1, kept=())
    assert isinstance(state, IcebergState)
    return state


def state_of(root: Path, files: Rows, **more: Any) -> IcebergState:  # noqa: ANN401 - as write_table has them
    """Write a table of these files and open its state."""
    return opened(write_table(root, files, **more))


def rows_in(state: IcebergState) -> list[dict[str, Any]]:
    """Read all rows of a state."""
    rows: list[dict[str, Any]] = state.batches(columns=None).read_all().to_pylist()
    return rows


def ids_in(state: IcebergState) -> list[int]:
    """Read the column `id` of a state, and only that."""
    ids: list[int] = state.batches(columns=["id"]).read_all()["id"].to_pylist()
    return ids


def data_file(
    root: Path, name: str, columns: Mapping[str, Any], rows: Rows, *, at: int
) -> dict[str, Any]:
    """Write a data file; `at` is its sequence number."""
    entry = write_rows(root / "data" / f"{name}.parquet", columns, rows)
    return entry | {"sequence_number": at}


def equality_deletes(
    root: Path, name: str, columns: Mapping[str, Any], rows: Rows, *, by: list[int], at: int
) -> dict[str, Any]:
    """Write an equality delete file."""
    return data_file(root, name, columns, rows, at=at) | {"content": 2, "equality_ids": by}
