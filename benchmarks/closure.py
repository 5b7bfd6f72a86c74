"""Closures: all datasets that one is made from, at any distance, out of millions of facts."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.closure_peers import NUMPY, fact_stores, peers
from benchmarks.flow_facts import facts
from benchmarks.flow_histories import FlowHistory, name, numbered
from benchmarks.flow_ledger import load_flows, tell_edges
from benchmarks.marquez_design import DEPTH_MAX, marquez_design
from benchmarks.measuring import take_turns, timed, timed_once
from benchmarks.postgresql_server import server_if_any
from benchmarks.rows import Row, faster, longer, within
from benchmarks.starting import PASS, compiling, output, starting
from temporal_lineage.adjacency.graph import FlowGraph
from temporal_lineage.adjacency.layout import read
from temporal_lineage.facts import AsOf
from temporal_lineage.keys import EdgeKind
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.store.reader import open_reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.flow_facts import Facts
    from benchmarks.sizes import Size
    from snapshots.instant import Instant
    from temporal_lineage.session import Session
    from temporal_lineage.store.reader import Reader

NOTES = """\
A catalogue of datasets that feed each other: four edges a dataset, each told about fourteen times
in two years, which leaves twenty-five rectangles of valid and system time an edge.
One dataset, the calendar, feeds all others; there are circles, and a dataset that feeds itself.
It lies in the ledger's tables as if it had been told batch by batch, which a test compares, though
written at once: the pages of its log are as full as VACUUM leaves them.
Asked is which datasets one is made from at any distance: now, and a year ago as known a year ago.
The first rows of each are our walk on an open ledger in SQLite, which gives the names too: again
and again while it is short, and once when all others have just had the processor's caches.
The adjacency is our file of arrays beside the ledger, which answers for every point in both times;
it was opened before, and gives names, or numbers alone as the numpy walk does.
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
    """One history in a ledger and as facts; `nodes` gives the node of each dataset.

    `graph` is the ledger's adjacency, which lies elsewhere, so that the session does not find it.
    """

    history: FlowHistory
    facts: Facts
    session: Session
    nodes: dict[int, int]
    graph: FlowGraph


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Compare our walks with peers at two points in both times, then with Marquez's design."""
    from temporal_lineage.session import Session
    from temporal_lineage.workspace import Workspace

    history = FlowHistory(size.datasets)
    path = folder / "ledger.db"
    nodes = load_flows(path, history)
    session = Session(Workspace(folder, str(path)), clock=lambda: history.now)
    (seconds,) = take_turns(timed(session.adjacency_make), rounds=1, rounds_before=0)
    yield within(
        f"make the adjacency of {size.datasets:,} datasets", ours=seconds, seconds_max=None
    )
    apart = Path(f"{path}.flows").rename(folder / "apart.flows")
    with open_reader(str(path)) as reader:
        graph = FlowGraph(read(apart), reader, tx=reader.tx_at(system=history.now))
    world = _World(history, facts(history), session, nodes, graph)
    _check(world)
    yield from _now_and_then(world, size, folder)
    yield from _hub(world, size)
    yield from _process(world, size, folder)
    apart.rename(f"{path}.flows")
    yield from _kept_open(world, size)
    with server_if_any() as server:
        if server is not None:
            for connected in size.connected:
                yield _marquez(size, connected, server, folder)


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
    stores = fact_stores(folder, world.facts)
    for when, at in (("now", world.history.now), ("a year ago", world.history.middle)):
        contenders = peers(world.facts.held(valid=at, system=at), stores, at=at)
        with open_reader(world.session.workspace.ledger) as reader:
            for root in world.history.roots:
                walk = partial(_walk, reader, world.nodes[root], at)
                ask = partial(_names, world.session, root, at)
                numbers = partial(_numbers, world.graph, reader, world.nodes[root], at)
                named = partial(_named, world.graph, reader, world.nodes[root], at)
                found = ask()
                assert set(walk()) == {world.nodes[one] for one in found} == numbers()
                assert walk() == named()
                for one in contenders:
                    assert one.walk(root) - {root} == found - {root}, one.what
                works = [timed(partial(one.walk, root)) for one in contenders]
                works += [timed(one) for one in (walk, ask, named, numbers)]
                times = take_turns(*works, timed_once(walk), rounds=size.rounds)
                theirs, ours = times[: len(contenders)], times[len(contenders) :]
                reached = f"{len(found):,} of {size.datasets:,} datasets, {when}"
                goal = _rounded(len(found)) if when == "now" else 0
                yield from _ours(reached, ours, theirs[0], goal=goal)
                for one, asking in zip(contenders, theirs, strict=True):
                    what = f"walk to {reached}"
                    yield faster(what, ours=ours[0], peer=asking, peer_name=one.what)


