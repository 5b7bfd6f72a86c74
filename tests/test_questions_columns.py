"""Columns in lineage: by field id through drops, by name no more than at their time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import delta_logs
from snapshots.errors import UnknownNameError
from snapshots.instant import Instant
from temporal_lineage.keys import EdgeKind
from temporal_lineage.questions.walks.answer import LineageAnswer
from temporal_lineage.store.reader import open_reader
from told_tables import Json, Shop, event, run_id


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """`x` of out comes from `a` of src, its rows are those `b` lets through; then `a` is dropped.

    Later src has another `a`, and `last` is made of out as a whole.
    """
    shop = Shop(tmp_path)
    shop.commit("src", 0, "2026-09-01T00:00Z", "a", "b")
    shop.commit("out", 0, "2026-09-01T00:10Z", "x", "y")
    shop.commit("last", 0, "2026-09-01T00:20Z", "z")
    shop.commit("src", 1, "2026-09-05", "b")
    shop.commit("src", 2, "2026-09-06", "b", "a")
    shop.harvest(at="2026-09-10")
    out = shop.told("out", None, columnLineage=fed(shop, "src", {"x": ["a"]}, whole=["b"]))
    last = shop.told("last", None, columnLineage=fed(shop, "out", {"z": ["y"]}, whole=[]))
    for number, at, source, target in ((1, "00", "src", out), (2, "01", "out", last)):
        shop.tell(
            event("START", f"2026-09-01T00:{at}:30Z", number, reads=[shop.told(source)]),
            event("COMPLETE", f"2026-09-01T00:2{number}:00Z", number, writes=[target]),
        )
    return shop


def fed(shop: Shop, source: str, fields: dict[str, list[str]], *, whole: list[str]) -> Json:
    def one(field: str, kind: str) -> dict[str, Any]:
        told = {"namespace": "file", "name": str(shop.path(source)), "field": field}
        return told | {"transformations": [{"type": kind}]}

    return {
        "_producer": "p",
        "_schemaURL": "s",
        "fields": {
            name: {"inputFields": [one(field, "DIRECT") for field in told]}
            for name, told in fields.items()
        },
        "dataset": [one(field, "INDIRECT") for field in whole],
    }


def pairs(answer: LineageAnswer) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in answer.edges}


def test_what_acts_on_every_column_is_upstream_of_each(shop: Shop) -> None:
    september = "2026-09-02"

    assert pairs(shop.session.upstream("lake.s.out#x", as_of=september)) == {
        ("lake.s.src#a", "lake.s.out#x"),
        ("lake.s.src#b", "lake.s.out#x"),
    }
    # No event names y as an output.
    assert pairs(shop.session.upstream("lake.s.out#y", as_of=september)) == {
        ("lake.s.src#b", "lake.s.out#y")
    }


def test_what_acts_on_every_column_goes_on_to_what_is_made_of_any(shop: Shop) -> None:
    answer = shop.session.downstream("lake.s.src#b", as_of="2026-09-02")

    assert pairs(answer) == {("lake.s.src#b", "lake.s.out#*"), ("lake.s.out#*", "lake.s.last#z")}


def test_a_dropped_column_is_named_with_a_time_at_which_it_was_there(shop: Shop) -> None:
    sources = {one.source for one in shop.session.upstream("lake.s.out#x").edges}

    assert sources == {"lake.s.src@2026-09-01T00:00:00Z#a", "lake.s.src#b"}
    (back,) = shop.session.downstream("lake.s.src@2026-09-01T00:00:00Z#a", depth_max=1).edges
    assert back.target == "lake.s.out#x"


def test_a_column_added_again_is_not_the_one_that_was_dropped(shop: Shop) -> None:
    with pytest.raises(UnknownNameError, match=r"no column lineage of lake\.s\.src#a"):
        shop.session.downstream("lake.s.src#a")


def test_why_a_column_flow_names_the_columns(shop: Shop) -> None:
    (edge,) = shop.session.downstream("lake.s.src#a", as_of="2026-09-02", depth_max=1).edges

    why = shop.session.why(edge.edge, as_of="2026-09-02")

    assert (why.source, why.target) == ("lake.s.src#a", "lake.s.out#x")
    assert [one.grade for one in why.reasons] == ["told"]


def test_an_edge_that_no_answer_shows_is_not_explained_but_refused(shop: Shop) -> None:
    with open_reader(shop.session.workspace.ledger) as reader:
        count = len(
            {
                number
                for number in range(1, 100)
                for one in reader.edge_history(edge_id=number)
                if one.name in (EdgeKind.READS, EdgeKind.WRITES, EdgeKind.RUN_OF)
            }
        )
    refused = 0
    for number in range(1, 100):
        try:
            shop.session.why(f"edge:{number}")
        except UnknownNameError:
            refused += 1
    assert count
    assert refused >= count
    assert shop.session.why(f"run:{run_id(1)}").reasons


def test_a_rename_keeps_the_lineage_and_masking_is_shown(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    mapped = {"delta_columnMapping_mode": "name", "delta_columnMapping_maxColumnId": "1"}
    key = {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1"}
    for version, (when, name) in enumerate((("2026-09-01", "a"), ("2026-09-05", "renamed"))):
        column = delta_logs.column(name, "long", **key)
        actions = (
            {"commitInfo": {"operation": "WRITE"}},
            delta_logs.protocol(reader=2, writer=5),
            delta_logs.metadata(column, table_id="src", **mapped),
        )
        millis = Instant.parse(when).micros // 1000
        delta_logs.write(shop.path("src"), version, *actions, millis=millis)
    shop.commit("out", 0, "2026-09-01T00:10Z", "x")
    shop.harvest(at="2026-09-10")
    lineage = fed(shop, "src", {"x": ["a"]}, whole=[])
    how = {"type": "DIRECT", "subtype": "TRANSFORMATION", "masking": True}
    lineage["fields"]["x"]["inputFields"][0]["transformations"] = [how]
    written = shop.told("out", None, columnLineage=lineage)
    shop.tell(
        event("START", "2026-09-01T00:09:30Z", 1, reads=[shop.told("src")]),
        event("COMPLETE", "2026-09-01T00:11:00Z", 1, writes=[written]),
    )
    (edge,) = shop.session.upstream("lake.s.out#x").edges
    assert (edge.source, edge.how) == ("lake.s.src#renamed", ("DIRECT/TRANSFORMATION/MASKED",))
    (then,) = shop.session.upstream("lake.s.out#x", as_of="2026-09-03").edges
    assert then.source == "lake.s.src#a"
