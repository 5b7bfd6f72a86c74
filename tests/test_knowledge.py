"""Knowledge: how an answer changed between two days of the ledger, and what taught it so."""

from __future__ import annotations

from pathlib import Path

import pytest

from snapshots.errors import BadTargetError, EmptyPeriodError
from snapshots.instant import Instant
from temporal_lineage.cli.entry import run
from temporal_lineage.questions.knowledge.learned import KnowledgeAnswer, Learned
from told_tables import Shop, event, run_id

EDGE = "lake.s.orders@1 -> lake.s.features@0"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Harvested on the 4th; the run that made the features is heard of on the 6th."""
    shop = Shop(tmp_path)
    shop.table("orders", "2026-09-01", "2026-09-02")
    shop.table("features", "2026-09-03T10:30Z")
    shop.harvest(at="2026-09-04")
    shop.now = Instant.parse("2026-09-06")
    shop.tell(
        event("START", "2026-09-03T10:00Z", 1, "make", reads=[shop.told("orders")]),
        event("COMPLETE", "2026-09-03T11:00Z", 1, "make", writes=[shop.told("features")]),
    )
    shop.now = Instant.parse("2026-09-08")
    return shop


def learned(shop: Shop, verb: str, *targets: str, known: tuple[str, str]) -> KnowledgeAnswer:
    return shop.session.diff(verb, *targets, as_known=known)


def test_a_late_event_is_named_as_what_taught_an_edge(shop: Shop) -> None:
    answer = learned(shop, "upstream", "lake.s.features", known=("2026-09-05", "now"))
    (change,) = answer.changes
    assert (change.learned, change.what) == (Learned.NEW, EDGE)
    assert change.source is not None
    assert change.source.startswith("ingest openlineage")
    assert change.learned_at is not None
    assert Instant.parse("2026-09-06") < change.learned_at < Instant.parse("2026-09-07")


def test_two_days_between_which_nothing_was_learned_give_the_same_answer(shop: Shop) -> None:
    known = ("2026-09-07", "2026-09-08")
    answer = learned(shop, "upstream", "lake.s.features", known=known)
    assert (answer.changes, answer.transactions) == ((), ())


def test_better_evidence_changes_an_edge_and_says_in_what(shop: Shop) -> None:
    shop.now = Instant.parse("2026-09-09")
    shop.tell(
        event("START", "2026-09-03T10:00Z", 1, "make", reads=[shop.told("orders", "1")]),
        event("COMPLETE", "2026-09-03T11:00Z", 1, "make", writes=[shop.told("features", "0")]),
    )
    answer = learned(shop, "upstream", "lake.s.features", known=("2026-09-08", "now"))
    (change,) = answer.changes
    assert (change.learned, change.what) == (Learned.CHANGED, EDGE)
    assert [(name, old, new) for name, old, new in change.fields if name == "grade"] == [
        ("grade", "inferred", "high")
    ]


def test_the_time_asked_about_is_the_same_on_both_days(shop: Shop) -> None:
    shop.commit("orders", 2, "2026-09-05")
    shop.harvest(at="2026-09-09")
    known = ("2026-09-08", "2026-09-10")
    now = shop.session.diff("at", "lake.s.orders", as_known=known, as_of="2026-09-06")
    assert ("snapshot_ids", '["1"]', '["2"]') in now.changes[0].fields
    then = shop.session.diff("at", "lake.s.orders", as_known=known, as_of="2026-09-04")
    assert "snapshot_ids" not in {name for name, _, _ in then.changes[0].fields}


def test_what_nobody_knew_yet_is_no_row_and_a_doubt(shop: Shop) -> None:
    shop.table("late", "2026-09-02")
    shop.harvest(at="2026-09-09")
    answer = learned(shop, "log", "lake.s.late", known=("2026-09-08", "now"))
    assert [(one.learned, one.what) for one in answer.changes] == [(Learned.NEW, "0")]
    assert any("no dataset lake.s.late" in one for one in answer.doubts)


def test_the_transactions_between_are_listed_with_their_sources(shop: Shop) -> None:
    answer = learned(shop, "log", "lake.s.orders", known=("2026-09-05", "now"))
    assert [one.source for one in answer.transactions] == ["ingest openlineage"]
    whole = shop.session.ledger_log().transactions
    assert [one.source for one in whole][-1] == "ingest openlineage"
    assert [one.tx for one in whole] == sorted(one.tx for one in whole)
    cut = shop.session.ledger_log(limit=1)
    assert cut.transactions == whole[-1:]
    assert "left out" in cut.doubts[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("harvest",), "does not fit here: what can be compared is"),
        (("available", "lake.s.orders"), "looks at the tables as they are now, on whichever day"),
        (("erasure trace", "lake.s.orders"), "looks at the tables as they are now"),
        (("impact", "job:n/make"), "`tl impact` needs --change"),
        (("changes", "lake.s.orders"), "`tl changes` needs --from"),
        (("upstream",), "wants one thing that `tl upstream` is asked about"),
        (("at", "lake.s.orders", "lake.s.features"), "wants one thing"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    shop: Shop, words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(BadTargetError, match=said):
        learned(shop, *words, known=("2026-09-05", "now"))


def test_an_option_that_the_question_does_not_take_is_named_as_it_is_typed(shop: Shop) -> None:
    with pytest.raises(BadTargetError, match="`tl at` takes no --depth"):
        shop.session.diff("at", "lake.s.orders", as_known=("2026-09-05", "now"), depth_max=3)


def test_what_was_learned_of_the_use_of_tables_can_be_compared_too(shop: Shop) -> None:
    known = ("2026-09-05", "now")
    (change,) = learned(shop, "unused", "lake.s.orders", known=known).changes
    assert (change.learned, change.what) == (Learned.LOST, "lake.s.orders")
    path = learned(shop, "critical-path", "lake.s.features", known=known).changes
    steps = {one.what: one for one in path}
    assert steps["lake.s.orders@1"].learned is Learned.NEW
    assert ("job", "null", "n/make") in steps["lake.s.features@0"].fields
    assert learned(shop, "freshness", known=known).changes == ()
    assert learned(shop, "volume", "lake.s.orders", known=known).changes == ()


@pytest.mark.parametrize(
    ("asked", "options", "told"),
    [
        (("impact", "lake.s.orders"), {"change": "delete"}, {(Learned.NEW, "lake.s.features")}),
        (("coverage",), {}, {(Learned.CHANGED, "lake.s.features")}),
        (
            ("why", "lake.s.features@0"),
            {},
            {(Learned.NEW, "the run wrote lake.s.features@0 output-window")},
        ),
        (("table log", "lake.s.orders"), {}, set()),
        (
            ("run show", f"run:{run_id(1)}"),
            {},
            {(Learned.NEW, "read lake.s.orders"), (Learned.NEW, "wrote lake.s.features")},
        ),
        (
            ("changes", "lake.s.features"),
            {"good": "2026-09-02T12:00Z"},
            {(Learned.NEW, "new source lake.s.features")},
        ),
    ],
)
def test_what_was_learned_on_the_other_questions_can_be_compared_too(
    shop: Shop,
    asked: tuple[str, ...],
    options: dict[str, str],
    told: set[tuple[Learned, str]],
) -> None:
    answer = shop.session.diff(*asked, as_known=("2026-09-05", "now"), **options)
    assert {(one.learned, one.what) for one in answer.changes} == told
    same = shop.session.diff(*asked, as_known=("2026-09-07", "now"), **options)
    assert same.changes == ()


def test_of_two_edges_between_the_same_states_each_is_compared(shop: Shop) -> None:
    shop.now = Instant.parse("2026-09-09")
    shop.tell(
        event("START", "2026-09-03T10:00Z", 2, "copy", reads=[shop.told("orders", "1")]),
        event("COMPLETE", "2026-09-03T11:00Z", 2, "copy", writes=[shop.told("features", "0")]),
    )
    answer = learned(shop, "upstream", "lake.s.features", known=("2026-09-05", "now"))
    assert len(answer.changes) == len(shop.session.upstream("lake.s.features").edges)


def test_the_earlier_day_comes_first(shop: Shop) -> None:
    with pytest.raises(EmptyPeriodError):
        learned(shop, "at", "lake.s.orders", known=("now", "2026-09-05"))


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("diff --as-known 2026-09-05 now upstream lake.s.features --depth 1", 0),
        ("diff --as-known 2026-09-05 now schema log lake.s.orders", 0),
        ("diff --as-known 2026-09-05 now upstream lake.s.features --flow", 0),
        ("diff --as-known 2026-09-05 now impact lake.s.orders --change delete", 0),
        ("diff --as-known 2026-09-05 now changes lake.s.features --from 2026-09-02", 0),
        ("diff --as-known 2026-09-05 now impact lake.s.orders", 2),
        ("log --ledger", 0),
        ("log", 2),
        ("log lake.s.orders --ledger", 2),
        ("diff upstream lake.s.features", 2),
    ],
)
def test_the_command_line_answers_or_says_how_to_ask(shop: Shop, words: str, status: int) -> None:
    assert run(words.split(), session=shop.session) == status
