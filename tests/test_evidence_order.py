"""Evidence as a whole: any order, repetition or batching gives the same, and nonsense a link."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from evidence_stories import SKEW_MS, Commit, Json, Move, event, history, seen, wrote
from snapshots.refs import MAIN
from snapshots.snapshot import Effect
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.commits import clones, rollbacks, self_explained
from temporal_lineage.evidence.grades import Grade, Method
from temporal_lineage.evidence.inputs import link_input
from temporal_lineage.evidence.outputs import OutputLink, OutputObservation, link_outputs, orphans
from temporal_lineage.evidence.own_commits import NO_COMMITS, Own
from temporal_lineage.evidence.runs import gather
from temporal_lineage.evidence.timeline import Timeline

MINUTES = st.integers(-2, 8)
LARGE = 2**60 + 1
"""The first of five ids that are one and the same double."""
RUNS = ("r1", "r2", "b7dce052-51a6-4d66-98b9-5fd8b78a79c7")
IDS = st.integers(0, 6) | st.sampled_from([float(LARGE), LARGE + 1])
VERSIONS = st.sampled_from([None, 1, 2, 3, 99, "v1"])
SUMMARIES: Sequence[dict[str, str]] = (
    {},
    {},
    {"spark.app.id": "app-1"},
    {"openlineage.run-id": "r1"},
    {"userMetadata": RUNS[2]},
    {"source-snapshot-id": "1", "published-wap-id": "w"},
    {"wap.id": "w"},
)
QUERIES = (
    "SELECT 1 FROM sales.orders VERSION AS OF 2",
    "SELECT 1 FROM sales.orders.branch_audit",
    "SELECT 1 FROM sales.orders TIMESTAMP AS OF '2026-11-17T12:02Z' x, orders",
    "not a query",
)


@st.composite
def tables(draw: st.DrawFn) -> Timeline:
    """Short histories with branches, rollbacks, commits at one instant, in any order of time."""
    steps: list[Commit | Move] = []
    first = draw(st.sampled_from([1, 1, LARGE]))
    for number in range(first, first + draw(st.integers(0, 5))):
        step = Commit(
            number,
            draw(MINUTES),
            rows=draw(st.sampled_from([None, 0, 5, 7])),
            summary=draw(st.sampled_from(SUMMARIES)),
            effect=draw(st.sampled_from([Effect.APPEND, Effect.NOTHING])),
            ref=draw(st.sampled_from([MAIN, MAIN, "audit"])),
        )
        steps.append(step)
        if draw(st.booleans()):
            back = draw(st.integers(first, number))
            steps.append(Move(draw(st.sampled_from([MAIN, "tag-v1"])), back, draw(MINUTES)))
    return Timeline(history(*steps))


@st.composite
def mentions(draw: st.DrawFn) -> Json:
    """What an event may say of the table, truth or not."""
    facets = {}
    for name, key in (("icebergScanReport", "snapshotId"), ("connectorInfo", "version")):
        if draw(st.integers(0, 5)) == 0:
            facets[name] = {key: draw(IDS)}
    made = draw(st.sampled_from([seen, wrote]))
    version = draw(VERSIONS)
    one = wrote(5, version, **facets) if made is wrote else seen(version, **facets)
    if draw(st.integers(0, 5)) == 0:
        one.setdefault("outputFacets", {})["icebergCommitReport"] = {"snapshotId": draw(IDS)}
    return one


@st.composite
def events(draw: st.DrawFn) -> RunEvent:
    """Any event of one of three runs, with or without the table on either side."""
    app = draw(st.sampled_from([None, "app-1", "app-2"]))
    query = draw(st.none() | st.sampled_from(QUERIES))
    facets: dict[str, Json] = {}
    if app is not None:
        facets["spark_applicationDetails"] = {"applicationId": app}
    parent = draw(st.sampled_from([None, None, "app", *RUNS]))
    if parent is not None:
        facets["parent"] = {"run": {"runId": parent}, "job": {"namespace": "n", "name": "p"}}
    return event(
        draw(st.sampled_from(["START", "RUNNING", "COMPLETE", "FAIL", "OTHER", "?"])),
        draw(MINUTES),
        run=draw(st.sampled_from(RUNS)),
        job=draw(st.sampled_from(["load", "a.create_table_as_select.t"])),
        inputs=draw(st.lists(mentions(), max_size=2)),
        outputs=draw(st.lists(mentions(), max_size=1)),
        facets=facets,
        job_facets={} if query is None else {"sql": {"query": query}},
    )


def _linked(table: Timeline, told: Sequence[RunEvent]) -> Json:
    runs = gather(told)
    writers = [OutputObservation(run, one) for run in runs.values() for one in run.outputs]
    links = link_outputs(table=table, writers=writers, skew_ms_max=SKEW_MS)
    inputs = {
        (run.run_id, one.dataset): link_input(
            one,
            table=table,
            run=run,
            skew_ms_max=SKEW_MS,
            own=_own(links.get(run.run_id)),
            reports=(),
        )
        for run in runs.values()
        for one in run.inputs
    }
    return runs, dict(links), inputs, orphans(table, links)


def _own(link: OutputLink | None) -> Own:
    return NO_COMMITS if link is None else Own(link.snapshot_ids, link.evidence.grade)


@given(tables(), st.lists(events(), max_size=8), st.data())
def test_the_same_events_in_any_order_and_number_give_the_same_beliefs(
    table: Timeline, told: list[RunEvent], data: st.DataObject
) -> None:
    again = data.draw(st.permutations([*told, *told[:3]]))
    assert _linked(table, again) == _linked(table, told)


@given(st.lists(events(), max_size=8), st.integers(0, 8))
def test_events_gathered_in_batches_give_the_same_records(told: list[RunEvent], cut: int) -> None:
    first = gather(told[:cut])
    kept = [one for run in first.values() for one in (*run.events, *run.strangers)]
    assert gather([*told[cut:], *kept]) == gather(told)


@given(tables(), st.lists(events(), max_size=8))
def test_every_link_is_truthful_about_what_it_claims(table: Timeline, told: list[RunEvent]) -> None:
    _, outputs, inputs, left = _linked(table, told)
    for link in (*outputs.values(), *inputs.values()):
        grade = link.evidence.grade
        assert link.evidence.witness
        assert all(one.what and one.why for one in link.evidence.rejected)
        assert len(set(link.snapshot_ids)) == len(link.snapshot_ids)
        if grade in (Grade.NONE, Grade.STALE):
            assert link.snapshot_ids == ()
        else:
            assert link.snapshot_ids
        if grade is Grade.EXACT:
            assert set(link.snapshot_ids) <= set(table.by_id)
    claimed = [one for link in outputs.values() for one in _sure(link)]
    assert len(set(claimed)) == len(claimed)
    assert not set(left) & set(claimed)


def _sure(link: Json) -> tuple[int, ...]:
    """Commits that the link claims; an engine's report of an unknown id proves no owner."""
    sure: bool = link.evidence.grade.claims and not link.evidence.method.is_of_another_run
    return link.snapshot_ids if sure else ()


@given(tables())
def test_a_table_alone_explains_only_its_own_snapshots(table: Timeline) -> None:
    for one in self_explained(table):
        assert one.target_id in table.by_id
        assert one.evidence.method in (Method.CHERRY_PICK, Method.WAP_PUBLISH)
    assert clones(table) == ()
    for back in rollbacks(table):
        assert {back.left_id, back.returned_id} <= set(table.by_id)
