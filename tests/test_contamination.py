"""Contamination: where the rows of a bad commit went, what is healed, what to make anew first."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import delta_logs
from snapshots.errors import BadTargetError
from snapshots.instant import FOREVER, Instant
from temporal_lineage.lineage.rebuild import Dependency, rebuild_order
from temporal_lineage.questions.impact.contamination import ContaminationAnswer
from told_tables import Shop, dataset, event


def told_run(shop: Shop, number: int, day: int, job: str, reads: str, writes: str) -> None:
    """Tell of a run that read the head of one table and made the commit of that day in another."""
    shop.tell(
        event("START", f"2026-09-{day:02}T09:00Z", number, job, reads=[shop.told(reads)]),
        event("COMPLETE", f"2026-09-{day:02}T11:00Z", number, job, writes=[shop.told(writes)]),
    )


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Orders got a bad commit on the 2nd, taken out on the 4th; features and a model read it."""
    shop = Shop(tmp_path)
    shop.table("orders", "2026-09-01", "2026-09-02", "2026-09-03")
    taken_out = delta_logs.remove("orders-1.parquet")
    millis = Instant.parse("2026-09-04").micros // 1000
    commit = {"commitInfo": {"operation": "DELETE"}}
    delta_logs.write(shop.path("orders"), 3, commit, taken_out, millis=millis)
    shop.table("features", "2026-09-01T10:00Z", "2026-09-02T10:00Z", "2026-09-05T10:00Z")
    shop.table("report", "2026-09-02T10:30Z", "2026-09-05T10:30Z")
    shop.harvest(at="2026-09-06")
    told_run(shop, 1, 1, "make", "orders", "features")
    told_run(shop, 2, 2, "make", "orders", "features")
    told_run(shop, 3, 5, "make", "orders", "features")
    shop.tell(
        event("START", "2026-09-03T09:00Z", 4, "train", reads=[shop.told("features")]),
        event("COMPLETE", "2026-09-03T11:00Z", 4, "train", writes=[dataset("model", "m", "v1")]),
    )
    return shop


def asked(shop: Shop, target: str, **more: str) -> ContaminationAnswer:
    return shop.session.contamination(target, **more)  # type: ignore[arg-type]


def test_a_table_is_healed_since_the_bad_rows_were_taken_out(shop: Shop) -> None:
    tables = {one.dataset: one for one in asked(shop, "lake.s.orders@1").tables}
    orders = tables["lake.s.orders"]
    assert [(one.start, one.end) for one in orders.held] == [
        (Instant.parse("2026-09-02"), Instant.parse("2026-09-04"))
    ]
    assert (orders.healed_at, orders.current) == (Instant.parse("2026-09-04"), False)


def test_what_was_made_of_it_holds_it_until_it_is_made_anew(shop: Shop) -> None:
    answer = asked(shop, "lake.s.orders@1")
    features = next(one for one in answer.tables if one.dataset == "lake.s.features")
    assert features.commits == ("1",)
    assert [one.end for one in features.held] == [FOREVER]
    assert features.refs == ("main",)
    assert [(one.address, one.newest) for one in answer.products] == [("model:m@v1", True)]


def test_only_what_is_still_bad_is_made_anew_and_sources_first(shop: Shop) -> None:
    steps = asked(shop, "lake.s.orders@1").rebuild
    assert [(one.step, one.dataset, one.jobs) for one in steps] == [
        (1, "lake.s.features", ("n/make",)),
        (2, "model:m", ("n/train",)),
    ]


def test_an_earlier_time_knows_nothing_of_the_healing(shop: Shop) -> None:
    answer = asked(shop, "lake.s.orders@1", as_of="2026-09-02T12:00Z")
    orders = next(one for one in answer.tables if one.dataset == "lake.s.orders")
    assert (orders.healed_at, orders.states, orders.refs) == (None, 1, ("main",))
    assert [one.dataset for one in answer.rebuild] == ["lake.s.orders", "lake.s.features"]
    assert answer.products == ()


def test_what_never_read_the_bad_rows_is_not_named(shop: Shop) -> None:
    answer = asked(shop, "lake.s.orders@1")
    assert {one.dataset for one in answer.tables} == {"lake.s.orders", "lake.s.features"}


def test_a_commit_that_only_removed_rows_says_what_cannot_be_followed(shop: Shop) -> None:
    answer = asked(shop, "lake.s.orders@3")
    assert any("added no rows" in one for one in answer.doubts)


