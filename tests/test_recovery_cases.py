"""Every way in which tables lose their past, and the verdict on each state after it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from deltalake import write_deltalake
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from reproduce_lake import Lake, current, local, orders
from snapshots.recovery import Keeper

LIVE, RECOVERABLE, PARTIAL, GONE = "live", "recoverable", "partial", "gone"
READABLE = {LIVE, RECOVERABLE}
ROWS = ([0, 1, 2], [0, 0, 1, 1, 2], [0, 0, 0, 1, 1, 1, 2, 2, 3], [0, 0, 0, 1, 1, 1, 2, 2])
"""The ids in each of the four states that every table of these cases goes through."""


@dataclass(frozen=True)
class IcebergCase:
    """What is done to a harvested Iceberg table of four states, and the verdicts then."""

    name: str
    damage: Callable[[Table, list[int]], object]
    verdicts: tuple[str, str, str, str]


@dataclass(frozen=True)
class DeltaCase:
    """What is done to a harvested Delta table of four versions, given its log folder."""

    name: str
    damage: Callable[[Lake, Path], object]
    verdicts: tuple[str, ...]


def _expire(table: Table, ids: list[int]) -> None:
    table.maintenance.expire_snapshots().by_ids(ids[:3]).commit()


def _expire_and_clean(table: Table, ids: list[int]) -> None:
    _expire(table, ids)
    _delete(*(one for one in _metadata(table, "*.json") if one != local(table.metadata_location)))


def _expire_as_java_does(table: Table, ids: list[int]) -> None:
    """Java deletes what no snapshot reaches any more: lists, manifests, and data files."""
    lists = [_manifest_list(table, one) for one in ids[:3]]
    mine = {local(one.manifest_path) for one in _snapshot(table, ids[3]).manifests(table.io)}
    others = {
        local(one.manifest_path) for n in ids[:3] for one in _snapshot(table, n).manifests(table.io)
    }
    kept = _data_files(table, ids[3])
    lost = {file for one in ids[:3] for file in _data_files(table, one)} - kept
    _expire_and_clean(table, ids)
    _delete(*lists, *(others - mine), *lost)


def _delete_metadata_and_first_data(table: Table, ids: list[int]) -> None:
    _delete(*_data_files(table, ids[0]))
    shutil.rmtree(local(table.location()) / "metadata")


ICEBERG = (
    IcebergCase("expired by metadata alone", _expire, (RECOVERABLE,) * 3 + (LIVE,)),
    IcebergCase(
        "expired, older metadata files deleted", _expire_and_clean, (RECOVERABLE,) * 3 + (LIVE,)
    ),
    IcebergCase(
        "expired with its files",
        _expire_as_java_does,
        (RECOVERABLE, RECOVERABLE, PARTIAL, LIVE),
    ),
    IcebergCase(
        "a manifest list deleted",
        lambda table, ids: _delete(_manifest_list(table, ids[1])),
        (LIVE, RECOVERABLE, LIVE, LIVE),
    ),
    IcebergCase(
        "a manifest deleted on which all stand",
        lambda table, ids: _delete(_manifests(table, ids[0])[0]),
        (RECOVERABLE,) * 4,
    ),
    IcebergCase(
        "the current metadata file deleted",
        lambda table, _: _delete(local(table.metadata_location)),
        (LIVE, LIVE, LIVE, RECOVERABLE),
    ),
    IcebergCase(
        "all metadata files deleted",
        lambda table, _: _delete(*_metadata(table, "*.json")),
        (RECOVERABLE,) * 4,
    ),
    IcebergCase(
        "all metadata files and manifest lists deleted",
        lambda table, _: _delete(*_metadata(table, "*.json"), *_metadata(table, "snap-*")),
        (RECOVERABLE,) * 4,
    ),
    IcebergCase(
        "the whole metadata folder deleted",
        lambda table, _: shutil.rmtree(local(table.location()) / "metadata"),
        (RECOVERABLE,) * 4,
    ),
    IcebergCase(
        "all metadata and one data file deleted",
        _delete_metadata_and_first_data,
        (GONE, PARTIAL, PARTIAL, PARTIAL),
    ),
)


LATE = (
    IcebergCase(
        "a manifest list deleted",
        lambda table, ids: _delete(_manifest_list(table, ids[1])),
        (LIVE, RECOVERABLE, LIVE, LIVE),
    ),
    IcebergCase(
        "the list of the newest deleted, after which nothing came",
        lambda table, ids: _delete(_manifest_list(table, ids[3])),
        (LIVE, LIVE, LIVE, GONE),
    ),
    IcebergCase(
        # What the third wrote is in no list that is left: so nothing leads to those before it.
        "all lists but the last deleted",
        lambda table, ids: _delete(*(_manifest_list(table, one) for one in ids[:3])),
        (GONE, GONE, RECOVERABLE, LIVE),
    ),
    IcebergCase(
        "a manifest deleted on which all stand",
        lambda table, ids: _delete(_manifests(table, ids[0])[0]),
        (GONE,) * 4,
    ),
)
"""What is done before the first harvest, and the verdicts then."""


def _clean_log(lake: Lake, log: Path) -> None:
    lake.delta_table().create_checkpoint()
    _delete(*(log / _commit(version) for version in range(4)))


def _vacuum_and_clean(lake: Lake, log: Path) -> None:
    lake.vacuum()
    lake.delta_table().create_checkpoint()
    _delete(*log.glob("*.json"))


def _replaced(_: Lake, log: Path) -> None:
    shutil.rmtree(log)
    write_deltalake(log.parent, orders(7), mode="overwrite")


DELTA = (
    DeltaCase("log cleaned behind a checkpoint", _clean_log, (RECOVERABLE,) * 3 + (LIVE,)),
    DeltaCase(
        "vacuumed",
        lambda lake, _: lake.vacuum(),
        (LIVE, LIVE, PARTIAL, LIVE, LIVE, LIVE),
    ),
    DeltaCase(
        "vacuumed, and the log cleaned",
        _vacuum_and_clean,
        (RECOVERABLE, RECOVERABLE, PARTIAL, RECOVERABLE, LIVE),
    ),
    DeltaCase(
        "a commit deleted",
        lambda _, log: _delete(log / _commit(1)),
        (LIVE, RECOVERABLE, RECOVERABLE, RECOVERABLE),
    ),
    DeltaCase(
        "the newest commit deleted",
        lambda _, log: _delete(log / _commit(3)),
        (LIVE, LIVE, LIVE, RECOVERABLE),
    ),
    DeltaCase("the whole log deleted", lambda _, log: shutil.rmtree(log), (RECOVERABLE,) * 4),
    DeltaCase(
        "every commit written over",
        lambda _, log: [one.write_bytes(b"{") for one in log.glob("*.json")],
        (RECOVERABLE,) * 4,
    ),
    DeltaCase("another table made in its place", _replaced, (RECOVERABLE,) * 4),
)


@pytest.mark.parametrize("case", ICEBERG, ids=lambda case: case.name)
def test_each_state_of_a_damaged_iceberg_table_is_judged_and_recovered_right(
    case: IcebergCase, tmp_path: Path
) -> None:
    lake = Lake(tmp_path)
    table, ids = _four_states(lake)
    lake.harvest()

    case.damage(table, ids)

    _check(lake, "lake.raw.orders", ids, case.verdicts)


@pytest.mark.parametrize("case", LATE, ids=lambda case: case.name)
def test_a_table_that_was_damaged_before_anyone_looked_is_judged_by_what_proves_itself(
    case: IcebergCase, tmp_path: Path
) -> None:
    lake = Lake(tmp_path)
    table, ids = _four_states(lake)

    case.damage(table, ids)
    lake.harvest()

    _check(lake, "lake.raw.orders", ids, case.verdicts)


@pytest.mark.parametrize("case", DELTA, ids=lambda case: case.name)
def test_each_version_of_a_damaged_delta_table_is_judged_and_recovered_right(
    case: DeltaCase, tmp_path: Path
) -> None:
    lake = Lake(tmp_path)
    lasting = {"delta.deletedFileRetentionDuration": "interval 9000 days"}
    write_deltalake(lake.delta / "orders", orders(3), configuration=lasting)
    for rows in (2, 4):
        lake.write_delta(rows=rows)
    lake.delta_table().delete("id = 3")
    lake.harvest()

    case.damage(lake, lake.delta / "orders" / "_delta_log")

    _check(lake, "delta.orders", list(range(4)), case.verdicts)


def _four_states(lake: Lake) -> tuple[Table, list[int]]:
    table = lake.iceberg()
    with table.transaction() as transaction:
        transaction.set_properties({"history.expire.min-snapshots-to-keep": "100"})
    ids = [int(lake.append(table, rows=rows)) for rows in (3, 2, 4)]
    table.delete("id = 3")
    ids.append(int(current(table)))
    return table, ids


def _check(lake: Lake, name: str, ids: list[int], verdicts: tuple[str, ...]) -> None:
    """Hold all states, and each by itself, to the verdicts, and read what can be read."""
    before = _lying(lake.root)
    told = {one.version: _plain(one.verdict) for one in lake.session.available(name).states}
    assert tuple(told.values()) == verdicts
    for version, rows in zip(ids, ROWS, strict=True):
        alone = lake.session.available(f"{name}@{version}")
        assert [_plain(one.verdict) for one in alone.states] == [told[version]]
        (one,) = lake.session.reproduce(f"{name}@{version}").inputs
        assert _plain(one.verdict) == told[version]
        assert (one.plan, alone.plan is not None) == (alone.plan, told[version] == RECOVERABLE)
        if alone.plan is not None:
            assert all(step.keeper in Keeper and step.names for step in alone.plan.steps)
        if told[version] in READABLE:
            read = lake.session.scan(f"{name}@{version}").batches.read_all()
            assert sorted(read["id"].to_pylist()) == rows
    assert _lying(lake.root) == before, "asking changed the table"


def _plain(verdict: str) -> str:
    return LIVE if verdict == "at-risk" else verdict


def _lying(root: Path) -> dict[Path, int]:
    found = {one: one.stat().st_mtime_ns for one in root.rglob("*") if one.is_file()}
    return {one: at for one, at in found.items() if "workspace" not in one.parts}


def _snapshot(table: Table, snapshot_id: int) -> Snapshot:
    found = table.snapshot_by_id(snapshot_id)
    assert found is not None
    return found


def _manifest_list(table: Table, snapshot_id: int) -> Path:
    return local(_snapshot(table, snapshot_id).manifest_list)


def _manifests(table: Table, snapshot_id: int) -> list[Path]:
    return [local(one.manifest_path) for one in _snapshot(table, snapshot_id).manifests(table.io)]


def _data_files(table: Table, snapshot_id: int) -> set[Path]:
    planned = table.scan(snapshot_id=snapshot_id).plan_files()
    return {local(one.file.file_path) for one in planned}


def _metadata(table: Table, pattern: str) -> list[Path]:
    return list((local(table.location()) / "metadata").glob(pattern))


def _delete(*files: Path) -> None:
    for file in files:
        file.unlink()


def _commit(version: int) -> str:
    return f"{version:020d}.json"
