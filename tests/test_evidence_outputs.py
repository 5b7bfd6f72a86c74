"""Outputs told exactly: stamps, commit reports and engine keys. DESIGN 4.4, outputs 1 to 3."""

import json
from collections.abc import Mapping

import pytest

from evidence_stories import SKEW_MS, Commit, Json, event, rejections, seen, timeline, wrote
from output_stories import PHANTOM, R1, R2, app, decided, links_of, run_told, writer
from temporal_lineage.evidence.grades import Grade, Method
from temporal_lineage.evidence.outputs import link_outputs, orphans
from temporal_lineage.evidence.runs import gather

QUERY = "20261117_120000_00001_abcde"


@pytest.mark.parametrize(
    "summary",
    [
        {"temporal_lineage.run-id": R1},
        {"openlineage.run-id": R1.upper()},
        {"openlineage_runId": R1},
        {"snapshot-property.openlineage.run_id": R1},
        {"userMetadata": R1.upper()},
        {"userMetadata": json.dumps({"run_id": R1, "by": "airflow"})},
        {"userMetadata": f"nightly load, run {R1}."},
    ],
)
def test_a_stamp_is_exact_wherever_it_is_kept(summary: Mapping[str, str]) -> None:
    table = timeline(Commit(1, 0, summary=summary), Commit(2, 60))
    # Nothing else fits: the commit lies outside the window, and another version is told.
    link = links_of(table, run_told(R1, 59, 61, output=seen(2)))[R1]
    assert decided(link) == ((1,), Method.OUTPUT_STAMP, Grade.EXACT)
    assert link.evidence.witness == f"run id {R1} in the commit 1"


def test_a_run_may_stamp_several_commits() -> None:
    stamp = {"openlineage.run-id": R1}
    table = timeline(Commit(1, 0, summary=stamp), Commit(2, 1), Commit(3, 2, summary=stamp))
    links = links_of(table, run_told(R1, 0, 3))
    assert decided(links[R1]) == ((1, 3), Method.OUTPUT_STAMP, Grade.EXACT)
    assert orphans(table, links) == (2,)


@pytest.mark.parametrize("key", ["openlineage.parentRunId", "openlineage.rootRunId", "note"])
def test_an_id_under_another_name_is_no_stamp(key: str) -> None:
    table = timeline(Commit(1, 0, summary={key: R1}))
    assert decided(links_of(table, run_told(R1, 59, 61))[R1]) == PHANTOM


def test_a_commit_with_the_stamp_of_a_run_nobody_heard_of_is_nobody_elses() -> None:
    table = timeline(Commit(1, 0, summary={"openlineage.run-id": R2}))
    links = links_of(table, run_told(R1, -1, 1, output=wrote(5, 1)))
    assert links[R1].snapshot_ids == ()
    assert links[R1].evidence.grade is Grade.STALE
    assert rejections(links[R1].evidence) == {
        "COMPLETE version 1": "it carries the stamp of another run",
        "snapshot 1": "it carries the stamp of another run",
    }
    assert orphans(table, links) == (1,)


def _report(snapshot_id: int) -> Json:
    return {**seen(), "outputFacets": {"icebergCommitReport": {"snapshotId": snapshot_id}}}


def test_a_commit_report_is_exact() -> None:
    table = timeline(Commit(1, 0), Commit(2, 1))
    link = links_of(table, run_told(R1, -1, 2, output=_report(1)))[R1]
    assert decided(link) == ((1,), Method.OUTPUT_COMMIT_REPORT, Grade.EXACT)


def test_a_stamp_beats_the_commit_report_of_another_run() -> None:
    table = timeline(Commit(1, 0, summary={"openlineage.run-id": R2}))
    links = links_of(table, run_told(R1, -1, 2, output=_report(1)), run_told(R2, -1, 2))
    assert decided(links[R2]) == ((1,), Method.OUTPUT_STAMP, Grade.EXACT)
    assert decided(links[R1]) == PHANTOM
    why = f"the commit belongs to run {R2} (output-stamp)"
    assert rejections(links[R1].evidence)["commit report 1"] == why


