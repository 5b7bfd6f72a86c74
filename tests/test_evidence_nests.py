"""Runs inside one another that tell of one write, as Spark and schedulers make them."""

from collections.abc import Mapping

from evidence_stories import SKEW_MS, Commit, Json, event, history, rejections, seen, timeline
from output_stories import R1, R2, app, decided, links_of
from snapshots.dataset import TableFormat
from snapshots.snapshot import Effect
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.grades import Grade, Method
from temporal_lineage.evidence.inputs import link_input
from temporal_lineage.evidence.own_commits import Own
from temporal_lineage.evidence.runs import gather
from temporal_lineage.evidence.timeline import Timeline

APPLICATION = "01a214ef-9ef1-7e87-9678-c6a20a07d944"
KEY = {"spark.app.id": "local-1"}


def _run(
    run: str, job: str, start: float, end: float, output: Json, parent: str = APPLICATION
) -> list[RunEvent]:
    facets: Mapping[str, Json] = {
        **app("local-1"),
        "parent": {"run": {"runId": parent}, "job": {"namespace": "shop", "name": "app"}},
    }
    return [
        event("START", start, run=run, job=job, facets=facets, outputs=[seen()]),
        event("COMPLETE", end, run=run, job=job, facets=facets, outputs=[output]),
    ]


def _report(snapshot_id: int) -> Json:
    told = {"icebergCommitReport": {"snapshotId": snapshot_id}}
    return {**seen(snapshot_id), "outputFacets": told}


def test_create_table_as_select_is_one_write_of_two_runs() -> None:
    table = timeline(Commit(1, 0.5, summary=KEY))
    outer = _run(R1, "app.atomic_create_table_as_select.t", 0, 1, _report(1))
    inner = _run(R2, "app.append_data.t", 0.2, 0.8, _report(1))
    links = links_of(table, outer, inner)
    assert decided(links[R2]) == ((1,), Method.OUTPUT_COMMIT_REPORT, Grade.EXACT)
    assert decided(links[R1]) == ((1,), Method.OUTPUT_SAME_WRITE, Grade.HIGH)
    assert f"run {R1}" in rejections(links[R2].evidence)
    assert "commit report 1" in rejections(links[R1].evidence)


def test_replace_table_as_select_commits_after_its_inner_run_has_ended() -> None:
    """The inner run repeats the report before it, and only the outer one tells the commit."""
    table = timeline(Commit(1, -1, summary=KEY), Commit(2, 0.9, summary=KEY))
    outer = _run(R1, "app.atomic_replace_table_as_select.t", 0, 1, _report(2))
    inner = _run(R2, "app.overwrite_by_expression.t", 0.2, 0.8, _report(1))
    links = links_of(table, outer, inner)
    assert decided(links[R1]) == ((2,), Method.OUTPUT_COMMIT_REPORT, Grade.EXACT)
    assert decided(links[R2]) == ((2,), Method.OUTPUT_SAME_WRITE, Grade.HIGH)
    assert "commit report 1" in rejections(links[R2].evidence)


def test_two_statements_at_once_in_one_application_are_two_writes() -> None:
    table = timeline(Commit(1, 0.5, summary=KEY))
    one = _run(R1, "app.append_data.t", 0, 1, _report(1))
    other = _run(R2, "app.append_data.t", 0.2, 0.8, _report(1))
    links = links_of(table, one, other)
    for run in (R1, R2):
        assert decided(links[run]) == ((1,), Method.OUTPUT_COMMIT_REPORT, Grade.CANDIDATES)


def test_a_parent_is_given_what_its_children_made() -> None:
    table = timeline(Commit(1, 1), Commit(2, 11))
    task = _run("task", "dag.task", 0, 20, seen())
    first = _run(R1, "app.a", 0.5, 1.5, seen(1), parent="task")
    second = _run(R2, "app.b", 10.5, 11.5, seen(2), parent="task")
    links = links_of(table, task, first, second)
    assert decided(links["task"]) == ((1, 2), Method.OUTPUT_BY_CHILDREN, Grade.HIGH)
    assert decided(links[R1]) == ((1,), Method.OUTPUT_COMPLETE_VERSION, Grade.HIGH)


