"""The answer of `tl upstream` and `tl downstream`: a graph around a root, and its doubts.

Its parts are named tuples: a graph has hundreds of thousands, and they are made three times as fast
as dataclasses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.records import NamedTuple, dataclass

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from temporal_lineage.lineage.graph import Direction
    from temporal_lineage.questions.question import Question


class LineageNode(NamedTuple):
    """A dataset version, dataset or column that was reached; `depth` counts edges from the root.

    `version` and `column` are None where the node is not one. `job` and `run` made this version;
    None where nobody claims it.
    """

    address: str
    dataset: str
    version: str | None
    column: str | None
    depth: int
    job: str | None
    run: str | None


class LineageEdge(NamedTuple):
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


class LineageContribution(NamedTuple):
    """Rows of a commit are live in a state; `commit` is None for rows older than the history."""

    commit: str | None
    state: str
    certainty: str


class LineageRun(NamedTuple):
    """A run of one of the edges, as told by its events; None where none told it.

    `code` is where its code lies, and in which version. `parameters` is None where the answer was
    not asked for them, and empty where none were told; secrets are masked. `actor` is who ran it,
    null too where that was not asked for; `actor_told_by` as in RunLine.
    """

    run: str
    job: str
    state: str
    started: Instant | None
    ended: Instant | None
    engine: str | None
    code: str | None
    producer: str | None
    parameters: dict[str, str] | None
    actor: str | None
    actor_told_by: str | None


class LineageDataset(NamedTuple):
    """A dataset of the graph, and the name that OpenLineage has for its place."""

    dataset: str
    identity: str
    namespace: str
    name: str


class LineageCut(NamedTuple):
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
    runs: tuple[LineageRun, ...]
    datasets: tuple[LineageDataset, ...]
    cuts: tuple[LineageCut, ...]
    doubts: tuple[str, ...]
