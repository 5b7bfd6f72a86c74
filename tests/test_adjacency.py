"""The adjacency: it finds what the ledger finds, and what cannot be trusted is left aside."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from strategies import close_instants
from temporal_lineage.adjacency import beside as beside_module
from temporal_lineage.adjacency import walk as walk_module
from temporal_lineage.adjacency.beside import Beside, NoPlaceError, Reached
from temporal_lineage.facts import AsOf
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.transaction import EdgeAssertion, NodeKey
from told_flows import ENDS, FLOW_HISTORIES, ToldFlow, ToldFlows

ALWAYS = Period.since(Instant(0))
NOW = AsOf(valid=Instant(5), system=FOREVER)
HUB = 100_000
UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open the file for any walk that finds something."""
    monkeypatch.setattr(beside_module, "PATIENCE", 1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(str(tmp_path / "ledger.db"), clock=lambda: Instant(1_000)) as opened:
        yield opened


@pytest.fixture
def beside(tmp_path: Path) -> Beside:
    return Beside(str(tmp_path / "ledger.db"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    history=FLOW_HISTORIES,
    valid=close_instants(),
    which=st.integers(0, 4),
    made=st.integers(0, 4),
    root=ENDS,
    at_once=st.sampled_from([0, 1, walk_module.AT_ONCE]),
)
def test_it_finds_what_a_slow_walk_over_the_log_finds_whenever_it_was_made(
    *,
    ledger: Ledger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    history: list[list[ToldFlow]],
    valid: Instant,
    which: int,
    made: int,
    root: int,
    at_once: int,
) -> None:
    monkeypatch.setattr(walk_module, "AT_ONCE", at_once)
    flows, beside = ToldFlows(ledger), Beside(str(tmp_path / "ledger.db"))
    for number, told in enumerate(history):
        flows.tell(told)
        if number == made % len(history):
            with ledger.reading() as reader:
                beside.make(reader)
    tx = which % len(history)
    point = AsOf(valid=valid, system=flows.recorded[tx])
    with ledger.reading() as reader:
        graph, doubts = beside._opened(reader)
        assert graph is not None
        assert doubts == ()
        for direction, slow, quick in (
            (UP, flows.before, reader.reached_into),
            (DOWN, flows.after, reader.reached_out_of),
        ):
            start = [flows.nodes[root]]
            found = graph.reached(
                start, direction, valid=valid.micros, tx=reader.tx_at(system=point.system)
            )
            assert set(found) == slow(root, valid=valid, tx=tx)
            assert found == quick(node_ids=start, kind="flow", as_of=point, limit=99)


def test_a_hub_with_a_hundred_thousand_neighbours_a_circle_and_a_dataset_that_feeds_itself(
    ledger: Ledger, beside: Beside
) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        keys = [NodeKey("dataset", 0, str(number)) for number in range(HUB + 2)]
        above, hub, *below = transaction.nodes(keys)
        ends = [(above, hub), (hub, hub), (below[0], above), *((hub, one) for one in below)]
        transaction.assert_edges(EdgeAssertion("flow", *pair, ALWAYS, "{}") for pair in ends)
    with ledger.reading() as reader:
        beside.make(reader)
        down = _walk(beside, reader, above, DOWN).nodes
        up = _walk(beside, reader, below[-1], UP).nodes
        some = _walk(beside, reader, hub, DOWN, limit=10).nodes
    assert beside._graph is not None
    assert set(down) == {above, hub, *below}
    assert down[below[7]] == "9"
    assert set(up) == {above, hub, below[0]}
    assert len(some) == 10


def test_what_was_told_since_is_in_the_answer_and_new_names_too(
    ledger: Ledger, beside: Beside
) -> None:
    first, second = _chain(ledger, "a", "b")
    with ledger.reading() as reader:
        beside.make(reader)
        assert _walk(beside, reader, second, UP).nodes == {first: "a"}
    third, _ = _chain(ledger, "ü", "a")
    with ledger.transaction(source="test", note="") as transaction:
        transaction.assert_edges([EdgeAssertion("flow", second, first, ALWAYS, "{}")])
    with ledger.reading() as reader:
        assert _walk(beside, reader, second, UP).nodes == {first: "a", second: "b", third: "ü"}
        report = beside.report(reader)
    assert (report.state, report.behind) == ("used", 2)


def _broken(file: Path) -> None:
    kept = bytearray(file.read_bytes())
    kept[-1] ^= 1
    file.write_bytes(kept)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (_broken, "it is damaged"),
        (lambda file: file.write_bytes(file.read_bytes()[:-64]), "it is damaged"),
        (lambda file: file.write_bytes(file.read_bytes()[:40]), "it is damaged"),
        (lambda file: file.write_bytes(b""), "it is empty"),
        (lambda file: file.write_bytes(b"SQLite format 3\0" * 99), "it is of another format"),
        (lambda file: (file.unlink(), file.mkdir()), "is a directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_left_aside_and_the_answer_says_so(
    ledger: Ledger, tmp_path: Path, harm: Callable[[Path], object], why: str
) -> None:
    first, second = _chain(ledger, "a", "b")
    beside = Beside(str(tmp_path / "ledger.db"))
    with ledger.reading() as reader:
        beside.make(reader)
        harm(tmp_path / "ledger.db.flows")
        found = _walk(beside, reader, second, UP)
        assert found.nodes == {first: "a"}
        assert found.doubts == (
            f"ledger.db.flows was left aside: {why}; `tl ledger adjacency` makes it anew",
        )
        assert beside.report(reader).state == f"left aside: {why}"


def test_the_file_of_another_ledger_or_of_another_past_of_this_one_is_left_aside(
    ledger: Ledger, tmp_path: Path
) -> None:
    _chain(ledger, "a", "b")
    shutil.copy(tmp_path / "ledger.db", tmp_path / "restored.db")
    _, last = _chain(ledger, "b", "c")
    with ledger.reading() as reader:
        Beside(str(tmp_path / "ledger.db")).make(reader)
    for name in ("restored.db", "other.db"):
        with Ledger.open(str(tmp_path / name), clock=lambda: Instant(2_000)) as other:
            first, second = _chain(other, "x", "y")
            shutil.copy(tmp_path / "ledger.db.flows", tmp_path / f"{name}.flows")
            with other.reading() as reader:
                found = _walk(Beside(str(tmp_path / name)), reader, second, UP)
        assert found.nodes == {first: "x"}
        assert "it is of another ledger" in found.doubts[0]
    assert last


def test_without_a_file_the_ledger_answers_alone_and_nothing_is_said(
    ledger: Ledger, beside: Beside
) -> None:
    first, second = _chain(ledger, "a", "b")
    with ledger.reading() as reader:
        assert _walk(beside, reader, second, UP) == Reached({first: "a"}, ())
        assert beside.report(reader).state == "absent"
        beside.make(reader)
        assert beside.remove(reader).state == "absent"


def test_a_ledger_in_a_database_or_without_anything_told_has_none(
    ledger: Ledger, beside: Beside
) -> None:
    with ledger.reading() as reader:
        with pytest.raises(NoPlaceError, match="lies in a database"):
            Beside("postgresql://me@host/lineage").make(reader)
        with pytest.raises(NoPlaceError, match="`tl harvest` is first"):
            beside.make(reader)


def _chain(ledger: Ledger, source: str, target: str) -> list[int]:
    with ledger.transaction(source="test", note="") as transaction:
        ends = transaction.nodes([NodeKey("dataset", 0, one) for one in (source, target)])
        transaction.assert_edges([EdgeAssertion("flow", ends[0], ends[1], ALWAYS, "{}")])
    return ends


def _walk(
    beside: Beside, reader: object, node_id: int, direction: Direction, *, limit: int = 2 * HUB
) -> Reached:
    return beside.reached(
        reader,  # type: ignore[arg-type]
        node_ids=[node_id],
        direction=direction,
        as_of=NOW,
        limit=limit,
    )
