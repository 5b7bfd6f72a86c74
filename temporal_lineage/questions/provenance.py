"""What went into a state, and what was made of it: `tl upstream` and `tl downstream`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from snapshots.dataset import DatasetVersion
from snapshots.errors import UnknownNameError
from temporal_lineage.addresses import DatasetAddress, ModelAddress
from temporal_lineage.claims import CLAIMED_TOO, EdgeClaim, FlowClaim, WriterClaim, decode
from temporal_lineage.evidence.grades import Grade
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.lineage.graph import Direction, LineageGraph
from temporal_lineage.lineage.trace import trace
from temporal_lineage.naming import Naming, find_addressed, find_dataset, written
from temporal_lineage.questions.column_neighbours import ColumnNeighbours
from temporal_lineage.questions.columns import column_names, find_column
from temporal_lineage.questions.neighbours import LedgerNeighbours
from temporal_lineage.questions.states import version_of
from temporal_lineage.questions.versions import told_versions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

NODES_MAX = 100_000
"""A trace that meets more nodes than this is cut, and says so."""

_CARRIED = {
    "possible": "possible only: carried through commits that rewrote files",
    "assumed": "assumed from ancestry: no file facts are left",
}

_UNSURE = {
    Grade.INFERRED.value: "inferred: what is named is only the one that fits",
    Grade.CANDIDATES.value: "from one of several candidates: nothing tells which",
    Grade.STALE.value: "known to be stale: nothing else fits",
    Grade.NONE.value: "from datasets whose versions nobody recorded",
}
"""What to say of edges that are neither exact nor of a high grade."""


@dataclass(frozen=True, slots=True)
class LineageNode:
    """A dataset version, dataset or column that was reached; `depth` counts edges from the root.

    `job` and `run` made this version; None where nobody claims it.
    """

    address: str
    depth: int
    job: str | None
    run: str | None


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """Data went from source to target in a run; `edge` is its address for `tl why`.

    `grade` is None, and `run` empty, for a flow: jobs told it, and nothing graded it. `how` names
    the transformations of columns, where events told them.
    """

    edge: str
    source: str
    target: str
    grade: str | None
    job: str
    run: str
    how: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineageContribution:
    """Rows of a commit are live in a state; `commit` is None for rows older than the history."""

    commit: str | None
    state: str
    certainty: str


@dataclass(frozen=True, slots=True)
class LineageCut:
    """A place where the trace stopped though there may be more."""

    address: str
    why: str


@dataclass(frozen=True, slots=True)
class LineageAnswer:
    """The graph around a root, in one direction."""

    ROWS: ClassVar[str | None] = "edges"

    question: Question
    direction: Direction
    root: str
    edges: tuple[LineageEdge, ...]
    nodes: tuple[LineageNode, ...]
    contributions: tuple[LineageContribution, ...]
    cuts: tuple[LineageCut, ...]
    doubts: tuple[str, ...]


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
    graph = trace(
        find_version(reader, address, as_of),
        direction=direction,
        neighbours=LedgerNeighbours(reader, kinds=(EdgeKind.EDGE,), as_of=as_of),
        depth_max=depth_max,
        nodes_max=NODES_MAX,
    )
    naming = Naming(reader, as_of=as_of)
    names = naming.addresses(graph.depths)
    answer = _answer(reader, graph, question, names)
    versions = told_versions(reader, graph.root_id, as_of)
    if not versions:
        return answer
    one = written(DatasetVersion(answer.root, versions[-1]))
    known = _count(len(versions), "version")
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
    names = column_names(reader, Naming(reader, as_of=as_of), graph.depths, as_of)
    if not root.is_named:
        dataset, _, _ = names[root.node_id].rpartition("#")
        names[root.node_id] = f"{dataset}#{address.column}"
    return _answer(reader, graph, question, names)


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
    graph = trace(
        find_dataset(reader, _dataset_name(address), as_of=as_of),
        direction=direction,
        neighbours=LedgerNeighbours(reader, kinds=(EdgeKind.FLOW,), as_of=as_of),
        depth_max=depth_max,
        nodes_max=NODES_MAX,
    )
    naming = Naming(reader, as_of=as_of)
    names = {key: naming.dataset(key) for key in graph.depths}
    return _answer(reader, graph, question, names)


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


def _dataset_name(address: DatasetAddress | ModelAddress) -> str:
    return f"model:{address.name}" if isinstance(address, ModelAddress) else address.name


def _answer(
    reader: Reader, graph: LineageGraph, question: Question, names: Mapping[int, str]
) -> LineageAnswer:
    writers = {
        one.node_id: decode(WriterClaim, one.claim)
        for one in reader.attributes_of(
            node_ids=sorted(graph.depths), kind=AttributeKind.WRITER, as_of=question.as_of
        )
    }
    edges = tuple(
        _edge(step.edge_id, step.claim, names[step.source_id], names[step.target_id])
        for step in graph.steps
    )
    return LineageAnswer(
        question=question,
        direction=graph.direction,
        root=names[graph.root_id],
        edges=edges,
        nodes=tuple(
            LineageNode(
                names[node_id],
                depth,
                writers[node_id].job or None if node_id in writers else None,
                writers[node_id].run or None if node_id in writers else None,
            )
            for node_id, depth in sorted(graph.depths.items(), key=lambda item: item[1])
        ),
        contributions=tuple(
            LineageContribution(
                names[one.commit_id] if one.commit_id is not None else None,
                names[one.state_id],
                one.certainty,
            )
            for one in graph.contained
        ),
        cuts=tuple(LineageCut(names[one.node_id], one.why) for one in graph.cuts),
        doubts=_doubts(graph, names, writers, edges),
    )


def _edge(edge_id: int, claim: str, source: str, target: str) -> LineageEdge:
    if '"reads"' in claim:
        edge = decode(EdgeClaim, claim)
        return LineageEdge(
            f"edge:{edge_id}", source, target, edge.grade.value, edge.job, edge.run, ()
        )
    flow = decode(FlowClaim, claim)
    jobs = ", ".join(flow.jobs)
    return LineageEdge(f"edge:{edge_id}", source, target, None, jobs, "", flow.how)


def _doubts(
    graph: LineageGraph,
    names: Mapping[int, str],
    writers: Mapping[int, WriterClaim],
    edges: Sequence[LineageEdge],
) -> tuple[str, ...]:
    cut = Counter((one.why, names[one.node_id].partition("@")[0]) for one in graph.cuts)
    doubts = [
        f"not followed further, {why}: {dataset}" + (f" ({number} states)" if number > 1 else "")
        for (why, dataset), number in sorted(cut.items())
    ]
    commits = {one.commit_id for one in graph.contained if one.commit_id is not None}
    unclaimed = Counter(names[one].partition("@")[0] for one in commits if one not in writers)
    doubts += [
        f"no run claims {_count(number, 'commit')} of {dataset}"
        for dataset, number in sorted(unclaimed.items())
    ]
    doubts += [
        f"more than one run says that it wrote {names[node_id]}: `tl why` names them"
        for node_id, writer in sorted(writers.items())
        if any(one.why.endswith(CLAIMED_TOO) for one in writer.evidence.rejected)
    ]
    unsure = Counter(edge.grade for edge in edges if edge.grade is not None)
    doubts += [
        f"{_count(number, 'edge')} {_UNSURE[grade]}"
        for grade, number in sorted(unsure.items())
        if grade in _UNSURE
    ]
    carried = Counter(one.certainty for one in graph.contained if one.certainty != "exact")
    doubts += [
        f"{_count(number, 'contribution')} {_CARRIED[certainty]}"
        for certainty, number in sorted(carried.items())
    ]
    return tuple(doubts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
