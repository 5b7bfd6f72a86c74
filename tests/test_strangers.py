"""Strangers: one run id that two producers use; the rule, and what becomes of the events."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, RunEvent
from temporal_lineage.evidence.runs import RunRecord, gather
from temporal_lineage.evidence.strangers import divided
from temporal_lineage.session import Session
from test_linking import beliefs
from told_tables import Json, Shop, dataset, event, run_id

SPARK = "https://github.com/OpenLineage/OpenLineage/tree/1.40.1/integration/spark"
AIRFLOW = "https://github.com/apache/airflow/tree/providers-openlineage/1.2.0"


def _told(kind: str, at: str, job: str, producer: str, *, namespace: str = "n") -> Json:
    one = event(kind, at, 7, job)
    one["producer"] = producer
    one["job"]["namespace"] = namespace
    return one


def _jobs(*events: Json) -> tuple[set[str], set[str]]:
    """Give the jobs of the run's own events, and those of strangers."""
    (found,) = _gathered(events).values()
    return {str(one.job) for one in found.events}, {str(one.job) for one in found.strangers}


def _gathered(events: Sequence[Json]) -> Mapping[str, RunRecord]:
    text = json.dumps(list(events)).encode()
    read = [one.event for one in read_events(text, source="t") if isinstance(one, CapturedEvent)]
    return gather(one for one in read if isinstance(one, RunEvent))


def test_events_of_one_job_are_of_one_run_whoever_tells_them() -> None:
    """An SDK inside a task, and the scheduler, both tell of the task."""
    own, strangers = _jobs(
        _told("START", "2026-09-01T10:00Z", "dag.task", AIRFLOW),
        _told("RUNNING", "2026-09-01T10:05Z", "dag.task", "urn:temporal-lineage:sdk:0.1.0"),
        _told("COMPLETE", "2026-09-01T10:10Z", "dag.task", AIRFLOW.replace("1.2.0", "1.3.0")),
    )
    assert (own, strangers) == ({"n/dag.task"}, set())


def test_a_producer_may_call_a_job_otherwise_as_the_run_goes_on() -> None:
    """Spark starts with `unknown`, and adds the dataset to the name once it knows it."""
    for first in ("unknown", "app.save"):
        own, strangers = _jobs(
            _told("START", "2026-09-01T10:00Z", first, SPARK),
            _told("RUNNING", "2026-09-01T10:05Z", "app.save.db_t", SPARK),
            _told("COMPLETE", "2026-09-01T10:10Z", "app.save.db_t", SPARK),
        )
        assert (own, strangers) == ({f"n/{first}", "n/app.save.db_t"}, set())
    own, strangers = _jobs(
        _told("START", "2026-09-01T10:00Z", "app.save", SPARK),
        _told("START", "2026-09-01T10:01Z", "app.save.db_t", SPARK),
    )
    assert strangers == set()


def test_two_tasks_of_one_scheduler_that_each_start_are_two_runs() -> None:
    """Airflow made the ids of tasks without the workflow's name up to 1.4 of its provider."""
    own, strangers = _jobs(
        _told("START", "2026-09-01T10:00Z", "etl.load", AIRFLOW),
        _told("START", "2026-09-01T10:00Z", "etl_copy.load", AIRFLOW),
        _told("COMPLETE", "2026-09-01T10:10Z", "etl.load", AIRFLOW),
        _told("COMPLETE", "2026-09-01T10:09Z", "etl_copy.load", AIRFLOW),
        _told("RUNNING", "2026-09-01T10:04Z", "whose", AIRFLOW),
    )
    assert (own, strangers) == ({"n/etl.load"}, {"n/etl_copy.load", "n/whose"})


def test_two_producers_and_two_jobs_are_two_runs_and_the_first_has_the_id() -> None:
    events = [
        _told("START", "2026-09-01T10:00Z", "load", SPARK),
        _told("COMPLETE", "2026-09-01T10:10Z", "load", SPARK),
        _told("COMPLETE", "2026-09-01T09:59Z", "report", "https://example.org/bi"),
    ]
    assert _jobs(*events) == ({"n/report"}, {"n/load"})
    events[2]["eventTime"] = "2026-09-01T10:01Z"
    assert _jobs(*events) == ({"n/load"}, {"n/report"})


def test_an_application_of_another_namespace_is_another_run() -> None:
    one = _told("START", "2026-09-01T10:00Z", "load", SPARK)
    other = _told("START", "2026-09-01T10:00Z", "fill", SPARK, namespace="elsewhere")
    assert _jobs(one, other) == ({"elsewhere/fill"}, {"n/load"})


