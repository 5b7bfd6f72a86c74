"""What went into a state, and what was made of it: `tl upstream` and `tl downstream`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.dataset import DatasetVersion
from snapshots.errors import UnknownNameError
from snapshots.records import replace
from temporal_lineage.addresses import DatasetAddress, ModelAddress, dataset_name
from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.lineage.graph import Direction, LineageGraph
from temporal_lineage.lineage.trace import trace
from temporal_lineage.link_claims import EdgeClaim, WriterClaim
from temporal_lineage.naming import Naming, find_addressed, find_dataset, written
from temporal_lineage.questions.states.meant import version_of
from temporal_lineage.questions.states.versions import told_versions
from temporal_lineage.questions.walks.answer import (
    LineageAnswer,
    LineageContribution,
    LineageCut,
    LineageEdge,
)
from temporal_lineage.questions.walks.doubts import count, lineage_doubts
from temporal_lineage.questions.walks.neighbours import NODES_MAX, LedgerNeighbours, ledger_graph
from temporal_lineage.questions.walks.nodes import dataset_lines, lineage_node
from temporal_lineage.questions.walks.run_lines import run_lines
from temporal_lineage.questions.walks.unseen import unseen_states

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


def lineage(
    reader: Reader,
    address: DatasetAddress | ModelAddress,
    question: Question,
    *,
    direction: Direction,
    depth_max: int,
) -> LineageAnswer:
    """Answer `tl upstream` and `tl downstream` for a state, a dataset, a model or a column."""
    if isinstance(address, DatasetAddress) and address.column is not None:
        return _column_lineage(reader, address, question, direction=direction, depth_max=depth_max)
    as_of = question.as_of
    neighbours = LedgerNeighbours(reader, kinds=(EdgeKind.EDGE,), as_of=as_of)
    root_id = find_version(reader, address, as_of)
    graph = neighbours.graph(root_id, direction=direction, depth_max=depth_max)
    naming = Naming(reader, as_of=as_of)
    answer = state_lineage(reader, graph, question, naming, neighbours, {})
    versions = told_versions(reader, graph.root_id, as_of)
    if not versions:
        return answer
    one = written(DatasetVersion(answer.root, versions[-1]))
    known = count(len(versions), "version")
    untold = f"{known} of it have their own lineage; this is of none of them: ask for {one}"
    return replace(answer, doubts=(*answer.doubts, untold))


def _column_lineage(
    reader: Reader,
    address: DatasetAddress,
    question: Question,
    *,
    direction: Direction,
    depth_max: int,
) -> LineageAnswer:
    from temporal_lineage.questions.schemas.columns import column_names, find_column
    from temporal_lineage.questions.walks.column_neighbours import ColumnNeighbours
    from temporal_lineage.questions.walks.untold_columns import columns_untold

    as_of = question.as_of
    root = find_column(reader, address, as_of)
    graph = trace(
        root.node_id,
        direction=direction,
        neighbours=ColumnNeighbours(
            reader, unnamed_id=None if root.is_named else root.node_id, as_of=as_of
        ),
        depth_max=depth_max,
        nodes_max=NODES_MAX,
    )
    naming = Naming(reader, as_of=as_of)
    names = column_names(reader, naming, graph.depths, as_of)
    if not root.is_named:
        dataset, _, _ = names[root.node_id].rpartition("#")
        names[root.node_id] = f"{dataset}#{address.column}"
    answer = lineage_of(reader, graph, question, naming, names, writers={})
    return replace(answer, doubts=(*answer.doubts, *columns_untold(reader, naming, graph, as_of)))


def flows(
    reader: Reader,
    address: DatasetAddress | ModelAddress,
    question: Question,
    *,
    direction: Direction,
    depth_max: int,
) -> LineageAnswer:
    """Answer the same with `--flow`: which datasets fed which, by jobs, at that time."""
    as_of = question.as_of
    graph = ledger_graph(
        reader,
        find_dataset(reader, dataset_name(address), as_of=as_of),
        kind=EdgeKind.FLOW,
        direction=direction,
        as_of=as_of,
        depth_max=depth_max,
    )
    naming = Naming(reader, as_of=as_of)
    names = naming.datasets(graph.depths)
    return lineage_of(reader, graph, question, naming, names, writers={})


def find_version(reader: Reader, address: DatasetAddress | ModelAddress, as_of: AsOf) -> int:
    """Find the node of the state an address means; the dataset's own where it has no versions."""
    if isinstance(address, ModelAddress):
        address = model_as_dataset(reader, address, as_of)
    dataset_id = find_addressed(reader, address, as_of=as_of)
    is_table = bool(
        reader.timeline(node_id=dataset_id, kind=AttributeKind.TABLE, name="", system=as_of.system)
    )
    if not is_table and address.at is None:
        return dataset_id
    version = version_of(reader, dataset_id, address, as_of)
    found = reader.node(kind=NodeKind.VERSION, parent_id=dataset_id, name=version)
    if found is None:
        raise UnknownNameError(
            "version", str(address), (), "the ledger has no such version; `tl harvest` may bring it"
        )
    return found


