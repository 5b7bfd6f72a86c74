"""When a Delta version became current: in-commit instants, file times, and who wins."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from delta_checkpoints import write_checkpoint
from delta_logs import add, commit_info, metadata, new_table, protocol, source, write
from snapshots.commit_point import CommitPoint
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.snapshot import InstantSource
from snapshots.snapshot_log import Current, State, Unknown

ENABLED = {"delta_enableInCommitTimestamps": "true"}


def _since(version: int) -> dict[str, str]:
    return {**ENABLED, "delta_inCommitTimestampEnablementVersion": str(version)}


def _history(root: Path, known: TableHistory | None = None) -> TableHistory:
    return source(root).history(known=known)


def _millis(history: TableHistory) -> dict[int, int]:
    return {one.snapshot_id: one.committed_at.micros // 1000 for one in history.snapshots}


def _states(history: TableHistory, *millis: int) -> list[State | None]:
    log = history.log("main")
    found = [log.at(Instant.from_millis(one)) for one in millis]
    return [entry.state if entry else None for entry in found]


def _currents(history: TableHistory, *millis: int) -> list[int | None]:
    found = _states(history, *millis)
    return [state.snapshot_id if isinstance(state, Current) else None for state in found]


def _table(root: Path, times: Mapping[int, int]) -> None:
    for version, millis in times.items():
        if version == 0:
            new_table(root, millis=millis)
        else:
            write(root, version, commit_info("WRITE"), add(f"f{version}"), millis=millis)


def test_file_times_that_run_backwards_are_made_to_run_forward(tmp_path: Path) -> None:
    _table(tmp_path, {0: 0, 1: 100_000, 2: 50_000, 3: 300_000, 4: 200_000})
    history = _history(tmp_path)
    assert _millis(history) == {0: 0, 1: 100_000, 2: 100_001, 3: 300_000, 4: 300_001}
    asked = (-10_000, 0, 60_000, 100_000, 150_000, 300_000, 301_000)
    assert _currents(history, *asked) == [None, 0, 0, 1, 2, 3, 4]
    assert {point.source for point in history.chain} == {  # type: ignore[union-attr]
        InstantSource.FILE_MODIFICATION
    }


def test_file_times_count_in_milliseconds_as_all_delta_readers_count(tmp_path: Path) -> None:
    new_table(tmp_path)
    path = write(tmp_path, 1, commit_info("WRITE"), add("f1"))
    for name, nanos in (("0" * 20 + ".json", 7_000_100_000), (path.name, 7_000_900_000)):
        os.utime(path.parent / name, ns=(nanos, nanos))
    assert _millis(_history(tmp_path)) == {0: 7000, 1: 7001}


def test_in_commit_instants_from_the_first_version_on_ignore_file_times(tmp_path: Path) -> None:
    write(
        tmp_path,
        0,
        commit_info("CREATE TABLE", inCommitTimestamp=1000),
        protocol(),
        metadata(**ENABLED),
        millis=9_000_000,
    )
    for version in (1, 2):
        told = commit_info("WRITE", inCommitTimestamp=1000 + version)
        write(tmp_path, version, told, add(f"f{version}"), millis=1)
    history = _history(tmp_path)
    assert _millis(history) == {0: 1000, 1: 1001, 2: 1002}
    assert _currents(history, 999, 1000, 1001, 5000) == [None, 0, 1, 2]
    assert history.head().source is InstantSource.IN_COMMIT  # type: ignore[union-attr]


def _switched_on_midway(root: Path) -> None:
    """Versions 0 and 1 by file time, 2 switches in-commit instants on, 3 has one."""
    new_table(root, millis=1000)
    # A copy made the file of version 1 newer than the switch: it was current before it.
    write(root, 1, commit_info("WRITE", inCommitTimestamp=3), add("f1"), millis=8000)
    told = commit_info("SET TBLPROPERTIES", inCommitTimestamp=5000)
    write(root, 2, told, protocol(), metadata(**_since(2)), millis=9000)
    write(root, 3, commit_info("WRITE", inCommitTimestamp=6000), add("f3"), millis=500)


def test_switching_in_commit_instants_on_midway_makes_two_regions(tmp_path: Path) -> None:
    _switched_on_midway(tmp_path)
    history = _history(tmp_path)
    assert _millis(history) == {0: 1000, 1: 8000, 2: 5000, 3: 6000}
    assert [point.source.value for point in history.chain] == [  # type: ignore[union-attr]
        "file-modification",
        "file-modification",
        "in-commit",
        "in-commit",
    ]
    assert _currents(history, 1000, 4999, 5000, 5500, 6000, 8500) == [0, 0, 2, 2, 3, 3]


def test_the_timestamp_in_commit_info_decides_nothing(tmp_path: Path) -> None:
    new_table(tmp_path, millis=1000)
    write(tmp_path, 1, commit_info("WRITE") | {"add": add("f")["add"]}, millis=2000)
    assert _millis(_history(tmp_path)) == {0: 1000, 1: 2000}


def test_a_commit_without_the_instant_it_owes_is_told_and_stays_in_order(tmp_path: Path) -> None:
    told = commit_info("CREATE TABLE", inCommitTimestamp=5000)
    write(tmp_path, 0, told, protocol(), metadata(**ENABLED), millis=1)
    write(tmp_path, 1, commit_info("WRITE"), add("f1"), millis=2)
    write(tmp_path, 2, commit_info("WRITE", inCommitTimestamp=7000), add("f2"), millis=3)
    history = _history(tmp_path)
    assert _millis(history) == {0: 5000, 1: 5001, 2: 7000}
    assert _currents(history, 5000, 6000, 7000) == [0, 1, 2]
    assert any("no inCommitTimestamp" in gap.what for gap in history.gaps)


def test_switching_in_commit_instants_off_goes_on_from_the_last_one(tmp_path: Path) -> None:
    told = commit_info("CREATE TABLE", inCommitTimestamp=5000)
    write(tmp_path, 0, told, protocol(), metadata(**ENABLED), millis=1)
    write(tmp_path, 1, commit_info("UNSET TBLPROPERTIES"), metadata(), millis=2000)
    write(tmp_path, 2, commit_info("WRITE"), add("f2"), millis=9000)
    history = _history(tmp_path)
    assert _millis(history) == {0: 5000, 1: 5001, 2: 9000}
    assert _currents(history, 5000, 8999, 9000) == [0, 1, 2]


def test_an_earlier_harvest_is_the_better_witness_once_a_table_is_copied(tmp_path: Path) -> None:
    here = tmp_path / "here"
    _table(here, {0: 1000, 1: 2000})
    known = _history(here)
    there = tmp_path / "there"
    shutil.copytree(here, there)
    _table(there, {0: 7_000_000, 1: 7_000_001, 2: 7_000_000})
    history = _history(there, known)
    assert _millis(history) == {0: 1000, 1: 2000, 2: 7_000_000}
    assert history.chain[:2] == known.chain


def test_a_new_file_time_before_a_known_instant_comes_after_it(tmp_path: Path) -> None:
    _table(tmp_path, {0: 1000, 1: 2000})
    known = _history(tmp_path)
    _table(tmp_path, {2: 1500})
    assert _millis(_history(tmp_path, known)) == {0: 1000, 1: 2000, 2: 2001}


def test_over_a_hole_the_log_says_that_it_does_not_know(tmp_path: Path) -> None:
    _table(tmp_path, {0: 1000, 1: 2000})
    known = _history(tmp_path)
    _table(tmp_path, {2: 3000, 3: 4000, 4: 5000})
    write_checkpoint(tmp_path, 4)
    for version in (0, 1, 2):
        (tmp_path / "_delta_log" / f"{version:020d}.json").unlink()
    history = _history(tmp_path, known)
    assert _currents(history, 1000, 2000, 4000, 5000) == [0, 1, 3, 4]
    (lost,) = _states(history, 3500)
    assert isinstance(lost, Unknown)
    assert "00000000000000000002.json" in lost.reason


def test_a_harvest_resumed_without_the_properties_still_takes_in_commit_instants(
    tmp_path: Path,
) -> None:
    told = commit_info("CREATE TABLE", inCommitTimestamp=5000)
    write(tmp_path, 0, told, protocol(), metadata(**ENABLED), millis=1)
    known = _history(tmp_path)
    write(tmp_path, 1, commit_info("WRITE", inCommitTimestamp=7000), add("f1"), millis=2)
    (head,) = known.chain
    assert isinstance(head, CommitPoint)
    bare = replace(known, chain=(replace(head, properties={}),))
    assert _millis(_history(tmp_path, bare)) == {0: 5000, 1: 7000}


@pytest.mark.parametrize("value", [10**17, -(10**17)])
def test_an_absurd_clock_makes_no_table_unreadable(tmp_path: Path, value: int) -> None:
    told = commit_info("CREATE TABLE", inCommitTimestamp=value)
    write(tmp_path, 0, told, protocol(), metadata(**ENABLED), millis=1)
    write(tmp_path, 1, commit_info("WRITE", inCommitTimestamp=value), add("f1"), millis=2)
    assert len(_history(tmp_path).snapshots) == 2
