"""One story of a table that pyiceberg writes through any catalog, and what is true of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.types import StringType

from interop.project import Project

ROWS_AT_ONCE = 3


@dataclass(frozen=True)
class Orders:
    """The snapshots in the order of their commits, and which of them is current at the end."""

    snapshots: tuple[int, ...]
    rows: tuple[int, ...]
    operations: tuple[str, ...]
    head: int
    tagged: int
    branched: int


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        # pyiceberg warns of what its own writers do.
        warnings.simplefilter("ignore")
        yield


def write_orders(catalog: Catalog, name: str = "shop.orders") -> Orders:
    """Append twice, add a column, append, delete, tag, branch, and roll back."""
    with _quiet():
        catalog.create_namespace_if_not_exists(name.rpartition(".")[0])
        table = catalog.create_table(name, schema=rows_from(0).schema)
        table.append(rows_from(0))
        table.append(rows_from(3))
        with table.update_schema() as update:
            update.add_column("note", StringType())
        table.append(rows_from(6, note="late"))
        third = _head(table)
        table.delete("id = 0")
        fourth = _head(table)
        table.manage_snapshots().create_tag(third, "audited").commit()
        table.manage_snapshots().create_branch(fourth, "trial").commit()
        table.manage_snapshots().rollback_to_snapshot(third).commit()
        listed = sorted(table.snapshots(), key=lambda one: one.sequence_number or 0)
    return Orders(
        snapshots=tuple(one.snapshot_id for one in listed),
        rows=(3, 6, 9, 8),
        operations=("append", "append", "append", "overwrite"),
        head=third,
        tagged=third,
        branched=fourth,
    )


def check_orders(project: Project, address: str, told: Orders) -> None:
    """Hold the harvest and the readers to the story."""
    session = project.session
    lines = session.log(address).lines
    assert tuple(one.snapshot_id for one in lines) == told.snapshots
    assert tuple(one.operation for one in lines) == told.operations
    assert tuple(one.committed_at for one in lines) == tuple(sorted(o.committed_at for o in lines))
    assert session.at(address).snapshot_ids == (told.head,)
    assert session.at(f"{address}@audited").snapshot_ids == (told.tagged,)
    assert session.at(f"{address}@trial").snapshot_ids == (told.branched,)
    # Between the delete and the rollback the deleted state was current: only the chain tells.
    fourth = session.at(address, as_of=lines[-1].committed_at)
    assert fourth.snapshot_ids == (told.branched,)
    assert fourth.certainty.value == "exact"
    changes = session.schema_log(address)
    assert "note" in project.tl("schema", "log", address), changes
    for snapshot_id, count in zip(told.snapshots, told.rows, strict=True):
        rows = project.rows(address, snapshot_id)
        assert len(rows) == count
        assert ("note" in rows[0]) == (snapshot_id not in told.snapshots[:2])
    # The commands that a person would type next answer too.
    assert str(told.head) in project.tl("at", address)
    assert str(told.snapshots[0]) in project.tl("log", address)
    assert "unchanged" in project.tl("harvest")


def rows_from(first: int, *, note: str | None = None) -> pa.Table:
    """Make three rows whose ids count from `first` on."""
    ids = list(range(first, first + ROWS_AT_ONCE))
    columns = {
        "id": pa.array(ids, pa.int64()),
        "amount": pa.array([one * 1.5 for one in ids], pa.float64()),
    }
    if note is not None:
        columns["note"] = pa.array([note] * len(ids), pa.string())
    return pa.table(columns)


def _head(table: object) -> int:
    snapshot = table.current_snapshot()  # type: ignore[attr-defined]
    assert snapshot is not None
    return int(snapshot.snapshot_id)