def test_a_child_that_tells_nothing_made_what_its_parent_names() -> None:
    table = timeline(Commit(1, 1, rows=5, summary={"openlineage.run-id": "task"}), Commit(2, 3))
    task = _run("task", "dag.task", 0, 4, seen())
    child = _run(R1, "app.a", 0.5, 1.5, seen(), parent="task")
    links = links_of(table, task, child)
    assert decided(links["task"]) == ((1,), Method.OUTPUT_STAMP, Grade.EXACT)
    assert decided(links[R1]) == ((1,), Method.OUTPUT_SAME_WRITE, Grade.HIGH)


def test_with_two_children_nobody_knows_which_of_them_it_was() -> None:
    table = timeline(Commit(1, 1, summary={"openlineage.run-id": "task"}))
    task = _run("task", "dag.task", 0, 4, seen())
    children = [_run(run, "app.a", 0.5, 1.5, seen(), parent="task") for run in (R1, R2)]
    links = links_of(table, task, *children)
    for run in (R1, R2):
        assert decided(links[run]) == ((), Method.OUTPUT_PHANTOM, Grade.NONE)


def test_runs_that_are_said_to_be_each_others_parents_are_rivals() -> None:
    table = timeline(Commit(1, 0.5))
    runs = [
        _run(run, "app.a", 0, 1, seen(1), parent=parent) for run, parent in ((R1, R2), (R2, R1))
    ]
    links = links_of(table, *runs)
    for run in (R1, R2):
        assert links[run].evidence.grade is Grade.CANDIDATES


def _delta(operation: str, read: str | None) -> Timeline:
    told = {} if read is None else {"readVersion": read}
    steps = [Commit(0, 0), Commit(1, 0.5), Commit(2, 1.5, operation=operation, summary=told)]
    return Timeline(history(*steps, format_of=TableFormat.DELTA))


def _merge(table: Timeline) -> tuple[tuple[int, ...], Method, Grade]:
    """Link the input of a run that reads the table and commits version 2; it tells no version."""
    events = [event(kind, at, inputs=[seen()]) for kind, at in (("START", 0.51), ("COMPLETE", 2))]
    (run,) = gather(events).values()
    (observation,) = run.inputs
    found = link_input(
        observation,
        table=table,
        run=run,
        skew_ms_max=SKEW_MS,
        own=Own((2,), Grade.EXACT),
        reports=(),
    )
    return found.snapshot_ids, found.evidence.method, found.evidence.grade


def test_a_delta_merge_read_the_version_that_its_commit_names() -> None:
    assert _merge(_delta("MERGE", "1")) == ((1,), Method.INPUT_OWN_COMMIT, Grade.EXACT)
    # Another operation of the run may have read the table elsewhere, and its commit not at all.
    assert _merge(_delta("WRITE", "0")) == ((0,), Method.INPUT_OWN_COMMIT, Grade.HIGH)


def test_a_delta_commit_that_names_none_was_made_on_the_version_before_it() -> None:
    assert _merge(_delta("MERGE", None)) == ((1,), Method.INPUT_OWN_PARENT, Grade.INFERRED)


def test_a_commit_that_only_may_be_the_runs_own_tells_nothing() -> None:
    table = _delta("MERGE", "1")
    events = [event(kind, at, inputs=[seen()]) for kind, at in (("START", 0.51), ("COMPLETE", 2))]
    (run,) = gather(events).values()
    (observation,) = run.inputs
    own = Own((2,), Grade.CANDIDATES)
    found = link_input(observation, table=table, run=run, skew_ms_max=SKEW_MS, own=own, reports=())
    assert found.evidence.method is Method.INPUT_HEAD


def test_commits_without_rows_are_nobodys_write_beside_others() -> None:
    table = timeline(Commit(1, 0.5), Commit(2, 0.6, effect=Effect.NOTHING))
    links = links_of(table, _run(R1, "app.append_data.t", 0, 1, seen()))
    assert decided(links[R1]) == ((1,), Method.OUTPUT_WINDOW, Grade.INFERRED)
