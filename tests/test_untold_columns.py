"""Untold columns: where a job told none, no answer about a column looks whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from told_tables import Json, Shop, event

WORK = (
    (1, "make", "10", "orders", "features"),
    (2, "tell", "11", "features", "report"),
    (3, "sum", "12", "report", "totals"),
    (4, "other", "13", "prices", "totals"),
    (5, "list", "14", "prices", "offers"),
)
"""Runs that read one table and write one; those of `SILENT` jobs tell no columns."""

SILENT = {"tell", "list"}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Orders feed features by column a, features feed a report untold, the report feeds totals."""
    shop = Shop(tmp_path)
    for name in ("orders", "prices"):
        shop.commit(name, 0, "2026-09-01", "a", "b")
    for number, _, hour, _, written in WORK:
        version = 1 if number == 4 else 0
        shop.commit(written, version, f"2026-09-02T{hour}:30Z", "x")
    shop.harvest(at="2026-09-06")
    for number, job, hour, source, written in WORK:
        reads = [shop.told(source)]
        field = "a" if source in {"orders", "prices"} else "x"
        told: dict[str, Any] = {} if job in SILENT else {"columnLineage": fed(shop, source, field)}
        writes = [shop.told(written, **told)]
        shop.tell(
            event("START", f"2026-09-02T{hour}:00Z", number, job, reads=reads),
            event("COMPLETE", f"2026-09-02T{hour}:50Z", number, job, reads=reads, writes=writes),
        )
    return shop


def fed(shop: Shop, source: str, field: str) -> Json:
    made_of = {"namespace": "file", "name": str(shop.path(source)), "field": field}
    return {"_producer": "p", "_schemaURL": "s", "fields": {"x": {"inputFields": [made_of]}}}


def test_a_walk_down_names_what_is_made_without_a_word_about_columns(shop: Shop) -> None:
    answer = shop.session.downstream("lake.s.orders#a")
    assert [edge.target for edge in answer.edges] == ["lake.s.features#x"]
    assert answer.doubts == (
        "not followed, n/tell told no columns of lake.s.report, made from lake.s.features",
    )


def test_a_walk_up_names_what_is_made_without_a_word_about_columns(shop: Shop) -> None:
    answer = shop.session.upstream("lake.s.totals#x")
    assert {edge.source for edge in answer.edges} == {"lake.s.report#x", "lake.s.prices#a"}
    assert answer.doubts == (
        "not followed, n/tell told no columns of lake.s.report, made from lake.s.features",
    )


def test_a_walk_of_which_all_columns_were_told_doubts_nothing(shop: Shop) -> None:
    assert shop.session.upstream("lake.s.features#x").doubts == ()


def test_what_is_made_of_the_untold_may_change_though_its_own_columns_were_told(
    shop: Shop,
) -> None:
    """Totals name the column of the report that they are made of; the report names none."""
    answer = shop.session.impact("lake.s.orders#a", change="drop-column")
    assert [one.address for one in answer.impacted] == [
        "lake.s.features#x",
        "lake.s.report",
        "lake.s.totals",
    ]


def test_a_table_that_one_job_writes_with_columns_and_one_without_may_use_what_the_other_reads(
    shop: Shop,
) -> None:
    told = [shop.told("totals")]
    reads = [shop.told("orders")]
    shop.commit("totals", 2, "2026-09-03T10:30Z", "x")
    shop.harvest(at="2026-09-07")
    shop.tell(
        event("START", "2026-09-03T10:00Z", 6, "mend", reads=reads),
        event("COMPLETE", "2026-09-03T10:50Z", 6, "mend", reads=reads, writes=told),
    )
    answer = shop.session.impact("lake.s.orders#b", change="drop-column")
    assert [one.address for one in answer.impacted] == ["lake.s.totals"]


def test_a_table_made_untold_from_what_the_column_never_reached_is_left_out(shop: Shop) -> None:
    answer = shop.session.impact("lake.s.orders#b", change="drop-column")
    assert answer.impacted == ()


def test_a_circle_of_untold_flows_has_an_end_and_a_way_to_each(shop: Shop) -> None:
    shop.commit("features", 1, "2026-09-03T10:30Z", "x")
    shop.harvest(at="2026-09-07")
    reads, writes = [shop.told("totals")], [shop.told("features")]
    shop.tell(
        event("START", "2026-09-03T10:00Z", 7, "back", reads=reads),
        event("COMPLETE", "2026-09-03T10:50Z", 7, "back", reads=reads, writes=writes),
    )
    answer = shop.session.impact("lake.s.orders#a", change="rename")
    assert {one.address: one.path[1:] for one in answer.impacted} == {
        "lake.s.features#x": ("lake.s.features#x",),
        "lake.s.report": ("lake.s.features", "lake.s.report"),
        "lake.s.totals": ("lake.s.features", "lake.s.report", "lake.s.totals"),
        "lake.s.features": (
            *("lake.s.features", "lake.s.report", "lake.s.totals"),
            "lake.s.features",
        ),
    }
