"""The benchmarks keep working: each still finds both sides giving the same answer."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("networkx", reason="the benchmarks' peers are not installed")

from benchmarks import large_ledger
from benchmarks.__main__ import BENCHMARKS
from benchmarks.flow_histories import FlowHistory
from benchmarks.flow_ledger import load_flows, tell_flows
from benchmarks.measuring import Ratio, ratio, take_turns
from benchmarks.report import as_page, as_text
from benchmarks.rows import Comparison, Row, Sense, faster, within
from benchmarks.sizes import TINY
from snapshots.instant import Instant
from temporal_lineage.facts import AsOf
from temporal_lineage.keys import EdgeKind
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.reader import Reader

# The others start whole programs, again and again: `make bench` runs them.
IN_PROCESS = (
    "metadata",
    "delta",
    "provenance",
    "closure",
    "writing",
    "events",
    "sql",
    "large",
    "linking",
    "erasure",
)


@pytest.fixture(autouse=True)
def without_garbage_of_others() -> Iterator[None]:
    """Contenders look for garbage before each turn: not among all that earlier tests loaded."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("name", IN_PROCESS)
def test_a_benchmark_finds_both_sides_giving_the_same_answer(name: str, tmp_path: Path) -> None:
    run, notes = BENCHMARKS[name]
    rows = list(run(TINY, tmp_path))
    assert rows
    assert all(row.ours for row in rows)
    assert notes


def test_contenders_take_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []

    def contend(name: str) -> float:
        order.append(name)
        return float(len(order))

    first, second = take_turns(lambda: contend("a"), lambda: contend("b"), rounds=2)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert (first, second) == ((4.0, 5.0), (3.0, 6.0))


def test_a_ratio_is_of_medians_and_its_extremes_are_of_rounds() -> None:
    assert ratio([2, 4, 9], [1, 1, 3]) == Ratio(4, 2, 4)


def test_a_goal_is_met_from_the_goal_on_and_missed_below_it() -> None:
    met = faster("x", ours=[1.0], peer=[3.0], peer_name="y", goal=3)
    missed = faster("x", ours=[1.0], peer=[2.9], peer_name="y", goal=3)
    assert (met.cells()[-1], missed.cells()[-1]) == ("yes", "no")
    assert within("x", ours=[0.2], seconds_max=0.2).cells()[-2:] == ("at most 200 ms", "yes")
    assert within("x", ours=[0.3], seconds_max=0.2).cells()[-1] == "no"
    slower = Comparison(Ratio(4.3, 4, 5), Sense.AS_LONG, 4.2)
    assert (slower.goal_text(), slower.met_text()) == ("at most 4.2x", "no")


def test_the_page_holds_each_row_once_and_what_it_counts() -> None:
    rows = [Row("this", "1 s", None, None)]
    assert "this" in as_text(rows)
    page = as_page({"one": rows}, {"one": "What is counted here."}, circumstances="Then.")
    assert page.count("| this | 1 s | none |  |  |  |") == 1
    assert "### one\n\nWhat is counted here.\n" in page


def test_flows_that_are_loaded_lie_in_the_tables_as_those_that_were_told(tmp_path: Path) -> None:
    history = FlowHistory(60)
    loaded, told = tmp_path / "loaded.db", tmp_path / "told.db"
    assert load_flows(loaded, history) == tell_flows(told, history)
    with closing(sqlite3.connect(loaded)) as ours, closing(sqlite3.connect(told)) as theirs:
        tables = theirs.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        # Every ledger has a number of its own.
        for (table,) in set(tables) - {("ledger",)}:
            asked = f"SELECT * FROM {table}"
            assert set(ours.execute(asked)) == set(theirs.execute(asked)), table


def test_a_large_ledger_is_loaded_as_if_it_had_been_told(
    postgresql_url: str, tmp_path: Path
) -> None:
    history = FlowHistory(60)
    rows = list(large_ledger.measured(postgresql_url, history, catalogues=2))
    assert any("growth" in one.what for one in rows)
    nodes = tell_flows(tmp_path / "told.db", history)
    with (
        Ledger.open(postgresql_url, clock=lambda: history.now) as loaded,
        Ledger.open(str(tmp_path / "told.db"), clock=lambda: history.now) as told,
    ):
        assert loaded.check() == []
        for at in (history.middle, history.now):
            with told.reading() as reader:
                numbers = {node: number for number, node in nodes.items()}
                expected = {numbers[one] for one in _reached(reader, nodes[history.roots[-1]], at)}
            with loaded.reading() as reader:
                found = _reached(reader, history.datasets + history.roots[-1] + 1, at)
            assert {one - history.datasets - 1 for one in found} == expected


def _reached(reader: Reader, node_id: int, at: Instant) -> set[int]:
    found = reader.reached_into(
        node_ids=[node_id], kind=EdgeKind.FLOW, as_of=AsOf(valid=at, system=at), limit=1_000
    )
    return set(found)