def test_two_reports_of_one_commit_are_candidates() -> None:
    reported = [run_told(run, -1, 2, output=_report(1)) for run in (R1, R2)]
    links = links_of(timeline(Commit(1, 0)), *reported)
    for run in (R1, R2):
        assert decided(links[run]) == ((1,), Method.OUTPUT_COMMIT_REPORT, Grade.CANDIDATES)


def test_a_report_of_a_commit_nobody_remembers_is_taken_but_not_exact() -> None:
    link = links_of(timeline(Commit(1, 0)), run_told(R1, -1, 2, output=_report(9)))[R1]
    assert decided(link) == ((9,), Method.OUTPUT_COMMIT_REPORT, Grade.HIGH)


def test_equal_engine_keys_in_the_window_are_high_for_every_commit() -> None:
    key = {"spark.app.id": "app-1"}
    table = timeline(
        Commit(1, 0, summary=key),
        Commit(2, 1),
        Commit(3, 2, summary=key),
        Commit(4, 60, summary=key),
    )
    links = links_of(table, run_told(R1, -1, 3, facets=app("app-1")))
    assert decided(links[R1]) == ((1, 3), Method.OUTPUT_ENGINE_KEYS, Grade.HIGH)
    assert links[R1].evidence.witness == (
        "spark-application app-1 in the run and in the commit 1, 3"
    )
    assert orphans(table, links) == (2, 4)


def test_runs_of_one_application_are_told_apart_by_their_windows() -> None:
    key = {"app-id": "app-1"}
    table = timeline(Commit(1, 0, summary=key), Commit(2, 10, summary=key))
    links = links_of(
        table,
        run_told(R1, -1, 1, facets=app("app-1")),
        run_told(R2, 9, 11, facets=app("app-1")),
    )
    assert decided(links[R1]) == ((1,), Method.OUTPUT_ENGINE_KEYS, Grade.HIGH)
    assert decided(links[R2]) == ((2,), Method.OUTPUT_ENGINE_KEYS, Grade.HIGH)


@pytest.mark.parametrize("outputs", [(seen(1), seen(2)), (wrote(5), wrote(7))])
def test_runs_of_one_application_at_one_time_are_told_apart_by_version_or_counts(
    outputs: tuple[Json, Json],
) -> None:
    key = {"spark.app.id": "app-1"}
    table = timeline(Commit(1, 0, rows=5, summary=key), Commit(2, 1, rows=7, summary=key))
    links = links_of(
        table,
        run_told(R1, -1, 3, output=outputs[0], facets=app("app-1")),
        run_told(R2, -1, 3, output=outputs[1], facets=app("app-1")),
    )
    assert decided(links[R1]) == ((1,), Method.OUTPUT_ENGINE_KEYS, Grade.HIGH)
    assert decided(links[R2]) == ((2,), Method.OUTPUT_ENGINE_KEYS, Grade.HIGH)


def test_runs_of_one_application_that_nothing_tells_apart_have_candidates() -> None:
    key = {"spark.app.id": "app-1"}
    table = timeline(Commit(1, 0, summary=key), Commit(2, 1, summary=key), Commit(3, 1))
    links = links_of(
        table,
        run_told(R1, -1, 3, facets=app("app-1")),
        run_told(R2, -1, 3, facets=app("app-1")),
    )
    for run in (R1, R2):
        assert decided(links[run]) == ((1, 2), Method.OUTPUT_WINDOW, Grade.CANDIDATES)


def test_of_several_commits_by_the_application_the_counts_single_out_the_runs_own() -> None:
    key = {"spark.app.id": "app-1"}
    table = timeline(Commit(1, 0, rows=5, summary=key), Commit(2, 1, rows=7, summary=key))
    one = links_of(table, run_told(R1, -1, 3, output=wrote(7), facets=app("app-1")))[R1]
    assert decided(one) == ((2,), Method.OUTPUT_ENGINE_KEYS, Grade.HIGH)
    assert rejections(one.evidence) == {
        "snapshot 1": "it added 5 rows, 5 bytes, 5 files; the run says 7 rows, 7 bytes, 7 files"
    }
    both = links_of(table, run_told(R1, -1, 3, output=wrote(12), facets=app("app-1")))[R1]
    assert decided(both) == ((1, 2), Method.OUTPUT_ENGINE_KEYS, Grade.HIGH)


