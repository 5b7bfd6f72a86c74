"""Reach: a run's link is the same, decided with the runs near by alone or with all of them."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from evidence_stories import SKEW_MS, Commit, Json, event, history, seen, timeline, wrote
from output_stories import R1, R2, links_of, run_told
from snapshots.snapshot import Effect
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.companions import came_together
from temporal_lineage.evidence.outputs import STEPS_MAX, OutputObservation, link_outputs
from temporal_lineage.evidence.reach import Asked, Reach, is_sibling, kin_signs, reach_of, within
from temporal_lineage.evidence.runs import gather
from temporal_lineage.evidence.timeline import Timeline

MINUTES = st.integers(0, 40)
APPS = st.sampled_from([None, None, "app-1", "app-2"])
RUN_IDS = [f"{number:08x}-51a6-4d66-98b9-5fd8b78a79c7" for number in range(9)]
STAMPS: Sequence[dict[str, str]] = (
    *({}, {}, {}, {}),
    {"spark.app.id": "app-1"},
    {"openlineage.run-id": RUN_IDS[1]},
    {"openlineage.run-id": "plain"},
    {"trino_query_id": "20261117_120000_00001_abcde"},
)


class AllOf:
    """Every run there is, looked through one by one."""

    def __init__(self, reaches: Sequence[Reach]) -> None:
        """Take all of them."""
        self._reaches = reaches

    def meeting(self, asked: Asked) -> list[Reach]:
        """Give the runs that the question meets, and no others."""
        return [one for one in self._reaches if asked.meets(one)]

    def kin(self, runs: Sequence[Reach]) -> list[Reach]:
        """Give the kin of these runs, and no others."""
        signs = kin_signs(runs)
        return [
            one
            for one in self._reaches
            if one.signs & signs or any(is_sibling(one, other) for other in runs)
        ]


@st.composite
def tables(draw: st.DrawFn) -> Timeline:
    """A table with up to a dozen commits in forty minutes."""
    steps = [
        Commit(
            number,
            draw(MINUTES),
            rows=draw(st.sampled_from([None, 5, 7])),
            summary=draw(st.sampled_from(STAMPS)),
            effect=draw(st.sampled_from([Effect.APPEND, Effect.APPEND, Effect.NOTHING])),
        )
        for number in range(1, 1 + draw(st.integers(0, 12)))
    ]
    return Timeline(history(*steps))


@st.composite
def runs(draw: st.DrawFn, run_id: str) -> list[RunEvent]:
    """A run with or without START, end, version, counts, report, parent and application."""
    start = draw(MINUTES)
    end = start + draw(st.sampled_from([0, 1, 2, 5, 30]))
    facets: dict[str, Json] = {}
    if (app := draw(APPS)) is not None:
        facets["spark_applicationDetails"] = {"applicationId": app}
    parent = draw(st.sampled_from([None, None, "app", *RUN_IDS]))
    if parent is not None:
        facets["parent"] = {"run": {"runId": parent}, "job": {"namespace": "n", "name": "p"}}
    job = draw(st.sampled_from(["load", "load", "a.create_table_as_select.t"]))
    version = draw(st.none() | st.integers(0, 13))
    output = draw(st.sampled_from([seen(version), wrote(5, version), wrote(7, version)]))
    if draw(st.integers(0, 4)) == 0:
        output = {
            **output,
            "outputFacets": {"icebergCommitReport": {"snapshotId": draw(st.integers(1, 13))}},
        }
    kinds = draw(
        st.sampled_from(
            [("START", "COMPLETE")] * 3 + [("START",), ("COMPLETE",), ("START", "FAIL")]
        )
    )
    return [
        event(
            kind,
            start if kind == "START" else end,
            run=run_id,
            job=job,
            outputs=[output],
            facets=facets,
        )
        for kind in kinds
    ]


@st.composite
def stories(draw: st.DrawFn) -> list[RunEvent]:
    """Some runs, the events of each of them near each other in time or not."""
    count = draw(st.integers(1, len(RUN_IDS)))
    names = [*RUN_IDS[: count - 1], "plain"]
    return [one for name in names for one in draw(runs(name))]


@given(tables(), stories())
def test_a_link_depends_on_no_run_that_is_farther_away_than_the_rungs_look(
    table: Timeline, told: list[RunEvent]
) -> None:
    records = gather(told)
    writers = {
        run_id: OutputObservation(record, record.outputs[0]) for run_id, record in records.items()
    }
    whole = link_outputs(table=table, writers=list(writers.values()), skew_ms_max=SKEW_MS)
    reaches = {
        run_id: reach_of(one.run, one.observation, skew_ms_max=SKEW_MS)
        for run_id, one in writers.items()
    }
    for run_id, reach in reaches.items():
        near = within(
            [reach],
            others=AllOf(list(reaches.values())),
            table=table,
            together=came_together(table),
            steps_max=STEPS_MAX,
        )
        alone = link_outputs(
            table=table, writers=[writers[one] for one in near], skew_ms_max=SKEW_MS
        )
        assert alone[run_id] == whole[run_id]


def test_runs_that_share_no_commit_are_not_looked_at_together() -> None:
    table = timeline(*(Commit(number, number * 10) for number in range(1, 40)))
    told = [run_told(f"run-{number}", number * 10 - 5, number * 10 + 1) for number in range(1, 40)]
    records = gather(one for run in told for one in run)
    reaches = [reach_of(one, one.outputs[0], skew_ms_max=SKEW_MS) for one in records.values()]
    found = within(
        reaches[:1], others=AllOf(reaches), table=table, together={}, steps_max=2 * STEPS_MAX
    )
    assert list(found) == [reaches[0].run_id]


def test_runs_that_are_each_others_parents_stay_rivals_whoever_else_is_open() -> None:
    table = timeline(Commit(1, 0.5))
    circle = [
        event(
            kind,
            minute,
            run=run,
            outputs=[seen()],
            facets={"parent": {"run": {"runId": parent}, "job": {"namespace": "n", "name": "p"}}},
        )
        for run, parent in ((R1, R2), (R2, R1))
        for kind, minute in (("START", 0), ("COMPLETE", 1))
    ]
    alone = links_of(table, circle)
    beside = links_of(table, circle, run_told("far", 30, 31))
    assert alone[R1] == beside[R1]
    assert alone[R2] == beside[R2]
