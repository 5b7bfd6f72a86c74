"""Unseen states: versions that runs say they read and no harvest has met are named as such."""

from __future__ import annotations

from pathlib import Path

import pytest

from snapshots.instant import Instant
from told_tables import Shop, dataset, event

AFTER = "2026-09-10"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A run read version 2 of orders, of which the harvest met two; another read a model's."""
    shop = Shop(tmp_path)
    shop.table("orders", "2026-09-01", "2026-09-02")
    shop.table("out", "2026-09-03T10:00Z")
    shop.harvest(at="2026-09-06")
    model = dataset("model", "m", "v1")
    shop.tell(
        event("START", "2026-09-03T09:59Z", 1, reads=[shop.told("orders", "2"), model]),
        event("COMPLETE", "2026-09-03T10:01Z", 1, writes=[shop.told("out")]),
    )
    return shop


def test_upstream_names_a_state_that_only_runs_tell_of(shop: Shop) -> None:
    answer = shop.session.upstream("lake.s.out")
    assert "lake.s.orders@2" in {one.source for one in answer.edges}
    unseen = [one for one in answer.doubts if "no harvest has seen" in one]
    assert unseen == ["no harvest has seen lake.s.orders@2: only runs tell of it"]


def test_downstream_says_so_of_the_state_that_was_asked_about(shop: Shop) -> None:
    answer = shop.session.downstream("lake.s.orders@2")
    assert "no harvest has seen lake.s.orders@2: only runs tell of it" in answer.doubts
    assert not [one for one in shop.session.downstream("lake.s.orders@1").doubts if "seen" in one]


def test_it_is_seen_once_a_harvest_has_met_it_and_not_before(shop: Shop) -> None:
    known = shop.now
    shop.commit("orders", 2, "2026-09-03")
    shop.harvest(at=AFTER)
    for as_known, times in ((known, 1), (Instant.parse("2026-09-11"), 0)):
        doubts = shop.session.upstream("lake.s.out", as_known=as_known).doubts
        assert sum("no harvest has seen" in one for one in doubts) == times


def test_of_many_the_rest_is_counted(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.table("orders", "2026-09-01")
    shop.table("out", *(f"2026-09-03T10:{minute:02}Z" for minute in range(25)))
    shop.harvest(at="2026-09-06")
    for minute in range(25):
        shop.tell(
            event(
                "COMPLETE",
                f"2026-09-03T10:{minute:02}Z",
                minute + 1,
                reads=[shop.told("orders", str(minute + 100))],
                writes=[shop.told("out", str(minute))],
            )
        )
    doubts = shop.session.upstream("lake.s.out").doubts
    assert sum("no harvest has seen" in one for one in doubts) == 21
    assert "5 more states that no harvest has seen" in doubts
