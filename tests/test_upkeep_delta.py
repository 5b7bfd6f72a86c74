"""Upkeep of Delta tables: what is foreseen is what delta-rs then really deletes."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.catalog import open_path
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.maintenance import CleanLog, Extent, Refused, Removal, Vacuum, Vacuumer
from temporal_lineage.session import wall_clock

HOUR = 3_600_000_000
RS = Vacuumer.DELTA_RS
OLD_HOURS = (0, 5, 30)


def files(table: Path) -> set[str]:
    """List what lies below a table, but for its log."""
    return {
        str(Path(folder, name).relative_to(table))
        for folder, _, names in os.walk(table)
        for name in names
        if "_delta_log" not in folder
    }


def foreseen(table: Path, act: Vacuum | CleanLog) -> tuple[Removal, TableHistory]:
    """Foresee an act that is done right now."""
    source = open_path(str(table), {})
    history = source.history(known=None)
    found = source.upkeep(history).removal(act, at=wall_clock(), hold=(), let_go=())
    assert isinstance(found, Removal), found
    return found, history


def below(found: Removal, table: Path) -> set[str]:
    """Give the paths of what is deleted, below the table."""
    return {str(Path(path).relative_to(table)) for path in found.files}


def write(table: Path, number: int, mode: str = "append") -> None:
    """Write rows of two partitions, one with a name that needs quoting."""
    rows = pa.table({"id": [number, number + 1], "p": [f"a b{number % 2}", "x=é%"]})
    write_deltalake(table, rows, mode=mode, partition_by=["p"])  # type: ignore[call-overload]


def aged(table: Path, version: int, hours: int) -> None:
    """Let a commit say that what it removed was removed hours earlier."""
    log = table / "_delta_log" / f"{version:020}.json"
    text = re.sub(
        r'"deletionTimestamp":(\d+)',
        lambda found: f'"deletionTimestamp":{int(found[1]) - hours * 3_600_000}',
        log.read_text(),
    )
    log.write_text(text)


def dated(path: Path, hours: int) -> None:
    """Let a file be written hours ago."""
    at = time.time() - hours * 3600
    os.utime(path, (at, at))


@st.composite
def works(draw: st.DrawFn) -> list[tuple[str, int]]:
    """Draw what is done to a table, and how long ago."""
    kinds = ("append", "overwrite", "delete", "optimize", "restore", "checkpoint", "stray")
    step = st.tuples(st.sampled_from(kinds), st.sampled_from(OLD_HOURS))
    return draw(st.lists(step, min_size=1, max_size=8))


def done(table: Path, work: list[tuple[str, int]]) -> None:
    """Do it."""
    write(table, 0)
    for number, (kind, hours) in enumerate(work, start=1):
        loaded = DeltaTable(table)
        before = loaded.version()
        match kind:
            case "append" | "overwrite":
                write(table, number, kind)
            case "delete":
                loaded.delete(f"id = {number - 1}")
            case "optimize":
                loaded.optimize.compact()
            case "restore" if before:
                loaded.restore(before - 1)
            case "checkpoint":
                loaded.create_checkpoint()
            case _:
                name = ("stray.parquet", "_hidden.parquet", "p=x/.odd", "d/_deep/q.bin")[number % 4]
                (table / name).parent.mkdir(parents=True, exist_ok=True)
                (table / name).write_text("x")
        for version in range(before + 1, DeltaTable(table).version() + 1):
            aged(table, version, hours)
    for path in files(table):
        dated(table / path, OLD_HOURS[len(path) % 3] + 1)


@settings(max_examples=60)
@given(
    work=works(),
    extent=st.sampled_from(Extent),
    hours=st.sampled_from((0, 3, 20)),
    keep=st.sets(st.integers(0, 3), max_size=2),
)
def test_what_is_foreseen_of_a_vacuum_is_what_delta_rs_deletes(
    work: list[tuple[str, int]], extent: Extent, hours: int, keep: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "t"
        done(table, work)
        loaded = DeltaTable(table)
        kept = sorted(one for one in keep if one <= loaded.version())
        time.sleep(0.002)
        found, history = foreseen(table, Vacuum(RS, extent, hours * HOUR, tuple(kept)))
        before = files(table)
        states = {one.snapshot_id: _files_of(table, one.snapshot_id) for one in history.snapshots}
        loaded.vacuum(
            retention_hours=hours,
            enforce_retention_duration=False,
            dry_run=False,
            full=extent is Extent.FULL,
            keep_versions=kept or None,
        )
        deleted = before - files(table)
        assert below(found, table) == deleted
        assert found.losing == {
            version: len(own & deleted) for version, own in states.items() if own & deleted
        }
        assert not found.losing.keys() & {*kept, loaded.version()}


def _files_of(table: Path, version: int) -> set[str]:
    """Ask delta-rs for the files of a version."""
    uris = DeltaTable(table, version=version).file_uris()
    return {str(Path(one).relative_to(table)) for one in uris}


@settings(max_examples=30)
@given(
    ages=st.lists(st.sampled_from((0, 1, 3)), min_size=6, max_size=6),
    checkpoints=st.sets(st.integers(1, 5), max_size=3),
)
def test_what_is_foreseen_of_a_clean_up_is_what_delta_rs_deletes(
    ages: list[int], checkpoints: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "t"
        days = {"delta.logRetentionDuration": "interval 2 days"}
        for number in range(6):
            rows = pa.table({"id": [number]})
            write_deltalake(table, rows, mode="append", configuration=None if number else days)
            if number in checkpoints:
                DeltaTable(table).create_checkpoint()
        log = table / "_delta_log"
        for path in log.iterdir():
            if path.name[:20].isdecimal():
                dated(path, ages[int(path.name[:20])] * 24)
        found, history = foreseen(table, CleanLog(RS))
        before = {str(one) for one in log.iterdir()}
        DeltaTable(table).cleanup_metadata()
        after = {str(one) for one in log.iterdir()}
        assert set(found.files) == before - after
        again = open_path(str(table), {}).history(known=None)
        assert found.unlisted == history.listed - again.listed


def test_a_full_vacuum_of_delta_rs_takes_deletion_vectors_that_are_in_use(
    corpus: Path, tmp_path: Path
) -> None:
    table = tmp_path / "t"
    shutil.copytree(corpus / "delta" / "delta-kd-basic-dv-no-checkpoint", table)
    for name in files(table):
        dated(table / name, 1)
    found, _ = foreseen(table, Vacuum(RS, Extent.FULL, 0, ()))
    before = files(table)
    DeltaTable(table).vacuum(
        retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True
    )
    deleted = before - files(table)
    assert below(found, table) == deleted
    assert [Path(one).suffix for one in deleted] == [".bin"]
    assert 1 in found.losing


def test_a_table_that_says_nothing_readable_of_its_retention_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "t"
    write(table, 0)
    log = table / "_delta_log" / f"{0:020}.json"
    text = '"configuration":{"delta.deletedFileRetentionDuration":"soon"}'
    log.write_text(log.read_text().replace('"configuration":{}', text))
    source = open_path(str(table), {})
    upkeep = source.upkeep(source.history(known=None))
    found = upkeep.removal(Vacuum(RS, Extent.LITE, None, ()), at=Instant(0), hold=(), let_go=())
    assert isinstance(found, Refused)
    assert "is no duration" in found.reason


@pytest.mark.parametrize("extent", Extent)
def test_a_vacuum_of_next_week_takes_what_today_is_too_young(
    tmp_path: Path, extent: Extent
) -> None:
    table = tmp_path / "t"
    write(table, 0)
    write(table, 1, "overwrite")
    source = open_path(str(table), {})
    upkeep = source.upkeep(source.history(known=None))
    act = Vacuum(RS, extent, None, ())
    now = wall_clock()
    today = upkeep.removal(act, at=now, hold=(), let_go=())
    later = upkeep.removal(act, at=now.plus(micros=169 * HOUR), hold=(), let_go=())
    held = upkeep.removal(act, at=now.plus(micros=169 * HOUR), hold=(0,), let_go=())
    assert isinstance(today, Removal)
    assert isinstance(later, Removal)
    assert isinstance(held, Removal)
    assert (len(today.files), len(later.files), len(held.files)) == (0, 2, 0)
    assert later.losing == {0: 2}