def test_a_commit_that_was_told_before_it_was_harvested_is_no_deletion_then(shop: Shop) -> None:
    shop.commit("features", 3, "2026-09-07T10:00Z")
    shop.now = Instant.parse("2026-09-07T12:00Z")
    shop.tell(
        event("START", "2026-09-07T09:00Z", 5, "make", reads=[shop.told("orders", "2")]),
        event("COMPLETE", "2026-09-07T11:00Z", 5, "make", writes=[shop.told("features", "3")]),
    )
    told = shop.now
    shop.harvest(at="2026-09-08")
    then = asked(shop, "lake.s.orders@2", as_known=str(told))
    now = asked(shop, "lake.s.orders@2")
    for answer in (then, now):
        features = next(one for one in answer.tables if one.dataset == "lake.s.features")
        assert features.commits[-1] == "3"
    assert not [one for one in then.doubts if "added no rows" in one]


def test_the_newest_version_is_the_one_made_last_and_not_the_one_told_last(shop: Shop) -> None:
    shop.tell(
        event("START", "2026-09-01T12:00Z", 6, "train"),
        event("COMPLETE", "2026-09-01T13:00Z", 6, "train", writes=[dataset("model", "m", "v0")]),
    )
    answer = asked(shop, "lake.s.orders@1")
    assert [(one.address, one.newest) for one in answer.products] == [("model:m@v1", True)]
    assert "model:m" in {one.dataset for one in answer.rebuild}


@pytest.mark.parametrize("target", ["lake.s.orders", "model:m"])
def test_a_bad_state_must_be_named(shop: Shop, target: str) -> None:
    with pytest.raises(BadTargetError, match="name the bad"):
        asked(shop, target)


NUMBERS = st.integers(0, 9)


@given(st.sets(NUMBERS), st.lists(st.builds(Dependency, NUMBERS, NUMBERS)))
def test_the_order_is_that_of_the_condensed_graph(bad: set[int], edges: list[Dependency]) -> None:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(bad)
    graph.add_edges_from(
        (one.source_id, one.target_id) for one in edges if {one.source_id, one.target_id} <= bad
    )
    steps = rebuild_order(bad, edges)
    place = {one: number for number, step in enumerate(steps) for circle in step for one in circle}
    assert set(place) == bad
    circles = {circle for step in steps for circle in step}
    assert circles == set(map(frozenset, nx.strongly_connected_components(graph)))
    for source, target in graph.edges:
        same = any({source, target} <= circle for circle in circles)
        assert same or place[source] < place[target]
    # No later than needed: the number of steps is the longest path.
    assert len(steps) == (nx.dag_longest_path_length(nx.condensation(graph)) + 1 if bad else 0)


def test_what_was_made_of_rows_that_may_be_gone_only_may_hold_them(tmp_path: Path) -> None:
    """An update rewrote the bad file: what reads it after that may have read none of its rows."""
    shop = Shop(tmp_path)
    shop.table("orders", "2026-09-01", "2026-09-02")
    millis = Instant.parse("2026-09-03").micros // 1000
    actions = [{"commitInfo": {"operation": "UPDATE"}}]
    actions += [delta_logs.remove(f"orders-{one}.parquet") for one in (0, 1)]
    actions.append(delta_logs.add("orders-2.parquet"))
    delta_logs.write(shop.path("orders"), 2, *actions, millis=millis)
    shop.table("early", "2026-09-02T10:00Z")
    shop.table("late", "2026-09-03T10:00Z")
    shop.table("later", "2026-09-04T10:00Z")
    shop.harvest(at="2026-09-06")
    told_run(shop, 1, 2, "make early", "orders", "early")
    told_run(shop, 2, 3, "make late", "orders", "late")
    told_run(shop, 3, 4, "make later", "late", "later")

    answer = asked(shop, "lake.s.orders@1")

    found = {one.dataset: (one.sure_refs, one.now) for one in answer.tables}
    assert found == {
        "lake.s.orders": ((), "may hold some: main"),
        "lake.s.early": (("main",), "holds some: main"),
        "lake.s.late": ((), "may hold some: main"),
        "lake.s.later": ((), "may hold some: main"),
    }
    maybe = {one.split()[0] for one in answer.doubts if "may hold none of it" in one}
    assert maybe == {"lake.s.orders", "lake.s.late", "lake.s.later"}
    assert len(answer.rebuild) == 4
