"""Inputs: each rung of DESIGN 4.4 decides when the ones above it have nothing, and says why."""

import pytest

from evidence_stories import (
    SPARK_1_34,
    SPARK_1_40,
    Commit,
    Json,
    Move,
    event,
    rejections,
    seen,
    timeline,
)
from input_stories import decided, link
from snapshots.refs import MAIN
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.grades import Evidence, Grade, Method
from temporal_lineage.evidence.timeline import Timeline


def _start(minute: float = 15, version: int | str | None = None, **facets: Json) -> RunEvent:
    return event("START", minute, inputs=[seen(version, **facets)])


def _complete(minute: float = 16, version: int | str | None = None, **facets: Json) -> RunEvent:
    return event("COMPLETE", minute, inputs=[seen(version, **facets)])


def _scanned(snapshot_id: int) -> Json:
    return seen(icebergScanReport={"snapshotId": snapshot_id})


# Rung 1


def test_a_scan_report_is_exact_and_beats_what_version_facets_say() -> None:
    found = link(_start(version=2), _complete(icebergScanReport={"snapshotId": 1}))
    assert decided(found) == ((1,), Method.INPUT_SCAN_REPORT, Grade.EXACT)
    assert found.evidence.witness == "icebergScanReport.snapshotId 1"
    assert rejections(found.evidence) == {"version facet 2": "overridden by input-scan-report"}


def test_a_scan_report_of_a_snapshot_that_nobody_remembers_is_taken_but_not_exact() -> None:
    found = link(_start(icebergScanReport={"snapshotId": 99}))
    assert decided(found) == ((99,), Method.INPUT_SCAN_REPORT, Grade.HIGH)
    assert "does not hold 99" in found.evidence.witness


def test_two_scans_of_two_states_are_both_read() -> None:
    first = event("RUNNING", 15, inputs=[seen(icebergScanReport={"snapshotId": 2})])
    found = link(first, _complete(icebergScanReport={"snapshotId": 1}))
    assert decided(found) == ((1, 2), Method.INPUT_SCAN_REPORT, Grade.EXACT)


@pytest.mark.parametrize("asked", ["VERSION AS OF 2", "VERSION AS OF 99"])
def test_a_pin_that_asks_for_another_state_than_was_scanned_is_rejected_by_name(asked: str) -> None:
    facets = {"sql": {"query": f"SELECT * FROM orders {asked}"}}
    found = link(event("START", 15, inputs=[_scanned(1)], job_facets=facets))
    assert decided(found) == ((1,), Method.INPUT_SCAN_REPORT, Grade.EXACT)
    pin = f"pin orders {asked}"
    assert rejections(found.evidence) == {pin: "overridden by input-scan-report"}


@pytest.mark.parametrize("asked", ["VERSION AS OF 1", "VERSION AS OF 'nowhere'"])
def test_a_pin_that_may_have_meant_what_was_scanned_is_not_rejected(asked: str) -> None:
    facets = {"sql": {"query": f"SELECT * FROM orders {asked}"}}
    found = link(event("START", 15, inputs=[_scanned(1)], job_facets=facets))
    assert rejections(found.evidence) == {}


# Rung 2


def test_what_trino_says_its_connector_read_is_exact() -> None:
    found = link(_complete(version=3, connectorInfo={"snapshotId": 2}))
    assert decided(found) == ((2,), Method.INPUT_CONNECTOR, Grade.EXACT)
    assert rejections(found.evidence) == {"version facet 3": "overridden by input-connector"}


# Rung 4


def test_the_version_at_start_is_taken_when_it_was_current_then() -> None:
    found = link(_start(version=2), _complete(30))
    assert decided(found) == ((2,), Method.INPUT_START_VERSION, Grade.HIGH)
    assert found.evidence.witness.startswith("START version 2, committed at 2026-11-17T12:10:00Z")


def test_clocks_may_differ_by_the_skew() -> None:
    assert decided(link(_start(10 - 0.01, version=2)))[:2] == ((2,), Method.INPUT_START_VERSION)
    assert decided(link(_start(20 + 0.01, version=2)))[:2] == ((2,), Method.INPUT_START_VERSION)


def test_a_stale_version_at_start_is_rejected_for_the_head() -> None:
    found = link(_start(version=1), _complete())
    assert decided(found) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert rejections(found.evidence) == {
        "START version 1": "superseded at 2026-11-17T12:10:00Z, before 2026-11-17T12:15:00Z"
    }


def test_a_version_committed_after_start_is_rejected() -> None:
    found = link(_start(version=3), _complete())
    assert decided(found) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert rejections(found.evidence) == {
        "START version 3": "committed at 2026-11-17T12:20:00Z, after 2026-11-17T12:15:00Z"
    }


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("77", "no snapshot of the table is known by that id"),
        ("v2", "it is no snapshot id and no Delta version"),
        ("", None),
        ("²", "it is no snapshot id and no Delta version"),
    ],
)
def test_a_version_that_means_nothing_is_rejected(version: str, reason: str | None) -> None:
    found = link(_start(version=version), _complete())
    assert decided(found) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert list(rejections(found.evidence).values()) == ([] if reason is None else [reason])


