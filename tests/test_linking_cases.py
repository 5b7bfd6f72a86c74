"""Linking, case by case: claims that meet, names that turn out to be one, commits that explain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from snapshots.instant import Instant
from test_linking import beliefs
from told_tables import Json, Shop, dataset, event, run_id


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def model(version: str) -> Json:
    return dataset("model", "m", version)


def test_a_table_named_twice_by_a_run_is_one_input_once_it_is_harvested(shop: Shop) -> None:
    shop.tell(
        event("START", "2026-09-02T10:00Z", 1, reads=[dataset("catalog", "lake.s.t")]),
        event("COMPLETE", "2026-09-02T11:00Z", 1, reads=[shop.told("t")], writes=[model("v1")]),
    )
    assert len(shop.session.why(f"run:{run_id(1)}").reasons) == 3
    shop.table("t", "2026-09-01")
    shop.harvest(at="2026-09-03")

    why = shop.session.why(f"run:{run_id(1)}")

    assert [one.shows for one in why.reasons] == [
        "the run read lake.s.t@0",
        "the run wrote model:m@v1",
    ]
    assert why.doubts == ()


def test_each_run_that_says_it_made_a_version_is_named(shop: Shop) -> None:
    shop.tell(event("COMPLETE", "2026-09-03T11:00Z", 1, "register", writes=[model("v1")]))
    shop.tell(event("COMPLETE", "2026-09-02T11:00Z", 2, "train", writes=[model("v1")]))

    why = shop.session.why("model:m@v1")

    assert (why.job, why.run) == ("n/train", run_id(2))
    ((what, because),) = why.reasons[0].rejected
    assert what == f"run:{run_id(1)}"
    assert "n/register says that it wrote this too" in because
    doubts = shop.session.upstream("model:m@v1").doubts
    assert "more than one run says that it wrote model:m@v1: `tl why` names them" in doubts


def _orders(shop: Shop) -> list[Callable[[], None]]:
    """Two runs may have made the only commit of `one`; the second wrote `two` as well."""
    raw = dataset("s3://b", "raw")
    first = event(
        "COMPLETE", "2026-09-01T10:10Z", 1, "a", reads=[raw], writes=[shop.told("one"), model("v")]
    )
    second = event(
        "COMPLETE",
        "2026-09-01T10:10Z",
        2,
        "b",
        reads=[raw],
        writes=[shop.told("one"), shop.told("two"), model("v")],
    )
    starts = [event("START", "2026-09-01T09:50Z", run, job) for run, job in ((1, "a"), (2, "b"))]
    third = event("COMPLETE", "2026-09-02T10:00Z", 3, "c", reads=[raw], writes=[shop.told("two")])
    return [
        lambda: shop.harvest(at="2026-09-03"),
        lambda: shop.tell(*starts, first, second),
        lambda: shop.tell(third),
    ]


def _claimed(folder: Path, *order: int) -> dict[str, set[str]]:
    shop = Shop(folder)
    shop.table("one", "2026-09-01T10:00Z")
    shop.table("two", "2026-09-01T10:01Z", "2026-09-02T09:59:59Z")
    steps = _orders(shop)
    for number in order:
        steps[number]()
    return {
        kind: {one.replace(str(folder), "") for one in told}
        for kind, told in beliefs(shop.session).items()
    }


@pytest.mark.parametrize("order", [(1, 2, 0), (1, 0, 2), (2, 1, 0), (2, 0, 1), (0, 2, 1)])
def test_the_claim_of_a_run_is_weighed_against_all_others_whatever_came_last(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    assert _claimed(tmp_path / "a", *order) == _claimed(tmp_path / "b", 0, 1, 2)


def restored(shop: Shop) -> None:
    """Version 2 restores version 0; another table is a clone of version 1."""
    shop.table("t", "2026-09-01", "2026-09-02")
    shop.commit("t", 2, "2026-09-03", operation="RESTORE", operationParameters={"version": "0"})
    shop.commit(
        "copy",
        0,
        "2026-09-04",
        operation="CLONE",
        operationParameters={"source": str(shop.path("t")), "sourceVersion": "1"},
    )


def restoring(shop: Shop) -> list[Json]:
    return [
        event("START", "2026-09-01T12:00Z", 1, "restore", reads=[shop.told("t", "0")]),
        event("COMPLETE", "2026-09-03T00:01Z", 1, "restore", writes=[shop.told("t", "2")]),
    ]


@pytest.mark.parametrize("harvests", [1, 2])
def test_what_a_commit_says_of_its_source_is_surer_than_what_its_run_says(
    shop: Shop, harvests: int
) -> None:
    restored(shop)
    if harvests > 1:
        shop.harvest(at="2026-09-05")
    shop.tell(*restoring(shop))
    shop.harvest(at="2026-09-05")

    edges = shop.session.downstream("lake.s.t@0").edges

    assert ("lake.s.t@0", "lake.s.t@2", "exact", "n/restore") in {
        (one.source, one.target, one.grade, one.job) for one in edges
    }


def test_the_source_of_a_clone_may_be_harvested_after_it(shop: Shop) -> None:
    restored(shop)
    shop.harvest("lake.s.copy", at="2026-09-05")
    (before,) = shop.session.upstream("lake.s.copy").edges
    assert before.source == f"dataset:file/{shop.path('t')}@1"
    shop.harvest("lake.s.t", at="2026-09-06")

    (after,) = shop.session.upstream("lake.s.copy").edges

    assert (after.source, after.grade) == ("lake.s.t@1", "exact")
    assert [one.target for one in shop.session.downstream("lake.s.t@1").edges] == ["lake.s.copy@0"]


def test_a_run_that_reads_and_writes_one_table_read_the_state_before_its_own(shop: Shop) -> None:
    shop.table("t", "2026-09-01", "2026-09-02")
    shop.harvest(at="2026-09-03")
    shop.tell(
        event("START", "2026-09-01T23:59Z", 1, "merge", reads=[shop.told("t")]),
        event(
            "COMPLETE",
            "2026-09-02T00:01Z",
            1,
            "merge",
            reads=[shop.told("t", "1")],
            writes=[shop.told("t", "1")],
        ),
    )

    edges = {(one.source, one.target) for one in shop.session.downstream("lake.s.t@0").edges}

    assert edges == {("lake.s.t@0", "lake.s.t@1")}


def test_a_late_start_corrects_what_was_believed_and_the_earlier_belief_stays(shop: Shop) -> None:
    shop.table("t", "2026-09-01", "2026-09-02", "2026-09-03")
    shop.harvest(at="2026-09-04")
    shop.tell(
        event("COMPLETE", "2026-09-03T10:00Z", 1, reads=[shop.told("t")], writes=[model("v1")])
    )
    then = shop.now
    shop.now = Instant.parse("2026-09-05")
    shop.tell(event("START", "2026-09-01T10:00Z", 1, reads=[shop.told("t", "0")]))

    def sources(known: Instant | None) -> set[str]:
        edges = shop.session.upstream("model:m@v1", as_known=known).edges
        return {one.source for one in edges}

    assert sources(None) == {"lake.s.t@0"}
    assert sources(then) != sources(None)
    assert "lake.s.t@2" in sources(then)
