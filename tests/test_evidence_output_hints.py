"""Outputs told by hints: versions, counts, windows, nothing. DESIGN 4.4, outputs 4 to 7."""

import pytest

from evidence_stories import (
    SKEW_MS,
    Commit,
    Json,
    Move,
    SchemaChange,
    event,
    record,
    rejections,
    seen,
    timeline,
    wrote,
)
from output_stories import PHANTOM, R1, R2, app, decided, links_of, run_told
from snapshots.refs import MAIN
from snapshots.snapshot import Effect
from temporal_lineage.evidence.grades import Grade, Method
from temporal_lineage.evidence.outputs import OutputObservation, link_outputs, orphans

SPARK = {"processing_engine": {"name": "spark", "version": "3.5"}}
TRINO_COMMIT = {"trino_query_id": "20261117_120000_00001_abcde"}


def test_the_version_at_the_end_is_high_when_all_else_agrees() -> None:
    table = timeline(Commit(1, 0), Commit(2, 1))
    links = links_of(table, run_told(R1, -1, 2, output=seen(2)))
    assert decided(links[R1]) == ((2,), Method.OUTPUT_COMPLETE_VERSION, Grade.HIGH)
    assert orphans(table, links) == (1,)


def test_a_version_that_may_be_newer_than_all_that_was_harvested_is_inferred() -> None:
    link = links_of(timeline(Commit(1, 0)), run_told(R1, 5, 7, output=seen(2)))[R1]
    assert decided(link) == ((2,), Method.OUTPUT_COMPLETE_VERSION, Grade.INFERRED)


def test_a_version_that_no_harvest_saw_though_one_saw_later_commits_is_rejected() -> None:
    table = timeline(Commit(1, 0), Commit(3, 9))
    link = links_of(table, run_told(R1, 5, 7, output=seen(2)))[R1]
    assert decided(link)[:2] == ((), Method.OUTPUT_PHANTOM)


def test_a_version_with_another_applications_key_is_stale() -> None:
    table = timeline(Commit(1, 1, summary={"spark.app.id": "app-2"}))
    link = links_of(table, run_told(R1, 0, 2, output=seen(1), facets=app("app-1")))[R1]
    assert decided(link) == ((), Method.OUTPUT_PHANTOM, Grade.STALE)
    assert rejections(link.evidence)["COMPLETE version 1"] == "its engine keys are another run's"
    assert "version 1 is another run's" in link.evidence.witness


def test_a_version_committed_by_another_engine_is_stale() -> None:
    table = timeline(Commit(1, 1, summary=TRINO_COMMIT))
    link = links_of(table, run_told(R1, 0, 2, output=seen(1), facets=SPARK))[R1]
    assert decided(link) == ((), Method.OUTPUT_PHANTOM, Grade.STALE)


def test_a_version_that_other_counts_contradict_gives_way_to_the_fingerprint() -> None:
    table = timeline(Commit(1, 1, rows=5), Commit(2, 1.5, rows=9))
    links = links_of(table, run_told(R1, 0, 2, output=wrote(5, 2)))
    assert decided(links[R1]) == ((1,), Method.OUTPUT_FINGERPRINT, Grade.HIGH)
    why = rejections(links[R1].evidence)["COMPLETE version 2"]
    assert why.startswith("it added 9 rows, 9 bytes, 9 files; the run says 5 rows")
    assert why.endswith("as snapshot 1 has")


def test_a_version_claimed_by_two_runs_goes_to_the_one_whose_counts_fit() -> None:
    table = timeline(Commit(1, 1, rows=5), Commit(2, 1.5, rows=9))
    one, other = run_told(R1, 0, 2, output=wrote(5, 2)), run_told(R2, 0, 2, output=wrote(9, 2))
    links = links_of(table, one, other)
    assert decided(links[R1]) == ((1,), Method.OUTPUT_FINGERPRINT, Grade.HIGH)
    assert decided(links[R2]) == ((2,), Method.OUTPUT_COMPLETE_VERSION, Grade.HIGH)


def test_a_version_claimed_by_two_runs_that_nothing_tells_apart_is_nobodys() -> None:
    told = [run_told(run, 0, 2, output=seen(1)) for run in (R1, R2)]
    links = links_of(timeline(Commit(1, 1)), *told)
    for run, other in ((R1, R2), (R2, R1)):
        assert decided(links[run]) == ((1,), Method.OUTPUT_WINDOW, Grade.CANDIDATES)
        why = f"run {other} claims it too"
        assert rejections(links[run].evidence) == {"COMPLETE version 1": why}


def test_a_version_from_before_the_run_is_no_commit_of_it() -> None:
    table = timeline(Commit(1, -60), Commit(2, 1, rows=5))
    link = links_of(table, run_told(R1, 0, 2, output=wrote(5, 1)))[R1]
    assert decided(link) == ((2,), Method.OUTPUT_FINGERPRINT, Grade.HIGH)
    (why,) = rejections(link.evidence).values()
    assert why.startswith("committed at 2026-11-17T11:00:00Z, before START")