def test_a_version_that_may_be_newer_than_all_that_was_harvested_is_taken_but_not_sure() -> None:
    found = link(_start(25, version=4), _complete(26))
    assert decided(found) == ((4,), Method.INPUT_START_VERSION, Grade.INFERRED)
    assert "what was current at 2026-11-17T12:25:00Z is not known" in found.evidence.witness


def test_after_a_rollback_the_old_snapshot_is_current_again() -> None:
    table = timeline(Commit(1, 0), Commit(2, 10), Move(MAIN, 1, 14))
    assert decided(link(_start(version=1), table=table))[2] is Grade.HIGH
    found = link(_start(version=2), _complete(), table=table)
    assert decided(found) == ((1,), Method.INPUT_HEAD, Grade.INFERRED)


def test_a_version_of_another_branch_is_taken_when_it_was_current_there() -> None:
    table = timeline(Commit(1, 0), Commit(2, 10, ref="audit"))
    found = link(_start(version=2), table=table)
    assert decided(found) == ((2,), Method.INPUT_START_VERSION, Grade.HIGH)
    assert "current on audit" in found.evidence.witness


def test_without_any_history_the_version_is_all_there_is() -> None:
    found = link(_start(version=2), table=timeline())
    assert decided(found) == ((2,), Method.INPUT_START_VERSION, Grade.INFERRED)


# Rung 5


def test_the_version_at_the_end_serves_where_nothing_was_committed_in_between() -> None:
    found = link(_start(), _complete(version=2))
    assert decided(found) == ((2,), Method.INPUT_COMPLETE_VERSION, Grade.HIGH)


@pytest.mark.parametrize("producer", [SPARK_1_34, SPARK_1_40])
def test_a_version_at_the_end_that_was_committed_during_the_run_is_rejected(
    producer: str,
) -> None:
    found = link(
        event("START", 15, inputs=[seen()], producer=producer),
        event("COMPLETE", 25, inputs=[seen(3)], producer=producer),
    )
    assert decided(found) == ((2, 3), Method.INPUT_HEAD, Grade.CANDIDATES)
    (why,) = rejections(found.evidence).values()
    assert why.startswith("committed at 2026-11-17T12:20:00Z, after 2026-11-17T12:15:00Z")
    assert ("looks versions up after the job" in why) == (producer == SPARK_1_40)


def test_the_version_at_the_end_never_overrides_the_one_at_start() -> None:
    found = link(_start(version=2), _complete(25, version=3))
    assert decided(found) == ((2,), Method.INPUT_START_VERSION, Grade.HIGH)


def test_the_version_at_the_end_of_a_table_that_is_written_too_is_rejected() -> None:
    found = link(
        event("START", 15, inputs=[seen()]),
        event("COMPLETE", 16, inputs=[seen(2)], outputs=[seen()]),
    )
    assert decided(found) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert rejections(found.evidence) == {
        "COMPLETE version 2": "the run writes this table too, so its head has moved"
    }


# Rung 6


def test_without_any_word_it_is_the_head_when_the_run_started() -> None:
    found = link(_start(), _complete())
    assert decided(found) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)


def test_commits_during_the_run_make_candidates() -> None:
    found = link(_start(5), _complete(25))
    assert decided(found) == ((1, 2, 3), Method.INPUT_HEAD, Grade.CANDIDATES)
    assert found.evidence.witness.startswith("3 states were or may have been current")


def test_what_the_run_committed_itself_is_no_candidate() -> None:
    found = link(_start(5), _complete(25), written=(3,))
    assert decided(found) == ((1, 2), Method.INPUT_HEAD, Grade.CANDIDATES)
    assert rejections(found.evidence) == {"snapshot 3": "this run committed it itself"}


def test_what_the_run_put_its_own_commit_on_was_there_all_the_time() -> None:
    found = link(_start(5), _complete(25), written=(2,))
    assert decided(found) == ((1,), Method.INPUT_OWN_PARENT, Grade.INFERRED)
    assert found.evidence.witness.startswith("commit 2 is on top of 1, the head at ")


def test_an_end_before_the_start_is_a_matter_of_clocks() -> None:
    found = link(_start(25), _complete(15))
    assert decided(found) == ((2, 3), Method.INPUT_HEAD, Grade.CANDIDATES)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (timeline(), "nothing is known of the table's history"),
        (timeline(Commit(1, 60)), "the table's known history starts at 2026-11-17T13:00:00Z"),
        (timeline(Commit(1, 60), start=0), "the table had no snapshot"),
    ],
)
def test_where_nothing_fits_nothing_is_claimed(table: Timeline, words: str) -> None:
    found = link(_start(), _complete(), table=table)
    assert decided(found) == ((), Method.INPUT_HEAD, Grade.NONE)
    assert found.evidence.witness.startswith(words)


def test_without_a_start_the_first_event_stands_in_and_says_so() -> None:
    found = link(_complete(15))
    assert decided(found) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert "(no START)" in found.evidence.witness
    version = link(_complete(15, version=2))
    assert decided(version) == ((2,), Method.INPUT_COMPLETE_VERSION, Grade.INFERRED)


def test_a_run_that_has_not_ended_has_a_link_too() -> None:
    found = link(_start())
    assert decided(found) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert "(not ended)" in found.evidence.witness


def test_evidence_is_a_value() -> None:
    assert link(_start(version=2)) == link(_start(version=2))
    assert isinstance(link(_start()).evidence, Evidence)
