"""Iceberg's reports as the Spark integration writes them: ids as doubles, and old ones again."""

import pytest

from evidence_stories import Commit, Json, Move, event, rejections, seen, timeline, wrote
from input_stories import decided as read_as
from input_stories import link
from output_stories import R1, R2, app, decided, links_of, run_told
from snapshots.refs import MAIN
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.grades import Grade, Method

# As Spark with OpenLineage 1.53 wrote it: the snapshot is 1745712860830583811.
SNAPSHOT = 1745712860830583811
DOUBLE = 1.7457128608305838e18
NEIGHBOUR = SNAPSHOT + 1  # the same double
APP = {"spark.app.id": "local-1"}


def _scan(snapshot_id: float) -> list[RunEvent]:
    told = seen(icebergScanReport={"snapshotId": snapshot_id})
    return [event("START", 30, inputs=[seen()]), event("COMPLETE", 31, inputs=[told])]


def _report(snapshot_id: float) -> Json:
    return {**seen(), "outputFacets": {"icebergCommitReport": {"snapshotId": snapshot_id}}}


def test_a_double_means_the_one_snapshot_that_is_written_so() -> None:
    assert float(SNAPSHOT) == float(NEIGHBOUR) == DOUBLE
    found = link(*_scan(DOUBLE), table=timeline(Commit(SNAPSHOT, 0), Commit(2, 10)))
    assert read_as(found) == ((SNAPSHOT,), Method.INPUT_SCAN_REPORT, Grade.EXACT)
    assert found.evidence.witness == (
        "icebergScanReport.snapshotId 1.7457128608305838e+18 (a double that lost digits:"
        " 1745712860830583811, the only snapshot that is written so)"
    )


def test_a_double_that_several_snapshots_are_written_as_leaves_them_candidates() -> None:
    table = timeline(Commit(SNAPSHOT, 0), Commit(NEIGHBOUR, 10), Commit(3, 20))
    found = link(*_scan(DOUBLE), table=table)
    assert read_as(found) == ((SNAPSHOT, NEIGHBOUR), Method.INPUT_SCAN_REPORT, Grade.CANDIDATES)


def test_a_double_that_no_snapshot_is_written_as_leaves_the_next_rung() -> None:
    found = link(*_scan(DOUBLE), table=timeline(Commit(1, 0)))
    assert read_as(found) == ((1,), Method.INPUT_HEAD, Grade.INFERRED)
    assert rejections(found.evidence) == {
        "icebergScanReport.snapshotId 1.7457128608305838e+18": (
            "no known snapshot of the table is written so"
        )
    }


def test_a_commit_report_written_as_a_double_is_exact_where_it_is_unique() -> None:
    table = timeline(Commit(SNAPSHOT, 0), Commit(2, 1))
    link_of = links_of(table, run_told(R1, -1, 2, output=_report(DOUBLE)))[R1]
    assert decided(link_of) == ((SNAPSHOT,), Method.OUTPUT_COMMIT_REPORT, Grade.EXACT)


def test_of_snapshots_written_alike_the_one_made_in_the_run_is_high() -> None:
    table = timeline(Commit(SNAPSHOT, 0), Commit(NEIGHBOUR, 60))
    link_of = links_of(table, run_told(R1, 59, 61, output=_report(DOUBLE)))[R1]
    assert decided(link_of) == ((NEIGHBOUR,), Method.OUTPUT_COMMIT_REPORT, Grade.HIGH)


def test_a_report_that_was_repeated_belongs_to_the_run_that_made_the_commit() -> None:
    """Spark's statements for tags, branches and schemas carry the report of the one before."""
    table = timeline(Commit(1, 0, summary=APP), Move("tag-v1", 1, 0.2))
    key = app("local-1")
    links = links_of(
        table,
        run_told(R1, -0.1, 0.1, output=_report(1), facets=key),
        # Two hundredths of a minute later: within what clocks of two machines may differ.
        run_told(R2, 0.12, 0.22, output=_report(1), facets=key),
    )
    assert decided(links[R1]) == ((1,), Method.OUTPUT_COMMIT_REPORT, Grade.EXACT)
    assert decided(links[R2]) == ((), Method.OUTPUT_PHANTOM, Grade.NONE)
    assert "without a snapshot the table got tag-v1 set to 1" in links[R2].evidence.witness
    assert "its application committed it" in rejections(links[R2].evidence)["commit report 1"]


def test_a_repeated_report_is_no_claim_even_where_its_maker_is_unknown() -> None:
    table = timeline(Commit(1, 0), Commit(2, 30))
    link_of = links_of(table, run_told(R1, 60, 61, output=_report(2)))[R1]
    assert decided(link_of) == ((), Method.OUTPUT_PHANTOM, Grade.NONE)
    assert "an earlier statement" in rejections(link_of.evidence)["commit report 2"]


def test_a_report_without_a_start_is_no_more_than_high() -> None:
    link_of = links_of(timeline(Commit(1, 0)), run_told(R1, None, 2, output=_report(1)))[R1]
    assert decided(link_of) == ((1,), Method.OUTPUT_COMMIT_REPORT, Grade.HIGH)


def test_of_two_runs_that_report_one_commit_the_one_that_ran_then_made_it() -> None:
    links = links_of(
        timeline(Commit(1, 0)),
        run_told(R1, -1, 1, output=_report(1)),
        run_told(R2, 0.01, 2, output=_report(1)),
    )
    assert decided(links[R1]) == ((1,), Method.OUTPUT_COMMIT_REPORT, Grade.EXACT)
    assert links[R2].snapshot_ids == ()


@pytest.mark.parametrize("told", [None, 1])
def test_a_statement_of_the_same_application_is_not_taken_for_its_neighbour(
    told: int | None,
) -> None:
    """ALTER TABLE makes no snapshot; the insert a second before it did, and nobody told of it."""
    table = timeline(Commit(1, 0, summary=APP))
    link_of = links_of(table, run_told(R1, 0.01, 0.02, output=seen(told), facets=app("local-1")))
    assert decided(link_of[R1]) == ((), Method.OUTPUT_PHANTOM, Grade.NONE)


def test_a_version_just_outside_the_window_is_inferred_without_counts_that_fit() -> None:
    table = timeline(Commit(1, 0, rows=5))
    bare, counted = seen(1), wrote(5, 1)
    for output, grade in ((bare, Grade.INFERRED), (counted, Grade.HIGH)):
        link_of = links_of(table, run_told(R1, 0.01, 1, output=output))[R1]
        assert decided(link_of) == ((1,), Method.OUTPUT_COMPLETE_VERSION, grade)


def test_a_rollback_in_the_run_is_named_where_no_commit_fits() -> None:
    table = timeline(Commit(1, 0), Commit(2, 10), Move(MAIN, 1, 20))
    link_of = links_of(table, run_told(R1, 19, 21))[R1]
    assert decided(link_of) == ((), Method.OUTPUT_PHANTOM, Grade.NONE)
    assert "without a snapshot the table got main set to 1" in link_of.evidence.witness