def test_a_version_from_after_the_run_is_no_commit_of_it() -> None:
    link = links_of(timeline(Commit(1, 60)), run_told(R1, 0, 2, output=seen(1)))[R1]
    assert decided(link) == PHANTOM
    assert "after START" in rejections(link.evidence)["COMPLETE version 1"]


def test_a_version_at_start_says_nothing_of_what_was_written() -> None:
    started = event("START", 0, run=R1, outputs=[seen(1)])
    ended = event("COMPLETE", 2, run=R1, outputs=[seen()])
    assert decided(links_of(timeline(Commit(1, -60)), [started, ended])[R1]) == PHANTOM


@pytest.mark.parametrize("version", ["99", "v1", "²"])
def test_a_version_that_means_nothing_is_rejected(version: str) -> None:
    link = links_of(timeline(Commit(1, 1)), run_told(R1, 0, 2, output=seen(version)))[R1]
    assert decided(link) == ((1,), Method.OUTPUT_WINDOW, Grade.INFERRED)
    assert f"COMPLETE version {version}" in rejections(link.evidence)


def test_without_any_history_the_version_is_all_there_is() -> None:
    link = links_of(timeline(), run_told(R1, 0, 2, output=seen(4)))[R1]
    assert decided(link) == ((4,), Method.OUTPUT_COMPLETE_VERSION, Grade.INFERRED)


def test_a_version_nobody_remembers_that_another_run_reports_is_the_other_runs() -> None:
    report = {**seen(), "outputFacets": {"icebergCommitReport": {"snapshotId": 4}}}
    links = links_of(
        timeline(), run_told(R1, 0, 2, output=seen(4)), run_told(R2, 0, 2, output=report)
    )
    assert decided(links[R2]) == ((4,), Method.OUTPUT_COMMIT_REPORT, Grade.HIGH)
    assert decided(links[R1]) == PHANTOM
    why = f"the commit belongs to run {R2} (output-commit-report)"
    assert rejections(links[R1].evidence) == {"COMPLETE version 4": why}


def test_counts_that_fit_one_commit_only_are_high() -> None:
    table = timeline(Commit(1, 0, rows=5), Commit(2, 1, rows=7))
    links = links_of(table, run_told(R1, -1, 2, output=wrote(7)))
    assert decided(links[R1]) == ((2,), Method.OUTPUT_FINGERPRINT, Grade.HIGH)
    witness = "7 rows, 7 bytes, 7 files in the run and in the commit 2"
    assert links[R1].evidence.witness == witness


def test_counts_that_fit_two_commits_or_two_runs_decide_nothing() -> None:
    twins = timeline(Commit(1, 0, rows=5), Commit(2, 1, rows=5), Commit(3, 1, rows=6))
    link = links_of(twins, run_told(R1, -1, 2, output=wrote(5)))[R1]
    assert decided(link) == ((1, 2), Method.OUTPUT_WINDOW, Grade.CANDIDATES)
    told = [run_told(run, -1, 2, output=wrote(5)) for run in (R1, R2)]
    links = links_of(timeline(Commit(1, 0, rows=5)), *told)
    expected = ((1,), Method.OUTPUT_WINDOW, Grade.CANDIDATES)
    assert {decided(link) for link in links.values()} == {expected}


def test_nothing_written_is_no_fingerprint() -> None:
    table = timeline(Commit(1, 0, rows=0), Commit(2, 1, rows=7))
    link = links_of(table, run_told(R1, -1, 2, output=wrote(0)))[R1]
    assert decided(link) == ((1, 2), Method.OUTPUT_WINDOW, Grade.CANDIDATES)


def test_the_only_commit_in_the_window_is_inferred() -> None:
    table = timeline(Commit(1, -60), Commit(2, 1), Commit(3, 60))
    links = links_of(table, run_told(R1, 0, 2))
    assert decided(links[R1]) == ((2,), Method.OUTPUT_WINDOW, Grade.INFERRED)
    assert orphans(table, links) == (1, 3)


def test_counts_that_differ_from_the_only_commit_are_told() -> None:
    link = links_of(timeline(Commit(1, 1, rows=7)), run_told(R1, 0, 2, output=wrote(5)))[R1]
    assert decided(link) == ((1,), Method.OUTPUT_WINDOW, Grade.INFERRED)
    assert "it added 7 rows, 7 bytes, 7 files, and the run says 5 rows" in link.evidence.witness


def test_several_commits_in_the_window_are_candidates_and_no_orphans() -> None:
    table = timeline(Commit(1, 0), Commit(2, 1))
    links = links_of(table, run_told(R1, -1, 2))
    assert decided(links[R1]) == ((1, 2), Method.OUTPUT_WINDOW, Grade.CANDIDATES)
    assert orphans(table, links) == ()


