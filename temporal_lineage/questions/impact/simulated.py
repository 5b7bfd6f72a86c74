"""Impact, simulated: what would break, change or go stale if something were changed now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from snapshots.errors import BadTargetError
from temporal_lineage.addresses import DatasetAddress, JobAddress, ModelAddress
from temporal_lineage.naming import Naming, find_addressed
from temporal_lineage.questions.impact.column_reach import (
    column_reach,
    flow_graph,
    jobs_into,
    shortest_path,
)
from temporal_lineage.questions.impact.impacted import Consequence, Hit, Impacted, owned
from temporal_lineage.questions.impact.states import impact_of_expiry, impact_of_rollback
from temporal_lineage.questions.impact.stopped_job import datasets_written_by
from temporal_lineage.questions.schemas.columns import find_field
from temporal_lineage.questions.walks.doubts import walk_doubts

if TYPE_CHECKING:
    from temporal_lineage.addresses import Address
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


class Change(StrEnum):
    """What is thought of changing."""

    DROP_COLUMN = "drop-column"
    RENAME = "rename"
    RETYPE = "retype"
    STOP_JOB = "stop-job"
    ROLLBACK = "rollback"
    DELETE = "delete"
    EXPIRE = "expire"


_ASKS_FOR = {
    Change.DROP_COLUMN: "a column, as in lake.sales.orders#amount",
    Change.RENAME: "a column, as in lake.sales.orders#amount",
    Change.RETYPE: "a column, as in lake.sales.orders#amount",
    Change.STOP_JOB: "a job, as in job:shop/orders",
    Change.ROLLBACK: "the state to go back to, as in lake.sales.orders@8823423",
    Change.DELETE: "a table or a model, as in lake.sales.orders",
    Change.EXPIRE: "the state that would be expired, as in lake.sales.orders@8823423",
}


@dataclass(frozen=True, slots=True)
class ImpactAnswer:
    """What a change would reach, nearest first; nothing was changed."""

    ROWS: ClassVar[str | None] = "impacted"

    question: Question
    change: Change
    target: str
    impacted: tuple[Impacted, ...]
    doubts: tuple[str, ...]


def impact(
    reader: Reader, address: Address, question: Question, *, change: Change, depth_max: int
) -> ImpactAnswer:
    """Answer `tl impact`. Raises BadTargetError where the target does not fit the change."""
    match change, address:
        case Change.STOP_JOB, JobAddress():
            found = _stopped(reader, address, question, depth_max)
        case ((Change.DROP_COLUMN | Change.RENAME | Change.RETYPE), DatasetAddress(column=str())):
            found = _column(reader, address, question, change, depth_max)
        case Change.DELETE, DatasetAddress(at=None, column=None):
            found = _deleted(reader, address, question, depth_max)
        case Change.DELETE, ModelAddress(version=None):
            model = DatasetAddress(str(address), None, None)
            found = _deleted(reader, model, question, depth_max)
        case Change.ROLLBACK, DatasetAddress(column=None) if address.at is not None:
            found = impact_of_rollback(reader, address, question.as_of, depth_max=depth_max)
        case Change.EXPIRE, DatasetAddress(column=None) if address.at is not None:
            found = impact_of_expiry(reader, address, question.as_of)
        case _:
            raise BadTargetError(str(address), f"--change {change} asks for {_ASKS_FOR[change]}")
    hits, doubts = found
    impacted = owned(reader, hits, question.as_of)
    ordered = sorted(impacted, key=lambda one: (one.distance, one.address))
    target = str(_as_in_paths(reader, address, question))
    return ImpactAnswer(question, change, target, tuple(ordered), tuple(doubts))


def _as_in_paths(reader: Reader, address: Address, question: Question) -> Address:
    """Call a table that was asked for by its place, or another name, as all paths from it do."""
    if not isinstance(address, DatasetAddress):
        return address
    dataset_id = find_addressed(reader, address, as_of=question.as_of)
    name = Naming(reader, as_of=question.as_of).dataset(dataset_id)
    return DatasetAddress(name, address.at, address.column)


Found = tuple[list[Hit], list[str]]


def _column(
    reader: Reader, address: DatasetAddress, question: Question, change: Change, depth_max: int
) -> Found:
    as_of = question.as_of
    dataset_id = find_addressed(reader, address, as_of=as_of)
    field_id = find_field(reader, dataset_id, address, as_of)
    reach = column_reach(reader, dataset_id, field_id, as_of, depth_max=depth_max)
    impacted = []
    for node_id, depth, jobs in reach.nodes():
        if node_id in reach.untold:
            effect, why = _of_untold(at_once=reach.is_untold_at_once(node_id))
        else:
            effect, why = _of_column(change, depth)
        path = reach.path(node_id)
        impacted.append(Hit(node_id, reach.names[node_id], depth, path, jobs, effect, why))
    return impacted, list(reach.cuts)


def _of_untold(*, at_once: bool) -> tuple[Consequence, str]:
    if at_once:
        return Consequence.MAY_BREAK, "its job told no columns"
    return Consequence.MAY_CHANGE, "made from what may break or change"


def _of_column(change: Change, depth: int) -> tuple[Consequence, str]:
    if change is Change.RETYPE:
        return Consequence.CHANGES, "made of the column, whose values get another type"
    if depth > 1:
        return Consequence.STALE, "made from what breaks"
    return Consequence.BREAKS, "its job asks for the column by its name"


def _stopped(reader: Reader, address: JobAddress, question: Question, depth_max: int) -> Found:
    as_of = question.as_of
    naming = Naming(reader, as_of=as_of)
    written = datasets_written_by(reader, address.name, as_of)
    impacted: dict[int, Hit] = {}
    doubts: list[str] = []
    for dataset_id, others in written.items():
        name = naming.dataset(dataset_id)
        if others:
            why = f"written by {', '.join(others)} too"
            impacted[dataset_id] = Hit(dataset_id, name, 0, (name,), (), Consequence.CHANGES, why)
        else:
            why = "nothing else writes it"
            impacted[dataset_id] = Hit(dataset_id, name, 0, (name,), (), Consequence.STALE, why)
    for dataset_id in written:
        graph = flow_graph(reader, dataset_id, as_of, depth_max=depth_max)
        names = naming.datasets(graph.depths)
        jobs = jobs_into(graph)
        doubts += walk_doubts(graph, names)
        source = impacted[dataset_id].effect
        for node_id, depth in graph.depths.items():
            path = tuple(names[one] for one in shortest_path(graph, node_id))
            why = f"made from {names[dataset_id]}"
            one = Hit(node_id, names[node_id], depth, path, jobs.get(node_id, ()), source, why)
            if node_id not in impacted or impacted[node_id].distance > depth > 0:
                impacted[node_id] = one
    return list(impacted.values()), list(dict.fromkeys(doubts))


def _deleted(reader: Reader, address: DatasetAddress, question: Question, depth_max: int) -> Found:
    as_of = question.as_of
    dataset_id = find_addressed(reader, address, as_of=as_of)
    graph = flow_graph(reader, dataset_id, as_of, depth_max=depth_max)
    naming = Naming(reader, as_of=as_of)
    names = naming.datasets(graph.depths)
    jobs = jobs_into(graph)
    impacted = []
    for node_id, depth in graph.depths.items():
        if node_id == graph.root_id:
            continue
        effect = Consequence.BREAKS if depth == 1 else Consequence.STALE
        why = "its job reads the table" if depth == 1 else "made from what breaks"
        path = tuple(names[one] for one in shortest_path(graph, node_id))
        impacted.append(
            Hit(node_id, names[node_id], depth, path, jobs.get(node_id, ()), effect, why)
        )
    gone = "what was made of its states can no longer be reproduced: `tl impact ... --change"
    doubts = walk_doubts(graph, names)
    return impacted, [*doubts, f"{gone} expire` tells it of one state"]
