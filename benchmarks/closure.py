"""Closures: all datasets that one is made from, at any distance, out of millions of facts."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.closure_peers import peers
from benchmarks.flow_facts import facts
from benchmarks.flow_histories import FlowHistory, name, numbered
from benchmarks.flow_ledger import tell_edges, tell_flows
from benchmarks.marquez_design import DEPTH_MAX, marquez_design
from benchmarks.measuring import take_turns, timed
from benchmarks.postgresql_server import server_if_any
from benchmarks.rows import Row, faster, longer, within
from benchmarks.starting import PASS, compiling, output, starting
from temporal_lineage.facts import AsOf
from temporal_lineage.keys import EdgeKind
from temporal_lineage.store.reader import open_reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.flow_facts import Facts
    from benchmarks.sizes import Size
    from snapshots.instant import Instant
    from temporal_lineage.session import Session
    from temporal_lineage.store.reader import Reader

NOTES = """\
A catalogue of datasets that feed each other: four edges a dataset, each told about fourteen times
in two years, which leaves twenty-five rectangles of valid and system time an edge.
One dataset, the calendar, feeds all others; there are circles, and a dataset that feeds itself.
Asked is which datasets one is made from at any distance: now, and a year ago as known a year ago.
The first rows of each are our one statement on an open ledger in SQLite, which gives the names too.
`Session.upstream_names` opens the ledger, finds the dataset, names and sorts, and says how fresh
the answer is; the process is `tl upstream NAME --names`.
DuckDB and Kuzu's fork hold all facts as rectangles and decide each as we do; networkx, rustworkx
and numpy were given the edges that hold at that one point in both times, and know no other.
Peers give the numbers of datasets, without names.
Marquez's design answers for jobs in PostgreSQL, in both directions at once and without a time; we
answer the same of a graph told once, with two statements a step."""

_GOALS = {50: 0.1e-3, 2_000: 5e-3, 50_000: 150e-3}
"""Seconds for so many datasets, now."""

_LIMIT = 10**6
_STARTING = 5.0


class _World(NamedTuple):
    """One history in a ledger and as facts; `nodes` gives the node of each dataset."""

    history: FlowHistory
    facts: Facts
    session: Session
    nodes: dict[int, int]


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Compare our walk with peers at two points in both times, then with Marquez's design."""
    world = _world(size, folder)
    _check(world)
    yield from _now_and_then(world, size, folder)
    yield from _hub(world, size)
    yield from _process(world, size, folder)
    with server_if_any() as server:
        if server is not None:
            yield _marquez(size, server, folder)


def _world(size: Size, folder: Path) -> _World:
    from temporal_lineage.session import Session
    from temporal_lineage.workspace import Workspace

    history = FlowHistory(size.datasets)
    path = folder / "ledger.db"
    nodes = tell_flows(path, history)
    session = Session(Workspace(folder, str(path)), clock=lambda: history.now)
    return _World(history, facts(history), session, nodes)


def _check(world: _World) -> None:
    """Find that facts and ledger agree at points where they hold different things."""
    history = world.history
    with open_reader(world.session.workspace.ledger) as reader:
        for valid, system in history.early:
            held = world.facts.held(valid=valid, system=system)
            edges = set(zip(*(ends.tolist() for ends in held), strict=True))
            point = AsOf(valid=valid, system=system)
            numbers = {node: dataset for dataset, node in world.nodes.items()}
            rows = reader.steps_into(node_ids=numbers, kinds=(EdgeKind.FLOW,), as_of=point)
            assert {(numbers[source], numbers[target]) for _, source, target, _ in rows} == edges


def _now_and_then(world: _World, size: Size, folder: Path) -> Iterator[Row]:
    for when, at in (("now", world.history.now), ("a year ago", world.history.middle)):
        contenders = list(peers(folder / when, world.facts, at=at))
        with open_reader(world.session.workspace.ledger) as reader:
            for root in world.history.roots:
                walk = partial(_walk, reader, world.nodes[root], at)
                ask = partial(_names, world.session, root, at)
                found = ask()
                assert set(walk()) == {world.nodes[one] for one in found}
                for one in contenders:
                    assert one.walk(root) - {root} == found - {root}, one.what
                works = (timed(partial(one.walk, root)) for one in contenders)
                walking, asking, *theirs = take_turns(
                    timed(walk), timed(ask), *works, rounds=size.rounds
                )
                reached = f"{len(found):,} of {size.datasets:,} datasets, {when}"
                goal = _GOALS.get(_rounded(len(found))) if when == "now" else None
                yield within(f"walk to {reached}", ours=walking, seconds_max=goal)
                yield within(f"`Session.upstream_names`, {reached}", ours=asking, seconds_max=None)
                for one, times in zip(contenders, theirs, strict=True):
                    yield faster(f"walk to {reached}", ours=walking, peer=times, peer_name=one.what)


