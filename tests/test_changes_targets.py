"""Changes above whatever came out wrong: a state, a column, a job, a run."""

from __future__ import annotations

from pathlib import Path

import pytest

import delta_logs
from snapshots.errors import EmptyPeriodError
from snapshots.instant import Instant
from temporal_lineage.questions.changes.findings import FindingKind
from temporal_lineage.questions.changes.upstream import ChangesAnswer
from told_tables import Json, Shop, event, run_id

GOOD = "2026-09-03"
WORK = ((1, "02", "a1", "orders"), (2, "04", "b2", "orders"), (3, "06", "b2", "stock"))
"""Runs of one job: number, day, code, and what it read."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """`make` writes out#x from orders#a; its code changes on the fourth, its source on the sixth.

    Between them the orders lose column c, and get d, which nobody reads.
    """
    shop = Shop(tmp_path)
    shop.commit("orders", 0, "2026-09-01", "a", "c")
    shop.commit("stock", 0, "2026-09-01", "a")
    for version, (_, day, *_) in enumerate(WORK):
        shop.commit("out", version, f"2026-09-{day}T10:30Z", *(("x", "y") if not version else ()))
    shop.commit("orders", 1, "2026-09-05", "a", "d")
    shop.harvest(at="2026-09-10")
    for number, day, code, source in WORK:
        facet = {"_producer": "p", "_schemaURL": "s", "type": "git", "url": "u/make.sql"}
        ends = event(
            "COMPLETE",
            f"2026-09-{day}T11:00Z",
            number,
            "make",
            reads=[shop.told(source)],
            writes=[shop.told("out", columnLineage=fed(shop, source))],
        )
        ends["job"]["facets"] = {"sourceCodeLocation": facet | {"version": code}}
        starts = f"2026-09-{day}T10:00Z"
        shop.tell(event("START", starts, number, "make", reads=[shop.told(source)]), ends)
    return shop


def fed(shop: Shop, source: str) -> Json:
    made_of = {"namespace": "file", "name": str(shop.path(source)), "field": "a"}
    return {"_producer": "p", "_schemaURL": "s", "fields": {"x": {"inputFields": [made_of]}}}


def told(answer: ChangesAnswer) -> set[tuple[FindingKind, str, str]]:
    return {(one.kind, one.about, one.what) for one in answer.findings}


NEW_CODE = (FindingKind.CODE, "job:n/make", "make.sql@b2 instead of make.sql@a1")
LOST_FIELD = (
    FindingKind.BREAKING,
    "lake.s.orders",
    "dropped c long [breaking-for-readers]",
)


def test_a_state_was_bad_when_the_run_that_wrote_it_was_over(shop: Shop) -> None:
    answer = shop.session.changes("lake.s.out@1", good=GOOD)
    assert told(answer) == {NEW_CODE}
    assert answer.question.as_of.valid == Instant.parse("2026-09-04T11:00Z")


def test_a_state_named_by_a_time_was_bad_at_that_time(shop: Shop) -> None:
    answer = shop.session.changes("lake.s.out@2026-09-05T12:00Z", good=GOOD)
    assert {NEW_CODE, LOST_FIELD} <= told(answer)
    assert answer.question.as_of.valid == Instant.parse("2026-09-05T12:00Z")


def test_a_run_was_bad_when_it_was_over_and_its_job_is_looked_at(shop: Shop) -> None:
    answer = shop.session.changes(f"run:{run_id(2)}", good=GOOD)
    assert answer.root == "job:n/make"
    assert told(answer) == {NEW_CODE}
    assert answer.question.as_of.valid == Instant.parse("2026-09-04T11:00Z")


def test_a_job_has_the_sources_that_its_last_run_read(shop: Shop) -> None:
    answer = shop.session.changes("job:n/make", good=GOOD)
    found = told(answer)
    assert (FindingKind.NEW_SOURCE, "job:n/make", "made from lake.s.stock now") in found
    assert (FindingKind.LOST_SOURCE, "job:n/make", "made from lake.s.orders no longer") in found
    assert {NEW_CODE, LOST_FIELD} <= found
    assert (answer.datasets, answer.jobs) == (2, 1)


def test_of_a_column_only_what_it_is_made_of_matters(shop: Shop) -> None:
    found = told(shop.session.changes("lake.s.out#x", good=GOOD, as_of="2026-09-05T12:00Z"))
    assert NEW_CODE in found
    assert LOST_FIELD not in found
    later = told(shop.session.changes("lake.s.out#x", good=GOOD))
    assert (FindingKind.NEW_SOURCE, "lake.s.out#x", "made from lake.s.stock#a now") in later


def test_a_column_whose_own_change_it_is_has_it(shop: Shop) -> None:
    actions = (
        {"commitInfo": {"operation": "DROP COLUMNS"}},
        delta_logs.metadata(delta_logs.column("b", "long"), table_id="stock"),
    )
    millis = Instant.parse("2026-09-07T10:00Z").micros // 1000
    delta_logs.write(shop.path("stock"), 1, *actions, millis=millis)
    shop.harvest(at="2026-09-11")
    found = {one.what for one in shop.session.changes("lake.s.out#x", good=GOOD).findings}
    assert "dropped a long [breaking-for-readers]" in found


def test_a_state_that_was_made_before_things_were_good_is_refused(shop: Shop) -> None:
    with pytest.raises(EmptyPeriodError):
        shop.session.changes("lake.s.out@0", good=GOOD)
