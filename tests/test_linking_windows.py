"""Linking what is new beside what is known: the same beliefs as linking all of it at once."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from temporal_lineage.linking.link import link
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.reader import Reader
from temporal_lineage.store.records import ArrivedEvent
from test_linking import beliefs
from told_tables import Json, Shop, dataset, event, run_id

HOURS = st.integers(0, 9)
TABLES = ("one", "two")


def at(hour: int, minute: int) -> str:
    return f"2026-09-01T{hour:02d}:{minute:02d}Z"


def facets_of(app: str | None, parent: int | None) -> Json:
    facets: Json = {}
    if app is not None:
        facets["spark_applicationDetails"] = {"applicationId": app}
    if parent is not None:
        job = {"namespace": "n", "name": "parent"}
        facets["parent"] = {"run": {"runId": run_id(parent)}, "job": job}
    return facets


def columns_from(source: Json, *fields: str) -> Json:
    """Make the facet that says which columns of another table feed column `a`."""
    inputs = [{**source, "field": one} for one in fields]
    return {
        "_producer": "p",
        "_schemaURL": "s",
        "fields": {"a": {"inputFields": inputs}},
    }


@st.composite
def told(draw: st.DrawFn, number: int) -> list[Json]:
    """The events of one run, as templates: `one` and `two` stand for the tables' paths."""
    start, minute = draw(HOURS), draw(st.sampled_from([0, 20, 50]))
    lasting = draw(st.sampled_from([0, 0, 1, 4]))
    facets = facets_of(
        draw(st.sampled_from([None, None, "app-1"])),
        draw(st.sampled_from([None, None, 1, 2, 9])),
    )
    version = draw(st.none() | st.integers(0, 11).map(str))
    source = dataset("s3://b", draw(st.sampled_from(["raw", "raw", "other"])))
    written = []
    for name in draw(st.sampled_from([("one",), ("one",), ("two",), TABLES, ()])):
        more = {}
        if draw(st.booleans()):
            fields = draw(st.sampled_from([("x",), ("x", "y"), ("y",)]))
            more["columnLineage"] = columns_from({"namespace": "s3://b", "name": "raw"}, *fields)
        written.append(dataset("file", name, version, **more))
    if draw(st.integers(0, 3)) == 0:
        written.append(dataset("model", "m", draw(st.sampled_from(["v1", "v2"]))))
    kinds = draw(
        st.sampled_from(
            [("START", "COMPLETE")] * 3 + [("COMPLETE",), ("START",), ("START", "FAIL")]
        )
    )
    found = []
    for kind in kinds:
        when = at(start, minute) if kind == "START" else at(start + lasting, min(minute + 9, 59))
        job = draw(st.sampled_from(["load", "load", "fill", "a.create_table_as_select.t"]))
        one = event(kind, when, number, job, reads=[source], writes=written)
        one["run"]["facets"] = facets
        found.append(one)
    return found


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Json], list[list[Json]], int]:
    """All events of some runs; the same in some order, in batches, some of them twice; a harvest
    after so many batches.
    """
    runs = [draw(told(number)) for number in range(1, 1 + draw(st.integers(2, 7)))]
    events = [one for run in runs for one in run]
    again = draw(st.permutations([*events, *events[:2]]))
    cuts = sorted(draw(st.lists(st.integers(0, len(again)), max_size=6)))
    batches = [again[a:b] for a, b in zip([0, *cuts], [*cuts, len(again)], strict=True)]
    batches = [one for one in batches if one]
    return events, batches, draw(st.integers(0, len(batches)))


def shop_at(folder: Path) -> Shop:
    """Open a shop whose two tables have a commit each hour, with an application on some."""
    shop = Shop(folder)
    for name in TABLES:
        for version in range(10):
            more = {"spark.app.id": "app-1"} if version % 4 == 1 else {}
            shop.commit(name, version, at(version, 5), **more)
    return shop


def named(shop: Shop, events: list[Json]) -> list[Json]:
    """Put the paths of the tables in the place of their names."""
    return [
        {
            **one,
            "outputs": [
                {**each, "name": str(shop.path(each["name"]))} if each["name"] in TABLES else each
                for each in one["outputs"]
            ],
        }
        for one in events
    ]


