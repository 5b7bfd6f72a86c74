"""Flows: a job moves data from the run that first shows it until one that no longer does."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from evidence_stories import Json, at, event, record
from snapshots.dataset import Dataset
from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from temporal_lineage.capture.openlineage_events import JobName
from temporal_lineage.evidence.flow_sightings import (
    ColumnFlow,
    column_sightings,
    dataset_sightings,
)
from temporal_lineage.evidence.flows import Coverage, FlowSighting, flows
from temporal_lineage.evidence.runs import RunRecord

JOB, OUT = JobName("n", "j"), Dataset("d", "out")


def _sighting(
    minute: float, sources: str, *, coverage: Coverage = Coverage.WHOLE, run: str | None = None
) -> FlowSighting[str]:
    name = f"run at {minute}" if run is None else run
    return FlowSighting(JOB, OUT, at(minute), name, frozenset(sources), coverage)


def _periods(*sightings: FlowSighting[str]) -> dict[str, list[tuple[Instant, Instant]]]:
    found: dict[str, list[tuple[Instant, Instant]]] = {}
    for one in flows(sightings):
        found.setdefault(one.source, []).append((one.period.start, one.period.end))
    return {source: sorted(periods) for source, periods in found.items()}


def test_a_flow_holds_until_a_run_that_no_longer_shows_it() -> None:
    found = _periods(
        _sighting(0, "ab"), _sighting(10, "ab"), _sighting(20, "b"), _sighting(30, "a")
    )
    assert found == {"a": [(at(0), at(20)), (at(30), FOREVER)], "b": [(at(0), at(30))]}


def test_a_flow_names_the_runs_that_showed_it_first_and_last() -> None:
    (one,) = flows([_sighting(0, "a"), _sighting(5, "a"), _sighting(9, "")])
    assert (one.first_run, one.last_run) == ("run at 0", "run at 5")


def test_a_run_that_goes_on_can_begin_a_flow_but_end_none() -> None:
    found = _periods(_sighting(0, "a"), _sighting(10, "b", coverage=Coverage.PART))
    assert found == {"a": [(at(0), FOREVER)], "b": [(at(10), FOREVER)]}


def test_runs_at_one_instant_speak_together() -> None:
    found = _periods(_sighting(0, "a", run="x"), _sighting(0, "b", run="y"))
    assert found == {"a": [(at(0), FOREVER)], "b": [(at(0), FOREVER)]}


def test_jobs_and_outputs_do_not_end_each_others_flows() -> None:
    other = FlowSighting(JobName("n", "k"), OUT, at(5), "r", frozenset("b"), Coverage.WHOLE)
    table = FlowSighting(JOB, Dataset("d", "x"), at(6), "r", frozenset("c"), Coverage.WHOLE)
    found = flows([_sighting(0, "a"), other, table])
    assert all(one.period.end == FOREVER for one in found)
    assert len(found) == 3


SIGHTINGS = st.lists(
    st.builds(
        _sighting,
        st.integers(0, 6),
        st.text("abc", max_size=3),
        coverage=st.sampled_from(Coverage),
        run=st.sampled_from(["x", "y", "z"]),
    ),
    max_size=8,
)


@given(SIGHTINGS, st.data())
def test_order_and_repetition_of_sightings_change_nothing(
    sightings: Sequence[FlowSighting[str]], data: st.DataObject
) -> None:
    again = data.draw(st.permutations([*sightings, *sightings[:3]]))
    assert flows(again) == flows(sightings)


@given(SIGHTINGS)
def test_a_flow_holds_exactly_where_the_slow_rule_says(
    sightings: Sequence[FlowSighting[str]],
) -> None:
    found = flows(sightings)
    for minute in range(8):
        shown = {one.source for one in found if one.period.contains(at(minute))}
        assert shown == {source for source in "abc" if _holds(source, minute, sightings)}
    for one in found:
        others = [two.period for two in found if two.source == one.source and two is not one]
        assert not any(one.period.overlaps(period) for period in others)


def _holds(source: str, minute: int, sightings: Sequence[FlowSighting[str]]) -> bool:
    held = False
    for instant in sorted({one.at for one in sightings if one.at <= at(minute)}):
        here = [one for one in sightings if one.at == instant]
        if any(source in one.sources for one in here):
            held = True
        elif any(one.coverage is Coverage.WHOLE for one in here):
            held = False
    return held


A, B, T = ({"namespace": "d", "name": name} for name in ("a", "b", "t"))


def _run(inputs: Sequence[Json], output: Json, *, kind: str = "COMPLETE", **job: Json) -> RunRecord:
    return record(
        event("START", 0, inputs=inputs, job_facets=job),
        event(kind, 5, outputs=[output], job_facets=job),
    )


def _sources(run: RunRecord) -> dict[str, set[str]]:
    return {
        one.output.name: {source.name for source in one.sources} for one in dataset_sightings(run)
    }


def test_a_run_moves_all_its_inputs_into_each_output() -> None:
    run = _run([A, B], T)
    (one,) = dataset_sightings(run)
    assert (one.job.name, one.at, one.coverage) == ("load", at(5), Coverage.WHOLE)
    assert _sources(run) == {"t": {"a", "b"}}


def test_explicit_lineage_wins_over_the_product() -> None:
    entry = {**T, "type": "DATASET", "inputs": [{**A, "type": "DATASET"}, {"type": "JOB"}]}
    assert _sources(_run([A, B], T, lineage={"entries": [entry]})) == {"t": {"a"}}
    nothing = {**T, "facets": {"lineage": {"inputs": []}}}
    assert _sources(_run([A, B], nothing)) == {"t": set()}


def test_a_run_whose_inputs_nobody_heard_of_ends_no_flow() -> None:
    assert _sources(_run([], T)) == {}
    late = record(event("COMPLETE", 5, inputs=[A], outputs=[T]))
    assert [one.coverage for one in dataset_sightings(late)] == [Coverage.PART]


def test_a_run_that_failed_shows_nothing() -> None:
    run = _run([A], T, kind="FAIL")
    assert dataset_sightings(run) == ()
    assert column_sightings(run) == ()


def _flow(dataset: Dataset, field: str, target: str | None) -> ColumnFlow:
    return ColumnFlow(dataset, field, target, (), schema_id=None, by=())


def test_columns_come_from_the_facet_the_run_told_last() -> None:
    columns = {
        "fields": {"x": {"inputFields": [{**A, "field": "y", "transformations": []}]}},
        "dataset": [{**B, "field": "z"}],
    }
    run = _run([A, B], {**T, "facets": {"columnLineage": columns}})
    (one,) = column_sightings(run)
    assert one.sources == {
        _flow(Dataset("d", "a"), "y", "x"),
        _flow(Dataset("d", "b"), "z", None),
    }
    assert column_sightings(_run([A], T)) == ()


def test_explicit_columns_win_over_the_facet() -> None:
    explicit = {
        "inputs": [{**B, "type": "DATASET", "field": "z"}],
        "fields": {"x": {"inputs": [{**B, "type": "DATASET", "field": "y"}, {"type": "JOB"}]}},
    }
    columns = {"fields": {"x": {"inputFields": [{**A, "field": "y"}]}}}
    run = _run([A, B], {**T, "facets": {"columnLineage": columns, "lineage": explicit}})
    (one,) = column_sightings(run)
    assert one.sources == {
        _flow(Dataset("d", "b"), "y", "x"),
        _flow(Dataset("d", "b"), "z", None),
    }


def test_a_column_that_is_no_longer_shown_ends_its_flow() -> None:
    def told(minute: float, field: str) -> RunRecord:
        columns = {"fields": {"x": {"inputFields": [{**A, "field": field}]}}}
        output = {**T, "facets": {"columnLineage": columns}}
        run = f"run at {minute}"
        return record(
            event("START", minute - 1, run=run, inputs=[A]),
            event("COMPLETE", minute, run=run, outputs=[output]),
        )

    runs = [told(10, "new"), told(0, "old"), told(5, "old")]
    found = flows(one for run in runs for one in column_sightings(run))
    assert {(one.source.field, one.period) for one in found} == {
        ("old", Period(at(0), at(10))),
        ("new", Period.since(at(10))),
    }