def _rounded(reached: int) -> int:
    """Give the number of a goal: the calendar is among what is reached."""
    return next((one for one in _GOALS if one <= reached <= one + one // 25), 0)


def _walk(reader: Reader, node_id: int, at: Instant) -> dict[int, str]:
    point = AsOf(valid=at, system=at)
    return reader.reached_into(node_ids=[node_id], kind=EdgeKind.FLOW, as_of=point, limit=_LIMIT)


def _names(session: Session, root: int, at: Instant) -> set[int]:
    answer = session.upstream_names(_address(root), as_of=at, as_known=at)
    assert not answer.cuts
    return {numbered(one.dataset) for one in answer.datasets}


def _address(dataset: int) -> str:
    return f"dataset:{name(dataset)}"


def _hub(world: _World, size: Size) -> Iterator[Row]:
    """Walk down from the calendar, which feeds every dataset."""
    calendar = world.nodes[0]
    point = AsOf(valid=world.history.now, system=world.history.now)
    asked = {"node_ids": [calendar], "as_of": point}
    with open_reader(world.session.workspace.ledger) as reader:
        neighbours = len(reader.steps_out_of(**asked, kinds=(EdgeKind.FLOW,)))  # type: ignore[arg-type]
        walk = partial(reader.reached_out_of, **asked, kind=EdgeKind.FLOW, limit=_LIMIT)  # type: ignore[arg-type]
        (times,) = take_turns(timed(walk), rounds=size.rounds)
        reached = len(walk())
    what = f"walk down from a hub of {neighbours:,} neighbours to {reached:,} datasets"
    yield within(what, ours=times, seconds_max=None)


def _process(world: _World, size: Size, folder: Path) -> Iterator[Row]:
    environment = compiling(folder / "bytecode")
    for root in world.history.roots:
        command = (*_tl(world), "upstream", _address(root), "--names")
        told = output(command).splitlines()
        nothing, asking = take_turns(
            *(starting(one, environment) for one in (PASS, command)), rounds=size.process_rounds
        )
        what = f"`tl upstream NAME --names`, {len(told) - 1:,} names"
        goal = _STARTING if root == world.history.roots[0] else None
        yield longer(what, ours=asking, peer=nothing, peer_name="`python -c pass`", goal=goal)


def _tl(world: _World) -> tuple[str, ...]:
    program = "from temporal_lineage.cli.entry import main; main()"
    return (sys.executable, "-c", program, "--ledger", world.session.workspace.ledger)


def _marquez(size: Size, server: str, folder: Path) -> Row:
    """Ask for all that is connected, in whatever direction."""
    history = FlowHistory(size.connected)
    edges = history.island
    root = history.roots[-1]
    path = folder / "once.db"
    nodes = tell_edges(path, edges)
    with marquez_design(server, edges) as theirs, open_reader(str(path)) as reader:
        ours = partial(_connected, reader, nodes[root], history.now)
        found = theirs.connected(root)
        assert {nodes[one] for one in found} == ours()
        rounds = 1 if size.connected > 1_000 else size.rounds  # noqa: PLR2004 - minutes a round
        times = take_turns(
            timed(ours),
            timed(lambda: theirs.connected(root)),
            rounds=rounds,
            rounds_before=min(1, rounds - 1),
        )
    what = f"all {len(found):,} datasets connected with one, of {size.connected:,}"
    peer = f"Marquez's design, depth {DEPTH_MAX}"
    goal = {1_000: 400.0, 10_000: 2_000.0}.get(size.connected)
    return faster(what, ours=times[0], peer=times[1], peer_name=peer, goal=goal)


def _connected(reader: Reader, node_id: int, at: Instant) -> set[int]:
    """Walk in both directions, a step at a time."""
    asked = {"kinds": (EdgeKind.FLOW,), "as_of": AsOf(valid=at, system=at)}
    found, frontier = {node_id}, {node_id}
    while frontier:
        into = reader.steps_into(node_ids=frontier, **asked)  # type: ignore[arg-type]
        out_of = reader.steps_out_of(node_ids=frontier, **asked)  # type: ignore[arg-type]
        frontier = {step[1] for step in into} | {step[2] for step in out_of}
        frontier -= found
        found |= frontier
    return found
