"""Told again: a run that shows a statement's result adds to what the statement's job showed."""

from __future__ import annotations

from pathlib import Path

import pytest

from temporal_lineage.questions.impact.impacted import Consequence
from temporal_lineage.questions.use.redundant import Redundancy
from told_tables import Json, Shop, event, run_id

SQL = "INSERT INTO out SELECT a FROM orders"


def told(kind: str, at: str, run: int, job: str, **sides: list[Json]) -> Json:
    """Write an event of a statement, below the run of an application."""
    one = event(kind, at, run, job, **sides)
    one["run"]["facets"] = {
        "parent": {"run": {"runId": run_id(99)}, "job": {"namespace": "n", "name": "app"}}
    }
    one["job"]["facets"] = {"sql": {"query": SQL}}
    return one


def statement(shop: Shop) -> list[Json]:
    orders, out = shop.told("orders"), shop.told("out")
    return [
        told("START", "2026-09-03T09:59:00Z", 1, "app.append_data", reads=[orders]),
        told("COMPLETE", "2026-09-03T10:00:01Z", 1, "app.append_data", writes=[out]),
    ]


def shown(shop: Shop) -> list[Json]:
    sides = {"reads": [shop.told("orders"), shop.told("other")], "writes": [shop.told("out")]}
    return [told("COMPLETE", "2026-09-03T10:00:02Z", 2, "app.command_result", **sides)]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.table("orders", "2026-09-01")
    shop.table("other", "2026-09-01")
    shop.table("out", "2026-09-03T10:00:00Z")
    return shop


@pytest.mark.parametrize("order", ["statement first", "result first", "harvest last", "apart"])
def test_the_job_of_the_statement_alone_feeds_the_table(shop: Shop, order: str) -> None:
    if order != "harvest last":
        shop.harvest(at="2026-09-06")
    batches = {
        "statement first": [statement(shop), shown(shop)],
        "result first": [shown(shop), statement(shop)],
        "harvest last": [shown(shop) + statement(shop)],
        "apart": [[one] for one in (*shown(shop), *statement(shop))],
    }[order]
    for events in batches:
        shop.tell(*events)
    if order == "harvest last":
        shop.harvest(at="2026-09-06")

    flows = shop.session.upstream("lake.s.out", by_flow=True).edges

    assert {(one.source, one.job) for one in flows} == {
        ("lake.s.orders", "n/app.append_data"),
        ("lake.s.other", "n/app.append_data"),
    }
    (read,) = shop.session.upstream("lake.s.out").edges
    assert (read.source, read.job) == ("lake.s.orders@0", "n/app.append_data")


def test_where_the_job_stops_nothing_else_is_said_to_write_the_table(shop: Shop) -> None:
    shop.harvest(at="2026-09-06")
    shop.tell(*statement(shop), *shown(shop))

    answer = shop.session.impact("job:n/app.append_data", change="stop-job")

    assert [(one.address, one.effect) for one in answer.impacted] == [
        ("lake.s.out", Consequence.STALE)
    ]
    kinds = {one.kind for one in shop.session.redundant().flows}
    assert Redundancy.SAME_WORK not in kinds


def test_what_it_made_is_told_with_the_statement_that_did(shop: Shop) -> None:
    shop.harvest(at="2026-09-06")
    shop.tell(*statement(shop), *shown(shop))
    answer = shop.session.coverage()
    assert answer.phantoms == ()
    assert not [one for one in answer.doubts if "more than one run" in one]
