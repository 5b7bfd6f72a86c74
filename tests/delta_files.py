"""Parquet files put into hand-made Delta tables, and the rows read back from them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from delta_logs import Action, add, commit_info, protocol, source, write


def data_file(root: Path, name: str, rows: pa.Table, **more: Any) -> Action:  # noqa: ANN401
    root.mkdir(exist_ok=True, parents=True)
    path = root / name
    path.parent.mkdir(exist_ok=True, parents=True)
    pq.write_table(rows, path)
    return add(name, rows=rows.num_rows, size=path.stat().st_size, **more)


def read(root: Path, version: int = 1, columns: Sequence[str] | None = None) -> pa.Table:
    state: Any = source(root).state(version, kept=())
    return state.batches(columns=columns).read_all()


def table(root: Path, told: Action, *adds: Action, features: Sequence[str] = ()) -> pa.Table:
    write(root, 0, commit_info("CREATE TABLE"), protocol(*features), told)
    write(root, 1, commit_info("WRITE"), *adds)
    return read(root)
