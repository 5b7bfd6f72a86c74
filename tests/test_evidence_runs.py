"""Run records: START and end kept apart, and no order or repetition that matters."""

from evidence_stories import Json, at, event, record, seen
from snapshots.dataset import Dataset
from temporal_lineage.capture.openlineage_events import EngineKey, JobName, KeyKind, RunEvent
from temporal_lineage.evidence.runs import RunRecord, RunState, gather, together


def _versions(run: RunRecord) -> tuple[str | None, list[str | None], str | None]:
    (one,) = run.inputs
    return (
        one.start.version if one.start else None,
        [between.version for between in one.during],
        one.terminal.version if one.terminal else None,
    )


def test_start_and_end_are_kept_apart() -> None:
    run = record(
        event("START", 0, inputs=[seen(1)]),
        event("RUNNING", 1, inputs=[seen(2)]),
        event("COMPLETE", 2, inputs=[seen(3)]),
    )
    assert _versions(run) == ("1", ["2"], "3")
    assert (run.started_at, run.ended_at, run.state) == (at(0), at(2), RunState.COMPLETE)


def test_the_first_start_and_the_last_end_count() -> None:
    run = record(
        event("FAIL", 3, inputs=[seen(4)]),
        event("START", 1, inputs=[seen(2)]),
        event("COMPLETE", 5, inputs=[seen(5)]),
        event("START", 0, inputs=[seen(1)]),
    )
    assert _versions(run) == ("1", ["2", "4"], "5")
    assert (run.started_at, run.ended_at, run.state) == (at(0), at(5), RunState.COMPLETE)


def test_of_several_ends_one_that_tells_a_version_counts() -> None:
    run = record(
        event("COMPLETE", 2, inputs=[seen(3)]),
        event("START", 0, inputs=[seen()]),
        event("COMPLETE", 3, inputs=[seen()]),
        event("START", 1, inputs=[seen(1)]),
    )
    assert _versions(run) == ("1", [None], "3")


def test_a_dataset_that_only_one_end_names_is_seen_there_only() -> None:
    run = record(event("START", 0), event("COMPLETE", 2, inputs=[seen(3)]))
    assert _versions(run) == (None, [], "3")


def test_spellings_of_one_dataset_are_one_and_keep_their_recorded_names() -> None:
    run = record(
        event("START", 0, inputs=[{"namespace": "s3a://lake/", "name": "/t/"}]),
        event("COMPLETE", 1, inputs=[{"namespace": "s3://lake", "name": "t"}]),
    )
    (one,) = run.inputs
    assert one.dataset == Dataset("s3://lake", "t")
    assert [mention.dataset.namespace for mention in one.mentions()] == ["s3a://lake/", "s3://lake"]


def test_a_run_without_start_or_end_says_so() -> None:
    open_run = record(event("START", 0), event("RUNNING", 5))
    assert (open_run.started_at, open_run.ended_at) == (at(0), None)
    assert (open_run.state, open_run.last_at) == (RunState.RUNNING, at(5))
    point = record(event("COMPLETE", 0))
    assert (point.started_at, point.ended_at, point.first_at) == (None, at(0), at(0))
    assert record(event("OTHER", 0)).state is RunState.UNKNOWN


def test_what_one_event_tells_of_the_run_is_kept() -> None:
    parent: Json = {"run": {"runId": "p"}, "job": {"namespace": "a", "name": "dag"}}
    run = record(
        event("START", 0, facets={"parent": parent}, job_facets={"sql": {"query": "SELECT 1"}}),
        event(
            "FAIL", 1, facets={"errorMessage": {"message": "no space", "programmingLanguage": ""}}
        ),
    )
    assert run.parent is not None
    assert (run.parent.run_id, run.parent.job) == ("p", JobName("a", "dag"))
    assert (run.error, run.queries, run.state) == ("no space", ("SELECT 1",), RunState.FAIL)


def _application(run: str, parent: str | None, app: str | None) -> RunEvent:
    facets: dict[str, Json] = {}
    if app is not None:
        facets["spark_applicationDetails"] = {"applicationId": app}
    if parent is not None:
        facets["parent"] = {"run": {"runId": parent}, "job": {"namespace": "n", "name": "app"}}
    return event("START", 0, run=run, facets=facets)


def test_a_run_has_the_keys_of_its_ancestors_unless_it_has_its_own() -> None:
    runs = gather(
        [
            _application("app", None, "app-1"),
            _application("query", "app", None),
            _application("job", "query", None),
            _application("other", "app", "app-2"),
            _application("loop", "loop", None),
        ]
    )
    inherited = (EngineKey(KeyKind.SPARK_APPLICATION, "app-1"),)
    assert runs["query"].keys == runs["job"].keys == inherited
    assert runs["other"].keys == (EngineKey(KeyKind.SPARK_APPLICATION, "app-2"),)
    assert runs["loop"].keys == ()


def test_names_of_one_table_are_joined_into_one_observation() -> None:
    hive = {"namespace": "hive://h", "name": "s.t", "facets": {"version": {"datasetVersion": "7"}}}
    run = record(
        event("START", 0, inputs=[seen(), hive]), event("COMPLETE", 1, inputs=[seen(), hive])
    )
    joined = together(run.inputs)
    assert joined == together(run.inputs[::-1])
    assert joined.start is not None
    assert joined.start.version == "7"
    assert joined.start.symlinks == (Dataset("s3://lake", "sales/orders"),)
