"""Asked too early, or of nothing: an answer without rows says from when on there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from snapshots.errors import BeforeHistoryError, EmptyPeriodError, UnknownNameError
from told_tables import Shop, dataset, event, run_id

EARLY = "2026-08-01"
FIRST_RUN = "2026-09-04T10:00:00Z"
HISTORY = "the first history starts at 2026-09-01T00:00:00Z"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two tables that two catalogs list, and a model that is made of one of them."""
    shop = Shop(tmp_path_factory.mktemp("early"))
    place = {"location": str(shop.lake)}
    Configuration(shop.home).add(CatalogEntry("mirror", CatalogKind.FOLDER, place, "test"))
    shop.table("orders", "2026-09-01", "2026-09-02")
    shop.table("late", "2026-09-03")
    shop.harvest("lake", at="2026-09-04")
    shop.harvest("mirror", at="2026-09-05")
    shop.tell(
        event("START", "2026-09-04T10:00Z", 1, "train", reads=[shop.told("orders")]),
        event("COMPLETE", "2026-09-04T11:00Z", 1, "train", writes=[dataset("model", "m", "v1")]),
    )
    return shop


@pytest.mark.parametrize(
    ("verb", "target", "more", "said"),
    [
        ("impact", "job:n/train", {"change": "stop-job"}, "had not run yet"),
        ("upstream", "job:n/train", {}, "had not run yet"),
        ("upstream_names", "job:n/train", {}, "had not run yet"),
        ("impact", "model:m", {"change": "delete"}, "was not heard of yet"),
        ("upstream", "model:m", {"by_flow": True}, "was not heard of yet"),
        ("show", "model:m", {}, "was not heard of yet"),
    ],
)
def test_what_was_not_heard_of_yet_is_said_with_the_first_time_it_was(
    shop: Shop, verb: str, target: str, more: dict[str, Any], said: str
) -> None:
    doubts = getattr(shop.session, verb)(target, as_of=EARLY, **more).doubts

    said_so = (
        f"{target} {said} at 2026-08-01T00:00:00Z, as far as is known; ask from {FIRST_RUN} on"
    )
    assert said_so in doubts


@pytest.mark.parametrize("verb", ["schema_audit", "coverage", "redundant", "runs"])
def test_a_question_of_the_whole_lake_says_when_its_history_starts(shop: Shop, verb: str) -> None:
    assert HISTORY in getattr(shop.session, verb)(as_of=EARLY).doubts[-1]
    assert not any(HISTORY in one for one in getattr(shop.session, verb)().doubts)


@pytest.mark.parametrize("verb", ["schema_audit", "coverage", "freshness", "unused", "owners"])
@pytest.mark.parametrize(
    ("scope", "same"),
    [("mirror", "lake"), ("mirror.s", "lake.s"), ("mirror.s.late", "lake.s.late")],
)
def test_a_scope_is_known_by_whichever_catalog_lists_its_tables(
    shop: Shop, verb: str, scope: str, same: str
) -> None:
    ask = getattr(shop.session, verb)

    assert _rows(ask(scope)) == _rows(ask(same))


@pytest.mark.parametrize("verb", ["schema_audit", "coverage"])
def test_a_scope_is_looked_for_as_catalogs_listed_it_then(shop: Shop, verb: str) -> None:
    ask = getattr(shop.session, verb)

    with pytest.raises(BeforeHistoryError, match="starts at 2026-09-01"):
        ask("mirror", as_of=EARLY)
    with pytest.raises(UnknownNameError, match=r"nearest: lake\.s"):
        ask("lake.t")


def test_a_state_or_run_of_later_is_neither_judged_nor_reproduced(shop: Shop) -> None:
    with pytest.raises(BeforeHistoryError, match="starts at 2026-09-02"):
        shop.session.available("lake.s.orders@1", as_of="2026-09-01")
    with pytest.raises(BeforeHistoryError, match="starts at 2026-09-04T10:00"):
        shop.session.reproduce(f"run:{run_id(1)}", as_of="2026-09-04")


def test_a_list_of_runs_that_is_empty_says_which_runs_there_were(shop: Shop) -> None:
    with pytest.raises(BeforeHistoryError, match="starts at 2026-09-04T10:00"):
        shop.session.runs(job="n/train", as_of=EARLY)
    (doubt,) = shop.session.runs(since="2026-10-01").doubts
    assert doubt.startswith("1 run of other times fit, begun 2026-09-04T10:00:00Z")


def test_a_period_that_has_not_begun_is_no_period(shop: Shop) -> None:
    with pytest.raises(EmptyPeriodError):
        shop.session.volume("lake.s.orders", since="2026-12-01")


def test_a_table_asked_for_by_its_place_is_called_by_its_name(shop: Shop) -> None:
    place = shop.path("orders")

    for name in (str(place), "mirror.s.orders"):
        assert shop.session.impact(name, change="delete").target == "lake.s.orders"
    with pytest.raises(BeforeHistoryError, match=r"^lake\.s\.orders had no known state"):
        shop.session.at(str(place), as_of=EARLY)
    with pytest.raises(UnknownNameError, match=r"nearest: lake\.s\.orders"):
        shop.session.at(str(place.with_name("order")))
    with pytest.raises(UnknownNameError, match=r"no version lake\.s\.orders@7"):
        shop.session.upstream(f"{place}@7")


def test_a_column_is_taken_for_the_one_it_looks_like(shop: Shop) -> None:
    shop.commit("wide", 0, "2026-09-01", "first", "second", "third", "amount")
    shop.harvest("lake", at="2026-09-06")

    with pytest.raises(UnknownNameError, match=r"nearest: lake\.s\.wide#amount;"):
        shop.session.upstream("lake.s.wide#amuont")


def test_a_comparison_of_two_days_is_cut_and_doubtful_where_its_answers_are(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for name in ("a", "b", "c"):
        shop.table(name, "2026-09-01")
    shop.harvest(at="2026-09-04")
    for number, (source, target) in enumerate((("a", "b"), ("b", "c"))):
        reads, writes = [shop.told(source)], [shop.told(target)]
        shop.tell(event("COMPLETE", "2026-09-02", number, target, reads=reads, writes=writes))
    known = ("2026-09-04T00:00:01Z", "2026-09-05")

    doubts = shop.session.diff(
        "upstream", "lake.s.c", as_known=known, by_flow=True, depth_max=1
    ).doubts

    assert doubts == ("not followed further, deeper than 1: lake.s.b",)
    early = shop.session.diff("log", "lake.s.c", as_known=known, as_of=EARLY).doubts
    assert early[0].startswith("lake.s.c had no known state at 2026-08-01")


def _rows(answer: Any) -> object:  # noqa: ANN401 - any answer
    return getattr(answer, answer.ROWS), getattr(answer, "looked", None)
