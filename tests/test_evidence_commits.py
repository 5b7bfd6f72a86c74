"""Commits that explain themselves, and refs that went back."""

from collections.abc import Mapping

import pytest

from evidence_stories import Commit, Move, at, history, rejections, timeline
from snapshots.dataset import TableFormat
from snapshots.refs import MAIN
from temporal_lineage.evidence.commits import (
    CloneLink,
    clones,
    rollbacks,
    self_explained,
)
from temporal_lineage.evidence.grades import Grade, Method
from temporal_lineage.evidence.timeline import Timeline


def _delta(*steps: Commit | Move) -> Timeline:
    return Timeline(history(*steps, format_of=TableFormat.DELTA))


def _found(table: Timeline) -> list[tuple[int, int, Method, Grade]]:
    return [
        (one.source_id, one.target_id, one.evidence.method, one.evidence.grade)
        for one in self_explained(table)
    ]


def _restore(minute: float, summary: Mapping[str, str]) -> Timeline:
    return _delta(
        Commit(0, 0), Commit(1, 10), Commit(2, minute, operation="RESTORE", summary=summary)
    )


def test_a_restore_names_the_version_it_restores() -> None:
    table = _restore(20, {"operationParameters.version": "0"})
    assert _found(table) == [(0, 2, Method.RESTORE, Grade.EXACT)]


@pytest.mark.parametrize("told", [str(at(5).micros // 1000), "2026-11-17 12:05:00"])
def test_a_restore_to_a_time_is_looked_up_in_the_log(told: str) -> None:
    table = _restore(20, {"operationParameters.timestamp": told})
    assert _found(table) == [(0, 2, Method.RESTORE, Grade.HIGH)]


@pytest.mark.parametrize("told", ["", "yesterday", "2026-11-17 11:00:00"])
def test_a_restore_to_nothing_known_gives_no_edge(told: str) -> None:
    assert _found(_restore(20, {"operationParameters.timestamp": told})) == []


def test_an_iceberg_operation_of_that_name_is_no_delta_restore() -> None:
    summary = {"operationParameters.version": "0"}
    assert _found(timeline(Commit(1, 0, operation="RESTORE", summary=summary))) == []


def test_a_clone_names_the_version_of_the_other_table() -> None:
    summary = {
        "operationParameters.source": "s3://lake/raw",
        "operationParameters.sourceVersion": "4",
    }
    (one,) = clones(_delta(Commit(0, 0, operation="CLONE", summary=summary)))
    assert isinstance(one, CloneLink)
    assert (one.source, one.source_version, one.target_id) == ("s3://lake/raw", 4, 0)
    assert (one.evidence.method, one.evidence.grade) == (Method.CLONE, Grade.EXACT)


def test_a_clone_that_does_not_tell_the_version_says_so() -> None:
    summary = {"operationParameters.source": "s3://lake/raw"}
    (one,) = clones(_delta(Commit(0, 0, operation="CLONE", summary=summary)))
    assert (one.source_version, one.evidence.grade) == (None, Grade.NONE)
    assert rejections(one.evidence) == {"sourceVersion ''": "it is no Delta version"}


def test_a_cherry_pick_names_its_source() -> None:
    table = timeline(Commit(1, 0), Commit(2, 1, summary={"source-snapshot-id": "1"}))
    assert _found(table) == [(1, 2, Method.CHERRY_PICK, Grade.EXACT)]


def test_a_published_snapshot_comes_from_the_one_staged_under_its_wap_id() -> None:
    table = timeline(
        Commit(1, 0),
        Commit(2, 1, summary={"wap.id": "w"}, ref="staged"),
        Commit(3, 2, summary={"published-wap-id": "w"}),
        Commit(4, 3, summary={"published-wap-id": "nobody staged this"}),
    )
    assert _found(table) == [(2, 3, Method.WAP_PUBLISH, Grade.EXACT)]


def test_of_two_snapshots_staged_under_one_id_the_named_source_decides() -> None:
    staged = {"wap.id": "w"}
    picked = {"published-wap-id": "w", "source-snapshot-id": "2"}
    table = timeline(
        Commit(1, 0, summary=staged), Commit(2, 1, summary=staged), Commit(3, 2, summary=picked)
    )
    assert _found(table) == [(2, 3, Method.WAP_PUBLISH, Grade.EXACT)]
    (one,) = self_explained(table)
    assert rejections(one.evidence) == {
        "snapshot 1": "wap.id w, but source-snapshot-id names another"
    }
    unnamed = timeline(
        Commit(1, 0, summary=staged),
        Commit(2, 1, summary=staged),
        Commit(3, 2, summary={"published-wap-id": "w"}),
    )
    assert _found(unnamed) == [
        (1, 3, Method.WAP_PUBLISH, Grade.CANDIDATES),
        (2, 3, Method.WAP_PUBLISH, Grade.CANDIDATES),
    ]


def test_a_return_to_an_earlier_state_is_a_rollback() -> None:
    table = timeline(Commit(1, 0), Commit(2, 10), Move(MAIN, 1, 20), Commit(3, 30))
    (one,) = rollbacks(table)
    assert (one.ref, one.at, one.left_id, one.returned_id) == (MAIN, at(20), 2, 1)
    assert one.evidence.grade is Grade.EXACT


def test_commits_and_fast_forwards_are_no_rollbacks() -> None:
    table = timeline(Commit(1, 0), Commit(2, 10, ref="audit"), Move(MAIN, 2, 20))
    assert rollbacks(table) == ()
