"""State provenance: what had gone into one state, through many others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.appended import appended_rows
from benchmarks.measuring import take_turns, timed
from benchmarks.pipelines import Pipeline, Table, Version
from benchmarks.rows import Row, faster
from benchmarks.told_pipelines import tell

if TYPE_CHECKING:
    import networkx as nx

    from benchmarks.sizes import Size

NOTES = """\
A ledger of a pipeline in which each state holds the rows of its last ten commits, and each commit
read three states of the layer before.
We open the ledger, decide each edge as of now, walk from state to commits to the states those
read, and name every state with its writer and every edge with its grade.
networkx finds the bare set of ancestors, with no time, name or reason, in a graph of the same
facts, states and commits apart, of the whole pipeline: built before, or built from a list of the
facts in memory as part of the work.
A graph built before answers as of the moment it was built only.
The last rows ask one table that was only appended to, and whose commits all live in its state, in
processor time of all threads: see `benchmarks/appended.py` for what each peer does.
One statement gives each commit with its certainty, its name and the run that wrote it, as of any
point in both times.
The edges into the commits are a second statement: joined, the commits would come as often as their
runs read states. Of ten thousand commits of three edges each, both take 70 ms, and joined 95 ms.
Where a walk asks many states at once, which share most of their commits, it stabs for numbers, and
looks names and writers up once, a statement each: of ten thousand states of ten commits each that
takes 0.38 s, and joined 0.50 s.
DuckDB has the same rows in memory, and joins them the same way, as of now only.
pyiceberg reads the manifests of a table of as many snapshots, one merged one at best, as here: it
tells snapshots and files, and no runs and no earlier beliefs; it needs no harvest, which ours had
before."""


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Compare the question as a user asks it with a bare walk in memory."""
    import networkx as nx

    from snapshots.instant import Instant
    from temporal_lineage.session import Session
    from temporal_lineage.workspace import Workspace

    pipeline = size.graph
    now = Instant.parse("2026-03-01")
    tell(folder / "ledger.db", pipeline, now=now)
    session = Session(Workspace(folder, str(folder / "ledger.db")), clock=lambda: now)
    root = Version(Table(pipeline.layers - 1, 0), pipeline.versions - 1)
    facts = list(_facts(pipeline))
    graph = _graph(facts)
    answer = session.upstream(str(root))
    assert {one.address for one in answer.nodes} == _names(nx.ancestors(graph, _state(root)))
    assert not answer.cuts
    reached = len(answer.nodes)
    asking, walking, building = take_turns(
        timed(lambda: session.upstream(str(root))),
        timed(lambda: nx.ancestors(graph, _state(root))),
        timed(lambda: nx.ancestors(_graph(facts), _state(root))),
        rounds=size.rounds,
    )
    commits = sum(1 for _ in pipeline.commits())
    what = f"`upstream` through {reached:,} of {commits:,} states"
    name = "networkx `ancestors`, graph built before"
    yield faster(what, ours=asking, peer=walking, peer_name=name)
    name = "networkx, building the graph and `ancestors`"
    yield faster(what, ours=asking, peer=building, peer_name=name)
    yield from appended_rows(size, folder / "appended")


def _facts(pipeline: Pipeline) -> Iterator[tuple[str, str]]:
    """Yield what feeds what: commits live in states, and states are read by commits."""
    for one in pipeline.commits():
        for commit in pipeline.living_in(one):
            yield _commit(commit), _state(one)
        for state in pipeline.read_by(one):
            yield _state(state), _commit(one)


def _graph(facts: list[tuple[str, str]]) -> nx.DiGraph[str]:
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from(facts)
    return graph


def _state(version: Version) -> str:
    return f"state {version}"


def _commit(version: Version) -> str:
    return f"commit {version}"


def _names(nodes: set[str]) -> set[str]:
    return {one.partition(" ")[2] for one in nodes}