def test_commits_given_to_other_runs_are_no_candidates() -> None:
    table = timeline(Commit(1, 0, summary={"openlineage.run-id": R2}), Commit(2, 1))
    links = links_of(table, run_told(R1, -1, 2), run_told(R2, -1, 2))
    assert decided(links[R1]) == ((2,), Method.OUTPUT_WINDOW, Grade.INFERRED)
    why = f"it belongs to run {R2} (output-stamp)"
    assert rejections(links[R1].evidence) == {"snapshot 1": why}


def test_a_commit_that_changes_no_row_counts_only_where_there_is_no_other() -> None:
    table = timeline(Commit(1, 0, effect=Effect.NOTHING), Commit(2, 1))
    link = links_of(table, run_told(R1, -1, 2))[R1]
    assert decided(link) == ((2,), Method.OUTPUT_WINDOW, Grade.INFERRED)
    assert rejections(link.evidence) == {"snapshot 1": "it changes no row"}
    alone = timeline(Commit(1, 0, effect=Effect.NOTHING))
    assert links_of(alone, run_told(R1, -1, 2))[R1].snapshot_ids == (1,)


def test_a_run_that_failed_has_candidates_only_and_takes_none_from_others() -> None:
    table = timeline(Commit(1, 0))
    failed = links_of(table, run_told(R1, -1, 2, kind="FAIL"))[R1]
    assert decided(failed) == ((1,), Method.OUTPUT_WINDOW, Grade.CANDIDATES)
    assert failed.evidence.witness.endswith("the run ended with FAIL")
    both = links_of(table, run_told(R1, -1, 2, kind="FAIL"), run_told(R2, -1, 2))
    assert decided(both[R2]) == ((1,), Method.OUTPUT_WINDOW, Grade.INFERRED)
    assert decided(both[R1]) == PHANTOM


def test_without_a_start_only_what_was_current_at_the_end_is_a_candidate() -> None:
    table = timeline(Commit(1, -60), Commit(2, -30))
    link = links_of(table, run_told(R1, None, 0))[R1]
    assert decided(link) == ((2,), Method.OUTPUT_WINDOW, Grade.CANDIDATES)
    told = links_of(table, run_told(R1, None, 0, output=seen(2)))[R1]
    assert decided(told) == ((2,), Method.OUTPUT_COMPLETE_VERSION, Grade.CANDIDATES)


def test_a_run_without_a_commit_is_a_phantom() -> None:
    link = links_of(timeline(Commit(1, -60)), run_told(R1, 0, 2, output=wrote(41)))[R1]
    assert decided(link) == PHANTOM
    assert link.evidence.witness == (
        "no commit of the table fits START 2026-11-17T12:00:00Z, end 2026-11-17T12:02:00Z"
    )


def test_a_run_that_only_changed_the_schema_is_a_phantom_that_says_so() -> None:
    table = timeline(Commit(1, -60), SchemaChange(1, 1), SchemaChange(2, 60))
    link = links_of(table, run_told(R1, 0, 2))[R1]
    assert decided(link) == PHANTOM
    assert link.evidence.witness.endswith(
        "; without a snapshot the table got schema 1 at 2026-11-17T12:01:00Z"
    )


def test_a_run_that_has_not_ended_says_so() -> None:
    link = links_of(timeline(Commit(1, 60)), run_told(R1, 0, None))[R1]
    assert decided(link) == PHANTOM
    assert "(not ended)" in link.evidence.witness


def test_an_end_before_the_start_is_a_matter_of_clocks() -> None:
    link = links_of(timeline(Commit(1, 1)), run_told(R1, 2, 0))[R1]
    assert decided(link) == ((1,), Method.OUTPUT_WINDOW, Grade.INFERRED)


def test_a_commit_that_was_rolled_back_was_still_made_by_its_run() -> None:
    table = timeline(Commit(1, 0), Commit(2, 1), Move(MAIN, 1, 2))
    links = links_of(table, run_told(R1, 0.5, 1.5, output=seen(2)))
    assert decided(links[R1]) == ((2,), Method.OUTPUT_COMPLETE_VERSION, Grade.HIGH)


def test_every_commit_is_an_orphan_where_nobody_tells_anything() -> None:
    table = timeline(Commit(1, 0), Commit(2, 1))
    assert orphans(table, links_of(table)) == (1, 2)


def test_one_run_under_two_names_of_the_table_has_one_link() -> None:
    between = event("RUNNING", 1, run=R1, outputs=[seen(), _other_name()])
    run = record(*run_told(R1, 0, 2), between)
    writers = [OutputObservation(run, one) for one in run.outputs]
    assert len(writers) == 2
    links = link_outputs(table=timeline(Commit(1, 1)), writers=writers, skew_ms_max=SKEW_MS)
    assert decided(links[R1]) == ((1,), Method.OUTPUT_WINDOW, Grade.INFERRED)


def _other_name() -> Json:
    return {"namespace": "hive://h", "name": "sales.orders"}