@pytest.mark.parametrize("key", ["trino_query_id", "operationParameters.queryId"])
def test_a_trino_query_is_a_run(key: str) -> None:
    table = timeline(Commit(1, 0, summary={key: QUERY}), Commit(2, 1))
    told = run_told(R1, 59, 61, facets={"trino_metadata": {"query_id": QUERY}})
    assert decided(links_of(table, told)[R1]) == ((1,), Method.OUTPUT_ENGINE_KEYS, Grade.EXACT)


def test_the_run_id_that_trino_derives_from_the_query_is_as_good_as_a_stamp() -> None:
    table = timeline(Commit(1, 0, summary={"trino_query_id": QUERY}))
    derived = "3a257613-85fd-3d09-98e5-176fcdc607e1"
    link = links_of(table, run_told(derived, 59, 61))[derived]
    assert decided(link) == ((1,), Method.OUTPUT_STAMP, Grade.EXACT)


def test_a_trino_run_id_of_another_making_is_no_contradiction() -> None:
    table = timeline(Commit(1, 0, summary={"trino_query_id": QUERY}))
    link = links_of(table, run_told(R1, -1, 1, output=seen(1)))[R1]
    assert decided(link) == ((1,), Method.OUTPUT_COMPLETE_VERSION, Grade.HIGH)


def test_keys_of_the_application_count_for_the_runs_it_spawned() -> None:
    key = {"spark.app.id": "app-1"}
    table = timeline(Commit(1, 0, summary=key), Commit(2, 1, summary={"spark.app.id": "app-2"}))
    parent = {"parent": {"run": {"runId": R2}, "job": {"namespace": "shop", "name": "app"}}}
    application = [event("START", -2, run=R2, job="app", facets=app("app-1"))]
    records = gather([*application, *run_told(R1, -1, 2, facets=parent)])
    links = link_outputs(table=table, writers=[writer(records[R1])], skew_ms_max=SKEW_MS)
    assert decided(links[R1]) == ((1,), Method.OUTPUT_ENGINE_KEYS, Grade.HIGH)


def test_a_streaming_query_of_spark_is_no_trino_query() -> None:
    summary = {"operationParameters.queryId": R2, "txn.my-app": "7"}
    table = timeline(Commit(1, 0, summary=summary))
    engine = {"processing_engine": {"name": "spark", "version": "3.5"}}
    link = links_of(table, run_told(R1, -1, 1, output=seen(1), facets=engine))[R1]
    assert decided(link) == ((1,), Method.OUTPUT_COMPLETE_VERSION, Grade.HIGH)


@pytest.mark.parametrize(
    ("told", "summary", "grade"),
    [
        ({"flink_job": {"jobId": "f1"}}, {"flink.job-id": "f1"}, Grade.HIGH),
        ({"gcp_dataproc": {"appId": "a1"}}, {"app-id": "a1"}, Grade.HIGH),
        (
            {"environment-properties": {"spark.databricks.job.runId": "7"}},
            {"job.jobRunId": "7"},
            Grade.HIGH,
        ),
        (
            {"environment-properties": {"spark.databricks.job.id": "8"}},
            {"job.jobId": "8"},
            Grade.HIGH,
        ),
        (
            {"environment-properties": {"spark.databricks.notebook.id": "9"}},
            {"notebook.notebookId": "9"},
            Grade.HIGH,
        ),
        (
            {"environment-properties": {"spark.databricks.clusterUsageTags.clusterId": "c"}},
            {"clusterId": "c"},
            Grade.HIGH,
        ),
        (
            {"trino_metadata": {"query_id": "20261117_090000_00001_abcde"}},
            {"operationParameters.queryId": "20261117_090000_00001_abcde"},
            Grade.EXACT,
        ),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else str(one),
)
def test_the_keys_of_every_engine_that_tells_them_decide(
    told: Json, summary: dict[str, str], grade: Grade
) -> None:
    table = timeline(Commit(1, 0, summary=summary), Commit(2, 1))
    link = links_of(table, run_told(R1, -1, 3, facets=told))[R1]
    assert decided(link) == ((1,), Method.OUTPUT_ENGINE_KEYS, grade)
