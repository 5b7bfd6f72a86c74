"""Untold: what may have been made of the states of a walk, though no edge into it can be told."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.evidence.grades import Method
from temporal_lineage.evidence.windows import SKEW_MS_MAX
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.link_claims import EdgeClaim, LinkClaim
from temporal_lineage.naming import Naming
from temporal_lineage.questions.walks.doubts import few
from temporal_lineage.questions.walks.run_lines import as_it_stood

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.facts import AsOf
    from temporal_lineage.lineage.graph import LineageGraph
    from temporal_lineage.store.reader import Reader

RUNS_ASKED_MAX = 1_000


def untold_beyond(reader: Reader, graph: LineageGraph, naming: Naming, as_of: AsOf) -> list[str]:
    """Say what a downstream walk could not follow: reads, and writes, of states nobody can tell."""
    nodes = naming.nodes(graph.depths)
    states: dict[int, set[str]] = defaultdict(set)
    for node in nodes.values():
        if node.kind == NodeKind.VERSION:
            states[node.parent_id].add(node.name)
    return [
        *_made_of_unknown_states(reader, naming, graph, states, as_of),
        *_written_in_unknown_states(reader, naming, graph, states, as_of),
    ]


def _made_of_unknown_states(
    reader: Reader,
    naming: Naming,
    graph: LineageGraph,
    states: Mapping[int, set[str]],
    as_of: AsOf,
) -> Iterator[str]:
    rows = reader.edges_out_of(node_ids=sorted(states), kinds=(EdgeKind.EDGE,), as_of=as_of)
    beyond = [row for row in rows if row.dst_id not in graph.depths]
    if not beyond:
        return
    since = _first(reader, graph, as_of)
    made: dict[int, list[int]] = defaultdict(list)
    for row in beyond:
        if row.valid.start >= since:
            made[row.src_id].append(row.dst_id)
    for dataset_id, targets in sorted(made.items()):
        named = few(naming.addresses(targets).values())
        yield f"not followed, made of unknown states of {naming.dataset(dataset_id)}: {named}"


def _first(reader: Reader, graph: LineageGraph, as_of: AsOf) -> Instant:
    """Give since when the first root was there: what was made before has nothing of it."""
    nodes = reader.named(node_ids=[one for one, depth in graph.depths.items() if depth == 0])
    since = []
    for dataset_id in sorted({node.parent_id for node in nodes.values()}):
        lines = reader.timelines(
            node_id=dataset_id, kind=AttributeKind.SNAPSHOT, system=as_of.system
        )
        own = {key: node.name for key, node in nodes.items() if node.parent_id == dataset_id}
        since += [lines[one][-1].valid.start for one in own.values() if one in lines]
        rest = [key for key, one in own.items() if one not in lines]
        writers = reader.attributes_of(node_ids=rest, kind=AttributeKind.WRITER, as_of=as_of)
        since += [one.valid.start for one in writers]
        if len(writers) < len(rest):
            return BEGINNING
    return min(since, default=BEGINNING)


def written_untold(reader: Reader, run_id: int, job: str, as_of: AsOf) -> Iterator[str]:
    """Say what a run itself wrote in states that nobody can tell."""
    rows = reader.attributes(node_id=run_id, kind=AttributeKind.WRITES, as_of=as_of)
    links = [decode(LinkClaim, one.claim) for one in rows]
    wrote = [one.identity for one in links if one.evidence.method is Method.OUTPUT_PHANTOM]
    return _written(reader, Naming(reader, as_of=as_of), {one: {job} for one in wrote})


def _written(reader: Reader, naming: Naming, jobs: Mapping[str, Iterable[str]]) -> Iterator[str]:
    nodes = reader.nodes_named(kind=NodeKind.DATASET, parent_id=0, names=jobs)
    for name, identity in sorted((naming.dataset(one.node_id), one.name) for one in nodes):
        yield f"not followed, written in unknown states by {few(jobs[identity])}: {name}"


def _written_in_unknown_states(
    reader: Reader,
    naming: Naming,
    graph: LineageGraph,
    states: Mapping[int, set[str]],
    as_of: AsOf,
) -> Iterator[str]:
    rows = reader.edges_into(node_ids=sorted(states), kinds=(EdgeKind.READS,), as_of=as_of)
    newest = sorted({(row.valid.start, row.src_id) for row in rows}, reverse=True)
    asked = [run_id for _, run_id in newest[:RUNS_ASKED_MAX]]
    wrote: dict[int, list[str]] = defaultdict(list)
    for run_id, claim in reader.claims_holding(
        Method.OUTPUT_PHANTOM.value, node_ids=asked, kind=AttributeKind.WRITES, as_of=as_of
    ):
        wrote[run_id].append(decode(LinkClaim, claim).identity)
    read = _having_read(reader, graph, states, list(wrote), as_of) if wrote else set()
    jobs: dict[str, set[str]] = defaultdict(set)
    told = _told_writes(reader, graph, as_of) if read else {}
    runs = _runs(reader, read, as_of) if read else {}
    for run_id, told_last in runs.items():
        run = as_it_stood(told_last, as_of.valid)
        for identity in wrote[run_id] if run.state == "COMPLETE" else ():
            if not any(_overlap(run, other) for other in told.get(identity, ())):
                jobs[identity].add(run.job)
    yield from _written(reader, naming, jobs)
    if len(newest) > len(asked):
        yield (
            f"of {len(newest)} runs that read these tables, only the newest {len(asked)} were asked"
            " what else they wrote"
        )


def _having_read(
    reader: Reader,
    graph: LineageGraph,
    states: Mapping[int, set[str]],
    run_ids: Sequence[int],
    as_of: AsOf,
) -> set[int]:
    """Give those runs that read a state of the graph, or one that holds rows of its commits."""
    identities = {node.name: key for key, node in reader.named(node_ids=sorted(states)).items()}
    rows = reader.attributes_of(node_ids=run_ids, kind=AttributeKind.READS, as_of=as_of)
    links = [(one.node_id, decode(LinkClaim, one.claim)) for one in rows]
    said = [
        (run_id, (identities[link.identity], version))
        for run_id, link in links
        if link.identity in identities
        for version in link.versions
    ]
    known = reader.numbers(kind=NodeKind.VERSION, keys=(key for _, key in said))
    readers: dict[int, set[int]] = defaultdict(set)
    for run_id, key in said:
        if key in known:
            readers[known[key]].add(run_id)
    living = reader.contributions_to(node_ids=sorted(readers), system=as_of.system)
    holding = {row.state_id for row in living if row.commit_id in graph.depths}
    holding |= readers.keys() & graph.depths.keys()
    return {run_id for state_id in holding for run_id in readers[state_id]}


def _told_writes(reader: Reader, graph: LineageGraph, as_of: AsOf) -> dict[str, list[RunClaim]]:
    """Give the runs along a graph by the identity of what they wrote.

    Spark tells one statement by several runs, of which one is known to have made its commit.
    """
    wrote = {(step.target_id, decode(EdgeClaim, step.claim).run) for step in graph.steps}
    targets = reader.named(node_ids=sorted({one for one, _ in wrote}))
    parents = reader.named(node_ids=sorted({one.parent_id for one in targets.values()}))
    nodes = reader.nodes_named(kind=NodeKind.RUN, parent_id=0, names={run for _, run in wrote})
    runs = {one.node_id: one.name for one in nodes}
    known = {runs[run_id]: one for run_id, one in _runs(reader, runs, as_of).items()}
    found: dict[str, list[RunClaim]] = defaultdict(list)
    for target_id, run in wrote:
        parent = parents.get(targets[target_id].parent_id)
        if parent is not None and run in known:
            found[parent.name].append(known[run])
    return found


def _runs(reader: Reader, run_ids: Iterable[int], as_of: AsOf) -> dict[int, RunClaim]:
    claims = reader.claims_of(node_ids=sorted(run_ids), kind=AttributeKind.RUN, as_of=as_of)
    return {run_id: decode(RunClaim, claim) for run_id, claim in claims.items()}


def _overlap(one: RunClaim, other: RunClaim) -> bool:
    """Tell whether two runs went on at one time, as near as clocks agree."""
    if one.ended is None or other.ended is None:
        return False
    first, last = sorted((one, other), key=lambda run: run.started or run.ended or BEGINNING)
    began, over = last.started or last.ended, first.ended
    skew = SKEW_MS_MAX * 1000
    return began is not None and over is not None and began <= over.plus(micros=skew)