def test_the_wrapper_and_the_artifacts_of_one_dbt_invocation_tell_of_one_run() -> None:
    """They may put the job under different names: the id is made of invocation and node."""
    facets = {"dbt_run": {"invocation_id": "e2d3a1f0-0000-4000-8000-000000000001"}}
    job_facets = {
        "jobType": {"jobType": "MODEL"},
        "dbt_node": {"unique_id": "model.shop.orders"},
    }
    wrapper = _told("START", "2026-09-01T10:00Z", "shop.orders", "https://example.org/dbt")
    artifacts = _told("START", "2026-09-01T10:00Z", "o", "urn:tl:dbt:0.1.0", namespace="dbt")
    artifacts["run"]["runId"] = run_id(8)
    for one in (wrapper, artifacts):
        one["run"]["facets"], one["job"]["facets"] = facets, job_facets
    assert _jobs(wrapper, artifacts) == ({"n/shop.orders", "dbt/o"}, set())


PRODUCERS = (SPARK, AIRFLOW, "https://example.org/p")
KINDS = ("START", "RUNNING", "COMPLETE")


@st.composite
def _contested(draw: st.DrawFn) -> list[Json]:
    """Events of a few runs, all or most of them under one id; some write a table."""
    found = []
    for _ in range(draw(st.integers(2, 9))):
        minute = draw(st.integers(0, 5))
        one = event(
            draw(st.sampled_from(KINDS)),
            f"2026-09-02T10:{minute:02}:00Z",
            draw(st.sampled_from([7, 7, 7, 8])),
            draw(st.sampled_from(["load", "load.t", "fill"])),
            reads=[dataset("file", draw(st.sampled_from(["/raw", "/other"])))],
            writes=[dataset("file", "/t", draw(st.sampled_from(["1", "2", None])))],
        )
        one["producer"] = draw(st.sampled_from(PRODUCERS))
        one["job"]["namespace"] = draw(st.sampled_from(["n", "n", "m"]))
        found.append(one)
    return found


@given(_contested(), st.data())
def test_no_order_decides_what_is_strange(events: list[Json], data: st.DataObject) -> None:
    found = _gathered(events)
    assert _gathered(data.draw(st.permutations([*events, *events[:2]]))) == found
    heard = _gathered([one | {"producer": "p", "job": events[0]["job"]} for one in events])
    for run in found.values():
        assert set(run.events).isdisjoint(run.strangers)
        assert len(run.events) + len(run.strangers) >= len(heard[run.run_id].events)
        again = divided(run.events)
        assert (again.own, again.strangers) == (run.events, ())


def _shop(folder: Path) -> Shop:
    shop = Shop(folder)
    for name in ("t", "raw"):
        shop.table(name, "2026-09-01T00:00Z", "2026-09-02T10:01Z", "2026-09-02T10:04Z")
    return shop


def _named(shop: Shop, events: Sequence[Json]) -> list[Json]:
    text = json.dumps(list(events))
    for name in ("t", "raw"):
        text = text.replace(f'"/{name}"', json.dumps(str(shop.path(name))))
    found: list[Json] = json.loads(text)
    return found


def _state(shop: Shop, folder: Path) -> object:
    """Give all that is believed, and what waits in quarantine and why."""
    held = {
        (one.fate, one.reason, shop.session.quarantined_raw(one.id).decode())
        for one in shop.session.quarantine(all_fates=True).lines
        if one.fate == "waits"
    }
    found = {**beliefs(shop.session), "held": {" ".join(one) for one in held}}
    return {kind: {one.replace(str(folder), "") for one in many} for kind, many in found.items()}


def _tell(shop: Shop, events: Sequence[Json]) -> None:
    if events:
        shop.tell(*_named(shop, events))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_contested(), st.data())
def test_any_order_and_batching_ends_in_the_same_beliefs_and_the_same_quarantine(
    events: list[Json], data: st.DataObject
) -> None:
    again = data.draw(st.permutations([*events, *events[:2]]))
    first, second = sorted(data.draw(st.lists(st.integers(0, len(again)), min_size=2, max_size=2)))
    with tempfile.TemporaryDirectory() as place:
        at_once, bit_by_bit = Path(place) / "a", Path(place) / "b"
        whole, parts = _shop(at_once), _shop(bit_by_bit)
        whole.harvest(at="2026-09-03")
        _tell(whole, events)
        _tell(parts, again[:first])
        parts.harvest(at="2026-09-03")
        _tell(parts, again[first:second])
        _tell(parts, again[second:])
        assert _state(parts, bit_by_bit) == _state(whole, at_once)
        whole.session.quarantine_retry()
        assert _state(whole, at_once) == _state(parts, bit_by_bit)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = _shop(tmp_path)
    shop.harvest(at="2026-09-03")
    return shop