def model_as_dataset(reader: Reader, address: ModelAddress, as_of: AsOf) -> DatasetAddress:
    """Give the dataset version a model address means; a version must be named."""
    from temporal_lineage.addresses import AtRef

    name = f"model:{address.name}"
    dataset_id = find_dataset(reader, name, as_of=as_of)
    if address.version is None:
        versions = [f"{name}@{one}" for one in told_versions(reader, dataset_id, as_of)]
        raise UnknownNameError("single version of", name, versions[-3:], "name one with @")
    return DatasetAddress(name, AtRef(address.version), None)


def state_lineage(
    reader: Reader,
    graph: LineageGraph,
    question: Question,
    naming: Naming,
    neighbours: LedgerNeighbours,
    beside: Mapping[int, str],
) -> LineageAnswer:
    """Put a graph of states into words, and say which runs a walk down could not follow.

    What its neighbours read by the way is not read again. `beside` are names of nodes that are no
    states.
    """
    naming.keep_nodes(neighbours.nodes)
    names = {**naming.addresses(graph.depths), **beside}
    answer = lineage_of(reader, graph, question, naming, names, writers=neighbours.writers)
    if graph.direction is Direction.UPSTREAM:
        return answer
    from temporal_lineage.questions.walks.untold import untold_beyond

    found = untold_beyond(reader, graph, naming, question.as_of)
    return replace(answer, doubts=(*answer.doubts, *found))


def lineage_of(
    reader: Reader,
    graph: LineageGraph,
    question: Question,
    naming: Naming,
    names: Mapping[int, str],
    *,
    writers: Mapping[int, str | None],
) -> LineageAnswer:
    """Put a graph into words: what it leads to, by whom, how surely, and what it leaves open.

    `writers` are claims that were read already, None for a commit of no run.
    """
    as_of = question.as_of
    wrote = _wrote(reader, graph, writers, as_of)
    # A run that read three states told three edges with one claim.
    told = {claim: _told(claim) for claim in {step.claim for step in graph.steps}}
    edges = tuple(
        LineageEdge(f"edge:{edge_id}", names[source_id], names[target_id], *told[claim])
        for edge_id, source_id, target_id, claim in graph.steps
    )
    found = naming.nodes(graph.depths)
    return LineageAnswer(
        question=question,
        direction=graph.direction,
        root=names[graph.root_id],
        edges=edges,
        nodes=tuple(
            lineage_node(found[node_id], depth, naming, names[node_id], wrote.get(node_id))
            for node_id, depth in sorted(graph.depths.items(), key=lambda item: item[1])
        ),
        contributions=tuple(
            LineageContribution(
                names[commit_id] if commit_id is not None else None, names[state_id], certainty
            )
            for commit_id, state_id, certainty in graph.contained
        ),
        runs=run_lines(reader, [edge.run for edge in edges if edge.run], as_of),
        datasets=dataset_lines(reader, found.values(), naming, as_of),
        cuts=tuple(LineageCut(names[one.node_id], one.why) for one in graph.cuts),
        doubts=(
            *lineage_doubts(graph, names, wrote, edges),
            *unseen_states(reader, graph, found, names, as_of),
        ),
    )


def _wrote(
    reader: Reader, graph: LineageGraph, read: Mapping[int, str | None], as_of: AsOf
) -> dict[int, WriterClaim]:
    """Give the writers of a graph's nodes, of those that have one."""
    rest = sorted(graph.depths.keys() - read.keys())
    claims = dict(read)
    if rest:
        claims |= reader.claims_of(node_ids=rest, kind=AttributeKind.WRITER, as_of=as_of)
    return {
        node_id: decode(WriterClaim, claim)
        for node_id, claim in claims.items()
        if claim is not None
    }


def _told(claim: str) -> tuple[str | None, str, str, tuple[str, ...]]:
    """Give what an edge's claim tells: grade, job, run, and how."""
    if '"reads"' in claim:
        edge = decode(EdgeClaim, claim)
        return edge.grade.value, edge.job, edge.run, ()
    flow = decode(FlowClaim, claim)
    return None, ", ".join(flow.jobs), "", flow.how
