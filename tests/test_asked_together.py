"""Questions about many tables ask for all of them together: more tables are no more statements."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from temporal_lineage.capture.facets import Owner
from temporal_lineage.session import Session
from told_tables import Json, Shop, dataset, event

FEW, MANY = 2, 14

QUESTIONS: dict[str, Callable[[Session], object]] = {
    "owners": lambda session: session.owners(""),
    "freshness": lambda session: session.freshness(""),
    "coverage": lambda session: session.coverage(),
    "schema audit": lambda session: session.schema_audit(),
    "unused": lambda session: session.unused("", since="2026-09-01"),
    "redundant": lambda session: session.redundant(""),
    "downstream": lambda session: session.downstream("lake.s.root@0"),
    "impact": lambda session: session.impact("lake.s.root", change="delete"),
}


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Shop]:
    """So many tables, each written by a job with an owner, and read by a run that lost its output.

    As many datasets are known from events only.
    """
    return {number: _shop(tmp_path_factory.mktemp("shop"), number) for number in (FEW, MANY)}


@pytest.mark.parametrize("question", QUESTIONS)
def test_more_tables_take_no_more_statements(
    question: str, shops: dict[int, Shop], asked: list[str]
) -> None:
    counts: dict[str, list[int]] = {}
    for shop in shops.values():
        asked.clear()
        QUESTIONS[question](shop.session)
        for name in {*asked, *counts}:
            counts.setdefault(name, []).append(asked.count(name))
    assert {name: many for name, many in counts.items() if len(set(many)) > 1} == {}


def test_each_of_many_jobs_has_the_owner_that_its_own_events_told(shops: dict[int, Shop]) -> None:
    answer = shops[MANY].session.owners("lake.s")
    found = {one.dataset: one.jobs for one in answer.datasets}
    for one in range(1, MANY):
        (made,) = found[f"lake.s.t{one}"]
        assert (made.job, made.owners) == (f"n/make{one}", (Owner(f"team:{one}", "OWNER"),))
    assert answer.unowned == 1


def test_each_of_many_tables_is_as_fresh_as_when_it_is_asked_alone(shops: dict[int, Shop]) -> None:
    session = shops[MANY].session
    together = {one.dataset: one for one in session.freshness("", as_of="2026-10-02").datasets}
    assert len(together) == 2 * MANY + 1
    for name in ("lake.s.t3", "lake.s.root"):
        (alone,) = session.freshness(name, as_of="2026-10-02").datasets
        assert alone == together[name]
    bare = together["dataset:s3://bare/b5"]
    assert str(bare.changed_at) == "2026-09-05T11:00:00Z"
    assert (bare.changes, bare.looked_at, bare.files) == (1, None, None)


def test_a_walk_down_names_all_runs_that_lost_what_they_wrote(shops: dict[int, Shop]) -> None:
    doubts = shops[MANY].session.downstream("lake.s.root@0").doubts
    (lost,) = [one for one in doubts if "unknown states" in one]
    jobs = "n/lost0, n/lost1, n/lost10"
    assert lost == f"not followed, written in unknown states by {jobs} and 11 more: lake.s.t0"


def _shop(folder: Path, number: int) -> Shop:
    shop = Shop(folder)
    for one in range(number):
        shop.table(f"t{one}", "2026-09-01", "2026-09-03")
    shop.table("root", "2026-09-01")
    shop.harvest(at="2026-09-10")
    shop.tell(*(told for one in range(number) for told in _events(shop, one)))
    return shop


def _events(shop: Shop, one: int) -> list[Json]:
    root, table = shop.told("root", "0"), shop.told(f"t{one}", "1")
    ended = event("COMPLETE", "2026-09-03T00:00:01Z", one, f"make{one}", writes=[table])
    owners = {"owners": [{"name": f"team:{one}", "type": "OWNER"}]}
    ended["job"]["facets"] = {"ownership": {"_producer": "p", "_schemaURL": "s"} | owners}
    lost = f"lost{one}"
    bare = [dataset("s3://bare", f"b{one}")]
    return [
        event("START", "2026-09-02T23:59:00Z", one, f"make{one}", reads=[root]),
        ended,
        event("START", "2026-09-04T10:00:00Z", 100 + one, lost, reads=[root, table]),
        event("COMPLETE", "2026-09-04T11:00:00Z", 100 + one, lost, writes=[shop.told("t0")]),
        event("COMPLETE", "2026-09-05T11:00:00Z", 200 + one, f"bare{one}", writes=bare),
    ]