def _ours(
    reached: str, times: Sequence[Sequence[float]], numpy: Sequence[float], *, goal: int
) -> Iterator[Row]:
    """Give the rows of our ways to the same answer; `goal` is the number of a goal, 0 for none."""
    walking, asking, naming, numbering, once = times
    yield within(f"walk to {reached}", ours=walking, seconds_max=_GOALS.get(goal))
    yield within(f"the same, once after all others, {reached}", ours=once, seconds_max=None)
    yield within(f"`Session.upstream_names`, {reached}", ours=asking, seconds_max=None)
    yield within(f"adjacency, names too, {reached}", ours=naming, seconds_max=None)
    twice = 2.0 if goal == max(_GOALS) else None
    what = f"adjacency, numbers alone, {reached}"
    yield longer(what, ours=numbering, peer=numpy, peer_name=NUMPY, goal=twice)


def _rounded(reached: int) -> int:
    """Give the number of a goal: the calendar is among what is reached."""
    return next((one for one in _GOALS if one <= reached <= one + one // 25), 0)


def _walk(reader: Reader, node_id: int, at: Instant) -> dict[int, str]:
    point = AsOf(valid=at, system=at)
    return reader.reached_into(node_ids=[node_id], kind=EdgeKind.FLOW, as_of=point, limit=_LIMIT)


def _numbers(graph: FlowGraph, reader: Reader, node_id: int, at: Instant) -> set[int]:
    point = {"valid": at.micros, "tx": reader.tx_at(system=at)}
    return set(graph.node_ids(graph.reached_numbers([node_id], Direction.UPSTREAM, **point)))


def _named(graph: FlowGraph, reader: Reader, node_id: int, at: Instant) -> dict[int, str]:
    point = {"valid": at.micros, "tx": reader.tx_at(system=at)}
    return graph.reached([node_id], Direction.UPSTREAM, **point)


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
        tx = reader.tx_at(system=world.history.now)
        down = partial(world.graph.reached, [calendar], Direction.DOWNSTREAM, tx=tx)
        named = partial(down, valid=world.history.now.micros)
        times, by_adjacency = take_turns(timed(walk), timed(named), rounds=size.rounds)
        reached = len(walk())
        assert walk() == named()
    what = f"down from a hub of {neighbours:,} neighbours to {reached:,} datasets"
    yield within(f"walk {what}", ours=times, seconds_max=None)
    yield within(f"adjacency, names too, {what}", ours=by_adjacency, seconds_max=None)


def _kept_open(world: _World, size: Size) -> Iterator[Row]:
    """Ask a session that stays, beside whose ledger the adjacency lies."""
    at = world.history.now
    for root in reversed(world.history.roots):
        # The first question goes farthest, and opens the file.
        ask = partial(_names, world.session, root, at)
        (times,) = take_turns(timed(ask), rounds=size.rounds)
        what = f"`Session.upstream_names` with adjacency, {len(ask()):,} datasets, now"
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


def _marquez(size: Size, connected: int, server: str, folder: Path) -> Row:
    """Ask for all that is connected, in whatever direction."""
    history = FlowHistory(connected)
    edges = history.island
    root = history.roots[-1]
    path = folder / f"once-{connected}.db"
    nodes = tell_edges(path, edges)
    with marquez_design(server, edges) as theirs, open_reader(str(path)) as reader:
        ours = partial(_connected, reader, nodes[root], history.now)
        found = theirs.connected(root)
        assert {nodes[one] for one in found} == ours()
        # A round of theirs takes minutes, and ours is over in a moment.
        long = connected > 1_000  # noqa: PLR2004
        (walking,) = take_turns(timed(ours), rounds=size.rounds)
        asked = timed(lambda: theirs.connected(root))
        (asking,) = take_turns(
            asked, rounds=1 if long else size.rounds, rounds_before=0 if long else 1
        )
    what = f"all {len(found):,} datasets connected with one, of {connected:,}"
    peer = f"Marquez's design, depth {DEPTH_MAX}"
    goal = {1_000: 400.0, 10_000: 2_000.0}.get(connected)
    return faster(what, ours=walking[: len(asking)], peer=asking, peer_name=peer, goal=goal)


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
