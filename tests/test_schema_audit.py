"""Schema audits: each change is dated, graded and followed downstream as things stood then."""

from __future__ import annotations

from pathlib import Path

import pytest

from snapshots.errors import BeforeHistoryError, EmptyPeriodError, UnknownNameError
from snapshots.instant import Instant
from temporal_lineage.cli.entry import run
from temporal_lineage.questions.question import as_json
from temporal_lineage.questions.schemas.audit import SchemaAuditAnswer
from temporal_lineage.questions.schemas.breaking import Breaking, breaking
from temporal_lineage.questions.schemas.change_reach import Followed
from told_tables import Json, Shop, event


def copied(shop: Shop, field: str) -> Json:
    """Name the features as an output, whose column x is made of a column of the orders."""
    source = {"namespace": "file", "name": str(shop.path("orders")), "field": field}
    facet = {"_producer": "p", "_schemaURL": "s", "fields": {"x": {"inputFields": [source]}}}
    return shop.told("features", columnLineage=facet)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Orders lose column b on the 3rd; features.x is made of a, a report of nobody says what."""
    shop = Shop(tmp_path)
    shop.commit("orders", 0, "2026-09-01", "a", "b")
    shop.commit("orders", 1, "2026-09-03", "a")
    shop.commit("orders", 2, "2026-09-05", "a", "c")
    shop.commit("features", 0, "2026-09-01T10:30Z", "x")
    shop.commit("report", 0, "2026-09-01T10:30Z", "y")
    shop.harvest(at="2026-09-06")
    for number, job, writes in ((1, "make", copied(shop, "a")), (2, "tell", shop.told("report"))):
        reads = [shop.told("orders")]
        at = f"2026-09-01T1{number}:00Z"
        shop.tell(
            event("START", "2026-09-01T10:00Z", number, job, reads=reads),
            event("COMPLETE", at, number, job, reads=reads, writes=[writes]),
        )
    shop.tell(event("FAIL", "2026-09-04T10:00Z", 3, "tell", reads=[shop.told("orders")]))
    return shop


def audited(shop: Shop, target: str = "", **more: str) -> SchemaAuditAnswer:
    return shop.session.schema_audit(target, **more)  # type: ignore[arg-type]


def test_a_period_holds_its_changes_and_no_others(shop: Shop) -> None:
    answer = audited(shop, since="2026-09-02", as_of="2026-09-04")
    assert [(one.dataset, one.text, one.at) for one in answer.changes] == [
        ("lake.s.orders", "dropped b long", Instant.parse("2026-09-03"))
    ]
    assert answer.tables == 3
    assert [one.commit for one in answer.changes] == [1]


def test_a_period_without_a_start_has_no_made_up_one(shop: Shop) -> None:
    answer = audited(shop)
    assert as_json(answer)["answer"]["period"]["from"] == "beginning"  # type: ignore[index, call-overload]


def test_a_change_at_the_very_end_of_the_period_is_in_it(shop: Shop) -> None:
    answer = audited(shop, since="2026-09-02", as_of="2026-09-03")
    assert len(answer.changes) == 1


def test_a_dropped_column_reaches_only_what_may_have_used_it(shop: Shop) -> None:
    (dropped, _) = audited(shop, since="2026-09-02").changes
    # The features say which column they use, and it is another one; the report does not say.
    assert [(one.address, one.followed) for one in dropped.reached] == [
        ("lake.s.report", Followed.FAILED)
    ]


def test_a_column_that_comes_reaches_nobody(shop: Shop) -> None:
    (_, added) = audited(shop, since="2026-09-02").changes
    assert (added.kind, added.reached) == ("added", ())


def test_a_change_of_a_used_column_reaches_the_column_made_of_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.commit("orders", 0, "2026-09-01", "a", "b")
    shop.commit("orders", 1, "2026-09-03", "b")
    shop.commit("features", 0, "2026-09-01T10:30Z", "x")
    shop.harvest(at="2026-09-06")
    reads = [shop.told("orders")]
    shop.tell(
        event("START", "2026-09-01T10:00Z", 1, "make", reads=reads),
        event("COMPLETE", "2026-09-01T11:00Z", 1, "make", reads=reads, writes=[copied(shop, "a")]),
    )
    (dropped,) = audited(shop, "lake.s.orders", since="2026-09-02").changes
    assert [(one.address, one.jobs, one.followed) for one in dropped.reached] == [
        ("lake.s.features#x", ("n/make",), Followed.SILENT)
    ]


def test_what_was_known_before_the_harvest_is_nothing(shop: Shop) -> None:
    shop.commit("orders", 3, "2026-09-07", "z")
    shop.harvest(at="2026-09-08")
    known = audited(shop, "lake.s.orders", since="2026-09-06", as_known="2026-09-07")
    assert known.changes == ()
    assert len(audited(shop, "lake.s.orders", since="2026-09-06").changes) == 3


@pytest.mark.parametrize(("target", "tables"), [("lake", 3), ("lake.s", 3), ("lake.s.orders", 1)])
def test_a_target_is_a_table_or_what_names_begin_with(shop: Shop, target: str, tables: int) -> None:
    assert audited(shop, target).tables == tables


def test_a_name_that_no_table_has_is_refused_with_the_nearest(shop: Shop) -> None:
    with pytest.raises(UnknownNameError, match=r"lake\.s\.orders"):
        audited(shop, "lake.s.order")


def test_a_period_that_ends_before_it_begins_is_refused(shop: Shop) -> None:
    with pytest.raises(EmptyPeriodError, match="the earlier time comes first"):
        audited(shop, since="2026-09-04", as_of="2026-09-03")


@pytest.mark.parametrize(
    ("what", "texts"),
    [
        (Breaking.READERS, ["dropped b long"]),
        (Breaking.WRITERS, []),
        (Breaking.BREAKING, ["dropped b long"]),
        (Breaking.ANY, ["dropped b long", "added c long, optional"]),
    ],
)
def test_an_audit_fails_for_what_it_is_told_to(
    shop: Shop, what: Breaking, texts: list[str]
) -> None:
    assert [one.text for one in breaking(audited(shop, "lake.s.orders"), what)] == texts
    words = ["schema", "audit", "lake.s.orders", "--fail-on", what.value]
    assert run(words, session=shop.session) == (3 if texts else 0)


@pytest.mark.parametrize("target", ["lake.s.orders", "lake.s", "lake"])
def test_before_any_table_of_a_name_it_is_said_when_its_history_starts(
    shop: Shop, target: str
) -> None:
    for ask in (shop.session.schema_audit, shop.session.unused, shop.session.owners):
        with pytest.raises(BeforeHistoryError, match="its history starts at 2026-09-01T"):
            ask(target, as_of="2020-01-01")
        with pytest.raises(UnknownNameError):
            ask("nowhere.s", as_of="2020-01-01")