def _two_runs(shop: Shop) -> list[Json]:
    """A job reads `raw` and nothing else; a stranger under its id writes `t`."""
    own = [event(kind, f"2026-09-02T10:0{at}Z", 7, "check") for kind, at in _TIMES]
    other = [event(kind, f"2026-09-02T10:0{at}Z", 7, "fill") for kind, at in _TIMES]
    for one in own:
        one["inputs"] = [shop.told("raw")]
    for one in other:
        one |= {"producer": SPARK, "outputs": [shop.told("t")]}
    return [*own, *other]


_TIMES = (("START", "0:00"), ("COMPLETE", "2:00"))


def _ingested(shop: Shop, *events: Json) -> tuple[str, ...]:
    file = shop.home / "contested.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in events))
    return shop.session.ingest_openlineage([str(file)]).strangers


def _links(session: Session) -> set[tuple[str, str]]:
    return {(one.side, one.dataset) for one in session.run_show(run_id(7)).links}


def test_what_two_runs_did_under_one_id_is_never_joined(shop: Shop) -> None:
    (own_start, own_end, start, end) = _two_runs(shop)
    # The other one begins a second later.
    start["eventTime"] = "2026-09-02T10:00:01Z"
    strangers = _ingested(shop, own_start, own_end, start, end)

    assert len(strangers) == 1
    assert "n/check by https://example.org/p, at 2026-09-02T10:00:00Z" in strangers[0]
    assert _links(shop.session) == {("read", "lake.s.raw")}
    assert {one.fate for one in shop.session.quarantine().lines} == {"waits"}
    assert len(shop.session.quarantine().lines) == 2
    assert _ingested(shop, own_start, own_end, start, end) == ()


def test_the_id_goes_to_whoever_used_it_first_once_that_is_heard(shop: Shop) -> None:
    own_start, own_end, start, end = _two_runs(shop)
    start["eventTime"] = "2026-09-02T10:00:01Z"
    _ingested(shop, start, end)
    assert _links(shop.session) == {("wrote", "lake.s.t")}

    _ingested(shop, own_start, own_end)

    assert _links(shop.session) == {("read", "lake.s.raw")}
    waiting = {one.id for one in shop.session.quarantine().lines}
    raw = [shop.session.quarantined_raw(one).decode() for one in waiting]
    assert {json.loads(one)["job"]["name"] for one in raw} == {"fill"}
    # An event that shows the two to be one after all: nothing waits any more.
    both = event("RUNNING", "2026-09-02T10:01:00Z", 7, "check")
    both["producer"] = SPARK
    _ingested(shop, both)
    assert _links(shop.session) == {("read", "lake.s.raw"), ("wrote", "lake.s.t")}
    assert shop.session.quarantine().lines == ()
    assert {one.fate for one in shop.session.quarantine(all_fates=True).lines} == {"taken-in"}


def test_strangers_can_be_tried_again_and_dropped_and_stay_dropped(shop: Shop) -> None:
    own_start, own_end, start, end = _two_runs(shop)
    start["eventTime"] = "2026-09-02T10:00:01Z"
    _ingested(shop, own_start, own_end, start, end)
    before = beliefs(shop.session)

    tried = shop.session.quarantine_retry()

    assert {one.fate for one in tried.entries} == {"waits"}
    assert all("the id of another run" in one.reason for one in tried.entries)
    assert (tried.new, beliefs(shop.session)) == (0, before)
    shop.session.quarantine_drop([one.id for one in tried.entries], remark="a copied id")
    _ingested(shop, event("RUNNING", "2026-09-02T10:01:30Z", 7, "check"))
    assert shop.session.quarantine().lines == ()
    dropped = shop.session.quarantine(all_fates=True).lines
    assert {(one.fate, one.remark) for one in dropped} == {("dropped", "a copied id")}


def test_a_stamp_under_a_shared_id_counts_in_the_runs_time_only(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for version, at in enumerate(("2026-09-01T00:00Z", "2026-09-02T10:01Z", "2026-09-02T15:00Z")):
        shop.commit("t", version, at, **{"temporal_lineage.run-id": run_id(7)})
    shop.harvest(at="2026-09-03")
    own_start, own_end, start, end = _two_runs(shop)
    start["eventTime"] = "2026-09-02T10:00:01Z"
    for one in (own_start, own_end):
        one["outputs"] = [shop.told("t")]
    _ingested(shop, own_start, own_end)
    (alone,) = [one for one in shop.session.run_show(run_id(7)).links if one.side == "wrote"]
    assert (alone.grade, len(alone.states)) == ("exact", 3)

    _ingested(shop, start, end)

    (shared,) = [one for one in shop.session.run_show(run_id(7)).links if one.side == "wrote"]
    assert (shared.grade, shared.states) == ("high", ("lake.s.t@1",))
    assert "another run was told of under this id" in shared.witness