def believed(shop: Shop, folder: Path) -> dict[str, set[str]]:
    found = beliefs(shop.session)
    return {kind: {one.replace(str(folder), "") for one in many} for kind, many in found.items()}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories())
def test_linking_what_is_new_ends_in_the_beliefs_of_linking_everything(
    story: tuple[list[Json], list[list[Json]], int],
) -> None:
    events, batches, harvested_after = story
    with tempfile.TemporaryDirectory() as place:
        at_once, bit_by_bit = Path(place) / "a", Path(place) / "b"
        shop = shop_at(at_once)
        shop.harvest(at="2026-09-03")
        shop.tell(*named(shop, events))
        whole = believed(shop, at_once)

        shop = shop_at(bit_by_bit)
        for number, batch in enumerate(batches):
            if number == harvested_after:
                shop.harvest(at="2026-09-03")
            shop.tell(*named(shop, batch))
        if harvested_after == len(batches):
            shop.harvest(at="2026-09-03")
        assert believed(shop, bit_by_bit) == whole


def test_the_keys_of_a_parent_reach_children_that_were_linked_before_it_was_heard_of(
    tmp_path: Path,
) -> None:
    """The parent writes nothing, so that no table joins it to its children."""
    child = event("COMPLETE", at(1, 50), 1, writes=[dataset("file", "one")])
    start = event("START", at(0, 50), 1, writes=[dataset("file", "one")])
    for one in (child, start):
        one["run"]["facets"] = facets_of(None, 2)
    parent = event("START", at(0, 10), 2, "app")
    parent["run"]["facets"] = facets_of("app-1", None)
    grandparent = event("START", at(0, 1), 3, "session")
    told_late = [[start, child], [parent], [grandparent]]

    first, last = shop_at(tmp_path / "a"), shop_at(tmp_path / "b")
    for shop in (first, last):
        shop.harvest(at="2026-09-03")
    first.tell(*named(first, [grandparent, parent, start, child]))
    for batch in told_late:
        last.tell(*named(last, batch))

    late = believed(last, tmp_path / "b")
    assert late == believed(first, tmp_path / "a")
    assert any("output-engine-keys" in one for one in late["attributes"])


def test_a_run_without_a_start_is_near_the_runs_that_made_what_is_current_still(
    tmp_path: Path,
) -> None:
    """It ended under the newest commit, which is current until the end of time."""
    told_now = [
        event("START", at(8, 59), 1, writes=[dataset("file", "one")]),
        event("RUNNING", at(9, 10), 1, writes=[dataset("file", "one")]),
        event("RUNNING", at(9, 20), 2, "fill", writes=[dataset("file", "one")]),
    ]
    shop = shop_at(tmp_path)
    shop.harvest(at="2026-09-03")
    shop.tell(*named(shop, told_now))
    before = believed(shop, tmp_path)
    assert any("run:00000000-0000-4000-8000-000000000002" in one for one in before["attributes"])

    with (
        Ledger.open(shop.session.workspace.ledger, clock=shop.session.clock) as ledger,
        ledger.transaction(source="test", note="") as transaction,
    ):
        link(transaction, run_ids=[run_id(1)], changes={})

    assert believed(shop, tmp_path) == before


def test_one_run_more_looks_at_the_runs_near_it_and_at_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_at(tmp_path)
    shop.harvest(at="2026-09-03")
    for number in range(9):
        told_now = [
            event("START", at(number, 1), number, writes=[dataset("file", "one")]),
            event("COMPLETE", at(number, 9), number, writes=[dataset("file", "one", str(number))]),
        ]
        shop.tell(*named(shop, told_now))
    looked_at: list[str] = []
    events_of = Reader.events

    def noted(reader: Reader, *, run_id: str) -> list[ArrivedEvent]:
        looked_at.append(run_id)
        return events_of(reader, run_id=run_id)

    monkeypatch.setattr(Reader, "events", noted)
    more = event("COMPLETE", at(9, 9), 20, writes=[dataset("file", "one", "9")])
    shop.tell(*named(shop, [event("START", at(9, 1), 20, writes=more["outputs"]), more]))

    assert set(looked_at) == {run_id(20)}
