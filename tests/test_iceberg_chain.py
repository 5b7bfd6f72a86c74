"""The chain of an Iceberg table's metadata files: whole, torn, forked, renamed, among strangers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from catalogs.iceberg.source import IcebergSource
from catalogs.storage import Storage
from iceberg_files import current, field, schema, snapshot, write_commits, write_metadata
from snapshots.commit_point import CommitPoint, LostPoint
from snapshots.committed import committed_by
from snapshots.errors import UnreadableError
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.snapshot_log import Ambiguous, Certainty, Current, Unknown

ONE, TWO, THREE = snapshot(1, 10), snapshot(2, 20, parent=1), snapshot(3, 30, parent=2)


def test_the_chain_runs_from_the_first_commit_to_the_newest(tmp_path: Path) -> None:
    paths = write_commits(
        tmp_path, {"at": 5}, {"at": 10, **current(1, ONE)}, {"at": 20, **current(2, ONE, TWO)}
    )
    history = _history(paths[-1])
    assert [point.witness for point in history.chain] == paths
    assert [point.position for point in history.chain] == [0, 1, 2]
    assert [_snapshot(history, at) for at in (5, 10, 19, 20)] == [None, 1, 1, 2]
    assert history.gaps == ()


def test_each_log_reaches_further_back_than_the_one_after_it(tmp_path: Path) -> None:
    commits = [{"at": at} for at in range(10)]
    paths = write_commits(tmp_path, *commits, log_max=2)
    assert [point.witness for point in _history(paths[-1]).chain] == paths


def test_a_lost_file_stays_in_the_chain_with_the_instant_the_log_tells(tmp_path: Path) -> None:
    paths = write_commits(
        tmp_path, {"at": 5}, {"at": 10, **current(1, ONE)}, {"at": 20, **current(2, ONE, TWO)}
    )
    Path(paths[1]).unlink()
    history = _history(paths[-1])
    assert history.chain[1] == LostPoint(1, Instant.from_millis(10), paths[1])
    assert "00001" in history.gaps[0].what
    entry = history.log("main").at(Instant.from_millis(15))
    assert entry is not None
    assert isinstance(entry.state, Unknown)


def test_a_lost_file_is_bridged_by_the_snapshot_log(tmp_path: Path) -> None:
    log = [{"snapshot-id": 1, "timestamp-ms": 10}, {"snapshot-id": 2, "timestamp-ms": 20}]
    paths = write_commits(
        tmp_path,
        {"at": 5},
        {"at": 10, **current(1, ONE)},
        {"at": 20, **current(2, ONE, TWO, snapshot_log=log)},
    )
    Path(paths[1]).unlink()
    assert _snapshot(_history(paths[-1]), 15) == 1


def test_a_broken_file_is_lost_with_its_reason(tmp_path: Path) -> None:
    paths = write_commits(tmp_path, {"at": 5}, {"at": 10})
    Path(paths[0]).write_text("{")
    history = _history(paths[-1])
    assert isinstance(history.chain[0], LostPoint)
    assert "not JSON" in history.gaps[0].what


def test_clocks_that_run_backwards_do_not_change_the_order_of_the_chain(tmp_path: Path) -> None:
    paths = write_commits(
        tmp_path, {"at": 30, **current(1, ONE)}, {"at": 20, **current(2, ONE, TWO)}
    )
    history = _history(paths[-1])
    assert [point.witness for point in history.chain] == paths
    between = history.log("main").at(Instant.from_millis(20))
    assert between is not None
    assert between.state == Ambiguous((1, 2))
    assert _snapshot(history, 30) == 2


def test_of_two_commits_in_one_millisecond_the_later_in_the_chain_holds(tmp_path: Path) -> None:
    paths = write_commits(
        tmp_path, {"at": 10, **current(1, ONE)}, {"at": 10, **current(2, ONE, TWO)}
    )
    assert _snapshot(_history(paths[-1]), 10) == 2


def test_snapshots_that_were_never_current_in_a_file_are_recorded_but_never_answer(
    tmp_path: Path,
) -> None:
    log = [{"snapshot-id": n, "timestamp-ms": at} for n, at in ((1, 10), (2, 20), (3, 20))]
    paths = write_commits(
        tmp_path,
        {"at": 10, **current(1, ONE)},
        {"at": 20, **current(3, ONE, TWO, THREE, snapshot_log=log)},
    )
    history = _history(paths[-1])
    assert [one.snapshot_id for one in history.recorded] == [1, 2, 3]
    assert [_snapshot(history, at) for at in (19, 20)] == [1, 3]


def test_files_of_another_table_in_the_folder_are_told_apart(tmp_path: Path) -> None:
    write_metadata(tmp_path, "v1.metadata.json", 1, table_uuid="another")
    write_metadata(tmp_path, "v2.metadata.json", 2)
    path = write_metadata(tmp_path, "v3.metadata.json", 3)
    assert [point.position for point in _history(path).chain] == [2, 3]


def test_a_commit_that_failed_is_in_the_folder_but_not_in_the_chain(tmp_path: Path) -> None:
    paths = write_commits(tmp_path, {"at": 5}, {"at": 10}, {"at": 20})
    orphan = write_metadata(tmp_path, "00001-orphan.metadata.json", 9)
    newer = write_metadata(tmp_path, "00003-uncommitted.metadata.json", 30)
    witnesses = [point.witness for point in _history(paths[-1]).chain]
    assert witnesses == paths
    assert not {orphan, newer} & set(witnesses)


def test_where_no_log_tells_the_numbers_of_the_files_do_and_it_is_said(tmp_path: Path) -> None:
    paths = write_commits(tmp_path, {"at": 5}, {"at": 10}, {"at": 20}, log_max=0)
    for number, path in enumerate(paths):
        Path(path).write_text(json.dumps(json.loads(Path(path).read_text()) | {"metadata-log": []}))
        assert number >= 0
    history = _history(paths[-1])
    assert [point.witness for point in history.chain] == paths
    assert "only their numbers place them" in history.gaps[0].what


def test_a_number_that_two_files_claim_places_neither(tmp_path: Path) -> None:
    write_metadata(tmp_path, "00000-a.metadata.json", 1)
    write_metadata(tmp_path, "00000-b.metadata.json", 2)
    path = write_metadata(tmp_path, "00001-c.metadata.json", 3)
    history = _history(path)
    assert len(history.chain) == 1
    assert history.gaps[0].what == "2 metadata files claim to be number 0"


def test_a_jump_in_the_numbers_is_a_hole_in_what_is_known(tmp_path: Path) -> None:
    write_metadata(tmp_path, "v1.metadata.json", 10, **current(1, ONE))
    path = write_metadata(tmp_path, "v5.metadata.json", 50, **current(2, ONE, TWO))
    history = _history(path)
    assert [type(point) for point in history.chain] == [CommitPoint, LostPoint, CommitPoint]
    assert [point.position for point in history.chain] == [1, 2, 5]
    assert [_certainty(history, at) for at in (10, 30, 50)] == ["exact", "unknown", "exact"]


def test_lost_files_are_found_under_new_names_by_table_and_instant(tmp_path: Path) -> None:
    paths = write_commits(tmp_path, {"at": 5}, {"at": 10, **current(1, ONE)}, {"at": 20})
    Path(paths[1]).rename(tmp_path / "metadata" / "v2.metadata.json")
    history = _history(paths[-1])
    assert history.chain[1].witness.endswith("v2.metadata.json")
    assert "other names" in history.gaps[0].what


def test_a_later_harvest_reads_only_what_is_new_and_forgets_nothing(tmp_path: Path) -> None:
    commits = [{"at": 5}, {"at": 10, **current(1, ONE)}, {"at": 20, **current(2, ONE, TWO)}]
    paths = write_commits(tmp_path, *commits, {"at": 30, **current(3, TWO, THREE)})
    known = _history(paths[1])
    Path(paths[0]).unlink()
    Path(paths[1]).unlink()
    history = IcebergSource(paths[-1], storage=Storage({}), properties={}).history(known=known)
    assert history.chain[:2] == known.chain
    assert [point.position for point in history.chain] == [0, 1, 2, 3]
    assert [one.snapshot_id for one in history.snapshots] == [1, 2, 3]
    assert history.listed == {2, 3}
    (expiry,) = history.expiries
    assert (expiry.snapshot_id, expiry.since) == (1, Instant.from_millis(30))
    assert expiry.act == "expired by metadata file 00003-00000003.metadata.json"


def test_harvests_in_steps_end_where_one_harvest_ends(tmp_path: Path) -> None:
    commits = [{"at": 5}, {"at": 10, **current(1, ONE)}, {"at": 20, **current(2, ONE, TWO)}]
    paths = write_commits(tmp_path, *commits, {"at": 30, **current(3, THREE)})
    known: TableHistory | None = None
    for path in paths:
        known = IcebergSource(path, storage=Storage({}), properties={}).history(known=known)
    assert known == _history(paths[-1])


def test_a_harvest_of_nothing_new_gives_what_was_known(tmp_path: Path) -> None:
    paths = write_commits(tmp_path, {"at": 5}, {"at": 10, **current(1, ONE)})
    known = _history(paths[-1])
    Path(paths[0]).unlink()
    source = IcebergSource(paths[-1], storage=Storage({}), properties={})
    assert source.history(known=known) == known


def test_a_chain_torn_between_two_harvests_says_so(tmp_path: Path) -> None:
    commits = [{"at": at} for at in range(0, 100, 10)]
    paths = write_commits(tmp_path, *commits, log_max=2)
    known = _history(paths[1])
    for path in paths[:6]:
        Path(path).unlink()
    history = IcebergSource(paths[-1], storage=Storage({}), properties={}).history(known=known)
    lost = [point for point in history.chain if isinstance(point, LostPoint)]
    assert [point.position for point in history.chain] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert lost[0].witness == f"commits after {Path(paths[1]).name}"
    assert _certainty(history, 15) == "unknown"


def test_a_table_put_back_to_an_older_file_keeps_what_was_seen_since(tmp_path: Path) -> None:
    paths = write_commits(
        tmp_path, {"at": 10, **current(1, ONE)}, {"at": 20, **current(2, ONE, TWO)}
    )
    known = _history(paths[-1])
    history = IcebergSource(paths[0], storage=Storage({}), properties={}).history(known=known)
    assert history.chain == known.chain
    assert history.listed == {1}
    assert "points back at 00000" in history.gaps[-1].what


def test_a_table_that_went_on_from_an_older_file_has_both_pasts(tmp_path: Path) -> None:
    other = field(2, "other", "int")
    first, second = schema(field(1, "id", "long")), schema(field(1, "id", "long"), other, number=1)
    paths = write_commits(
        tmp_path,
        {"at": 10, **current(1, ONE)},
        {"at": 20, **current(2, ONE, TWO), "schemas": [first, second], "current_schema_id": 1},
    )
    known = _history(paths[-1])
    changed = schema(field(1, "id", "long"), field(2, "mine", "string"), number=1)
    log = [{"metadata-file": paths[0], "timestamp-ms": 10}]
    forked = write_metadata(
        tmp_path,
        "00001-fork.metadata.json",
        30,
        **current(3, ONE, snapshot(3, 30, parent=1)),
        metadata_log=log,
        schemas=[first, changed],
        current_schema_id=1,
    )
    history = IcebergSource(forked, storage=Storage({}), properties={}).history(known=known)
    assert [point.position for point in history.chain] == [0, 1, 2]
    assert [_snapshot(history, at) for at in (10, 20, 30)] == [1, 2, 3]
    old, new = (p.schema_id for p in history.chain[1:] if isinstance(p, CommitPoint))
    assert (old, new is not None and new < 0) == (1, True)
    names = [history.schema(schema_id=n) for n in (old, new) if n is not None]
    assert [one.fields[-1].name for one in names if one] == ["other", "mine"]
    assert [one.snapshot_id for one in history.expiries] == [2]


def test_what_is_known_of_another_table_is_left_alone(tmp_path: Path) -> None:
    (path,) = write_commits(tmp_path, {"at": 10, **current(1, ONE)})
    other = write_metadata(tmp_path / "b", "v1.metadata.json", 5, table_uuid="another")
    source = IcebergSource(path, storage=Storage({}), properties={})
    assert source.history(known=_history(other)) == _history(path)


def test_an_old_table_without_a_uuid_is_known_by_its_location(tmp_path: Path) -> None:
    old = {"format_version": 1, "table_uuid": None}
    paths = write_commits(tmp_path, {"at": 1, **old}, {"at": 2, **old})
    first, second = (_history(path).identity for path in paths)
    assert first == second
    upgraded = write_metadata(tmp_path, "v9.metadata.json", 3)
    assert _history(upgraded).identity != first


def test_parents_that_a_writer_forgets_are_remembered_from_older_files(tmp_path: Path) -> None:
    orphaned = {key: value for key, value in TWO.items() if key != "parent-snapshot-id"}
    paths = write_commits(
        tmp_path, {"at": 20, **current(2, ONE, TWO)}, {"at": 30, **current(2, orphaned)}
    )
    found = _history(paths[-1]).snapshot(snapshot_id=2)
    assert found is not None
    assert found.parent_id == 1


def test_refs_are_kept_as_each_commit_had_them(tmp_path: Path) -> None:
    tag = {"v1": {"snapshot-id": 1, "type": "tag", "max-ref-age-ms": 9}}
    odd = {"star": {"snapshot-id": 1, "type": "constellation"}}
    paths = write_commits(
        tmp_path,
        {"at": 10, "current_snapshot_id": 1, "snapshots": [ONE]},
        {"at": 20, **current(1, ONE, refs=tag | odd)},
    )
    history = _history(paths[-1])
    names = [[ref.name for ref in p.refs] for p in history.chain if isinstance(p, CommitPoint)]
    assert names == [["main"], ["main", "v1"]]
    assert "star" in history.gaps[0].what


def test_a_missing_current_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no such file"):
        _history(str(tmp_path / "metadata" / "v1.metadata.json"))


def test_instants_before_the_chain_are_answered_by_the_snapshot_log(tmp_path: Path) -> None:
    log = [{"snapshot-id": 1, "timestamp-ms": 10}, {"snapshot-id": 2, "timestamp-ms": 20}]
    path = write_metadata(
        tmp_path, "00007-x.metadata.json", 20, **current(2, ONE, TWO, snapshot_log=log)
    )
    history = _history(path)
    assert history == replace(history, gaps=())
    assert _snapshot(history, 15) == 1


def _history(path: str) -> TableHistory:
    return IcebergSource(path, storage=Storage({}), properties={}).history(known=None)


def _snapshot(history: TableHistory, at: int) -> int | None:
    entry = history.log("main").at(Instant.from_millis(at))
    assert entry is not None
    assert isinstance(entry.state, Current)
    return entry.state.snapshot_id


def _certainty(history: TableHistory, at: int) -> Certainty:
    entry = history.log("main").at(Instant.from_millis(at))
    assert entry is not None
    return entry.certainty


def test_a_commit_before_one_that_was_there_was_there_too_whatever_its_clock_says(
    tmp_path: Path,
) -> None:
    first, second, third = snapshot(1, 30), snapshot(2, 20, parent=1), snapshot(3, 40, parent=2)
    paths = write_commits(
        tmp_path,
        {"at": 30, **current(1, first)},
        {"at": 20, **current(2, first, second)},
        {"at": 40, **current(3, first, second, third)},
    )
    history = _history(paths[-1])

    def by(millis: int) -> list[int]:
        at = Instant.from_millis(millis)
        found = committed_by(at, chain=history.chain, snapshots=history.snapshots)
        return [one.snapshot_id for one in found]

    assert [by(19), by(20), by(39), by(40)] == [[], [1, 2], [1, 2], [1, 2, 3]]
