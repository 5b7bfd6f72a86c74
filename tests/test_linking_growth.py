"""Tables that grow between harvests: the same beliefs as of one harvest of all of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_stories import Commit, history
from evidence_stories import at as minutes
from snapshots.history import TableHistory
from temporal_lineage.evidence.changed import ALL_CHANGED, changed
from temporal_lineage.store.reader import Reader
from temporal_lineage.store.records import ArrivedEvent
from test_linking_windows import TABLES, at, believed, told
from told_tables import Json, Shop, dataset, event, run_id

VERSIONS = 10
SQL = (
    None,
    None,
    "SELECT * FROM t VERSION AS OF 7",
    "SELECT * FROM t TIMESTAMP AS OF '2026-09-01 06:30:00'",
    "SELECT * FROM t VERSION AS OF 11",
)


@st.composite
def reading(draw: st.DrawFn, number: int) -> list[Json]:
    """Events of a run that reads a table of ours, by version, by a pin, or without a word."""
    found = draw(told(number))
    names = draw(st.sampled_from([(), ("one",), TABLES]))
    version = draw(st.none() | st.integers(0, 11).map(str))
    query = draw(st.sampled_from(SQL))
    listed = draw(st.integers(0, 3)) > 0
    facet: Json = {}
    if draw(st.integers(0, 3)) == 0:
        snapshot_id = draw(st.integers(0, 11))
        facet["icebergScanReport"] = {"snapshotId": draw(st.sampled_from([snapshot_id, 4.0]))}
    for one in found:
        if listed:
            one["inputs"] = [*one["inputs"], *(dataset("file", name, version) for name in names)]
        for each in one["inputs"]:
            if each["name"] in TABLES:
                each["inputFacets"] = facet
        if query is not None:
            one["job"]["facets"] = (
                {"sql": {"query": query.replace(" t ", f" {names[0]} ")}} if names else {}
            )
    return found


@st.composite
def growths(draw: st.DrawFn) -> tuple[list[list[Json]], list[int]]:
    """Batches of events, and up to which version both tables have come before each of them."""
    runs = [draw(reading(number)) for number in range(1, 1 + draw(st.integers(1, 5)))]
    events = draw(st.permutations([one for run in runs for one in run]))
    cuts = sorted(draw(st.lists(st.integers(0, len(events)), min_size=2, max_size=4)))
    batches = [events[a:b] for a, b in zip([0, *cuts], [*cuts, len(events)], strict=True)]
    sizes = sorted(
        draw(st.lists(st.integers(0, VERSIONS), min_size=len(batches), max_size=len(batches)))
    )
    return batches, sizes


def _grow(shop: Shop, done: int, upto: int) -> None:
    for version in range(done, upto):
        for name in TABLES:
            more: Json = {"spark.app.id": "app-1"} if version % 4 == 1 else {}
            if version == 6:
                more |= {"operation": "RESTORE", "operationParameters": {"version": "3"}}
            shop.commit(name, version, at(version, 5), **more)


def _named(shop: Shop, events: list[Json]) -> list[Json]:
    def place(one: Json) -> Json:
        return {**one, "name": str(shop.path(one["name"]))} if one["name"] in TABLES else one

    return [
        {**one, **{side: [place(x) for x in one[side]] for side in ("inputs", "outputs")}}
        for one in events
    ]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(growths())
def test_harvests_in_between_end_in_the_beliefs_of_one_harvest_of_all(
    growth: tuple[list[list[Json]], list[int]],
) -> None:
    _expect_one_end(*growth)


def test_columns_of_a_version_that_was_not_harvested_yet_are_told_by_a_later_harvest() -> None:
    table = dataset("file", "one")
    read = {**table, "inputFacets": {"icebergScanReport": {"snapshotId": 0}}}
    run = event("COMPLETE", "2026-09-01T00:09Z", 1, reads=[read], writes=[table])
    run["job"]["facets"] = {"sql": {"query": "SELECT * FROM one VERSION AS OF 7"}}
    _expect_one_end([[run]], [2])


def test_columns_of_a_table_that_only_outputs_name_are_told_by_a_later_harvest_too() -> None:
    run = event("COMPLETE", "2026-09-01T00:09Z", 1, writes=[dataset("file", "one")])
    run["job"]["facets"] = {"sql": {"query": "INSERT INTO one SELECT * FROM one VERSION AS OF 7"}}
    _expect_one_end([[run]], [2])


def _expect_one_end(batches: list[list[Json]], sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as place:
        at_once, bit_by_bit = Path(place) / "a", Path(place) / "b"
        shop = Shop(at_once)
        _grow(shop, 0, VERSIONS)
        shop.harvest(at="2026-09-03")
        if events := [one for batch in batches for one in batch]:
            shop.tell(*_named(shop, events))
        whole = believed(shop, at_once)

        shop, done = Shop(bit_by_bit), 0
        with shop.staying_open():
            for batch, upto in zip(batches, sizes, strict=True):
                _grow(shop, done, upto)
                done = max(done, upto)
                if done:
                    shop.harvest(at="2026-09-03")
                if batch:
                    shop.tell(*_named(shop, batch))
        _grow(shop, done, VERSIONS)
        shop.harvest(at="2026-09-03")
        assert believed(shop, bit_by_bit) == whole


def test_a_commit_more_looks_at_the_runs_of_its_time_and_at_those_that_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path)
    _grow(shop, 0, 9)
    shop.harvest(at="2026-09-03")
    described: Json = {
        "documentation": {"_producer": "p", "_schemaURL": "s", "description": "ours"}
    }
    design = event("COMPLETE", at(0, 0), 0, writes=[dataset("file", "one", **described)])
    del design["run"], design["eventType"]
    shop.tell(*_named(shop, [design]))
    for number in range(9):
        both = [
            event(kind, at(number, minute), number, reads=[dataset("file", "two")])
            for kind, minute in (("START", 1), ("COMPLETE", 9))
        ]
        for one in both:
            # Run 3 says that it wrote a version which nobody has seen yet.
            told_version = "9" if number == 3 else str(number)
            one["outputs"] = [dataset("file", "one", told_version, **described)]
        shop.tell(*_named(shop, both))
    looked_at: set[str] = set()
    events_of = Reader.events

    def noted(reader: Reader, *, run_id: str) -> list[ArrivedEvent]:
        looked_at.add(run_id)
        return events_of(reader, run_id=run_id)

    _grow(shop, 9, 10)
    monkeypatch.setattr(Reader, "events", noted)
    shop.harvest(at="2026-09-04")

    assert {run_id(3), run_id(8)} <= looked_at
    assert looked_at.isdisjoint({run_id(0), run_id(1), run_id(5)})


def test_a_history_with_commits_more_has_changed_since_the_last_that_was_known() -> None:
    before = history(Commit(1, 0), Commit(2, 5))
    grown = changed(before, history(Commit(1, 0), Commit(2, 5), Commit(3, 9)))
    assert grown.since == minutes(5)
    assert [one.snapshot_id for one in grown.snapshots] == [3]
    assert changed(before, before).snapshots == ()


@pytest.mark.parametrize(
    "after",
    [
        history(Commit(1, 0), Commit(2, 5, rows=7), Commit(3, 9)),
        history(Commit(2, 5), Commit(3, 9)),
        history(Commit(1, 0), Commit(2, 6), Commit(3, 9)),
    ],
)
def test_a_history_that_is_told_otherwise_has_changed_since_ever(after: TableHistory) -> None:
    assert changed(history(Commit(1, 0), Commit(2, 5)), after) == ALL_CHANGED
    assert changed(None, after) == ALL_CHANGED
