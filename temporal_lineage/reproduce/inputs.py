"""Inputs: which states a target was made from, as the ledger believes at one point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError, BeforeHistoryError, UnknownNameError
from snapshots.refs import MAIN
from temporal_lineage.addresses import (
    AtInstant,
    AtVersion,
    DatasetAddress,
    ModelAddress,
    RunAddress,
)
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.evidence import Grade
from temporal_lineage.harvesting.table_claims import table_claim
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.link_claims import EdgeClaim, LinkClaim, WriterClaim
from temporal_lineage.linking.taken import portions_taken
from temporal_lineage.naming import Naming, find_addressed
from temporal_lineage.questions.runs.unknown import unknown_run
from temporal_lineage.questions.states.meant import entry_at, version_of
from temporal_lineage.questions.walks.provenance import find_version, model_as_dataset
from temporal_lineage.reproduce.answer import Known, MadeBy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from temporal_lineage.addresses import Address
    from temporal_lineage.evidence import Evidence
    from temporal_lineage.facts import AsOf
    from temporal_lineage.linking.taken import TakenPortion
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class InputState:
    """One state that was read; `dataset` is how people call the dataset.

    `portions` are what was taken of it; empty where all of it counts.
    """

    dataset_id: int
    dataset: str
    identity: str
    version: str
    known: Known
    portions: tuple[TakenPortion, ...]


@dataclass(frozen=True, slots=True)
class UnknownState:
    """A dataset that was read in a state that nobody can tell; `candidates` may be empty."""

    dataset: str
    identity: str
    candidates: tuple[str, ...]
    known: Known
    reason: str


Input = InputState | UnknownState


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that went into a target; `made_by` as in ReproduceAnswer."""

    target: str
    made_by: MadeBy | None
    inputs: tuple[Input, ...]
    doubts: tuple[str, ...]


def find_inputs(reader: Reader, address: Address, as_of: AsOf) -> Inputs:
    """Give what a model version, a run, or a table state was made from.

    Raises UnknownNameError, and BadTargetError for an address of anything else.
    """
    match address:
        case RunAddress():
            return _of_run(reader, address, as_of)
        case ModelAddress():
            return _of_version(reader, model_as_dataset(reader, address, as_of), as_of)
        case DatasetAddress(column=None):
            dataset_id = find_addressed(reader, address, as_of=as_of)
            if table_claim(reader, dataset_id, system=as_of.system) is None:
                return _of_version(reader, address, as_of)
            return _of_table(reader, dataset_id, address, as_of)
        case DatasetAddress():
            raise BadTargetError(str(address), "a state is rebuilt whole, leave #column out")
        case _:
            raise BadTargetError(
                str(address), "a model version, a run or the state of a table is asked for"
            )


def _of_table(reader: Reader, dataset_id: int, address: DatasetAddress, as_of: AsOf) -> Inputs:
    """A table state is its own input: its rows are what is asked for."""
    version = version_of(reader, dataset_id, address, as_of)
    if isinstance(address.at, AtVersion):
        known = Known(Grade.EXACT.value, "named", f"@{version} is what was asked for")
    else:
        ref = MAIN if address.at is None else address.at.ref
        valid = address.at.instant if isinstance(address.at, AtInstant) else as_of.valid
        entry = entry_at(
            reader, dataset_id, address.name, ref=ref, valid=valid, system=as_of.system
        )
        known = Known(entry.certainty.value, entry.rule.value, entry.witness)
    state = _state(reader, Naming(reader, as_of=as_of), dataset_id, version, known)
    return Inputs(f"{state.dataset}@{version}", None, (state,), ())


def _of_run(reader: Reader, address: RunAddress, as_of: AsOf) -> Inputs:
    run_id = reader.node(kind=NodeKind.RUN, parent_id=0, name=address.run_id)
    if run_id is None:
        raise unknown_run(reader, address, system=as_of.system)
    claims = reader.attributes(node_id=run_id, kind=AttributeKind.RUN, as_of=as_of)
    if not claims:
        # Of a run that only commits name nothing is known at any time, which is no mistake.
        line = reader.timeline(node_id=run_id, kind=AttributeKind.RUN, name="", system=as_of.system)
        if line:
            asked, begun = as_of.valid.isoformat(), line[0].valid.start.isoformat()
            raise BeforeHistoryError(str(address), asked, begun)
    job = decode(RunClaim, claims[0].claim).job if claims else ""
    named = Known(Grade.EXACT.value, "named", f"{address} is what was asked for")
    inputs = [
        _taken(reader, run_id, one, as_of) if isinstance(one, InputState) else one
        for link in _reads(reader, run_id, as_of)
        for one in _linked(reader, link, as_of)
    ]
    doubts = () if inputs else ("no event says what this run read",)
    return Inputs(str(address), MadeBy(address.run_id, job, named), _once(inputs), doubts)


def _of_version(reader: Reader, address: DatasetAddress, as_of: AsOf) -> Inputs:
    """Follow the edges into a version: they come from all candidates, and from unknown states."""
    node_id = find_version(reader, address, as_of)
    naming = Naming(reader, as_of=as_of)
    target = naming.addresses([node_id])[node_id]
    rows = reader.edges_into(node_ids=[node_id], kinds=(EdgeKind.EDGE,), as_of=as_of)
    edges = [(row.src_id, decode(EdgeClaim, row.claim)) for row in rows]
    sources = reader.named(node_ids=sorted({source for source, _ in edges}))
    inputs: list[Input] = []
    for source, claim in edges:
        node = sources[source]
        known = _known(claim.reads)
        if node.kind != NodeKind.VERSION:
            inputs.append(_untold(reader, naming, node.node_id, (), claim.reads))
        elif claim.reads.grade.claims:
            state = _state(reader, naming, node.parent_id, node.name, known)
            run_id = reader.node(kind=NodeKind.RUN, parent_id=0, name=claim.run)
            inputs.append(_taken(reader, run_id, state, as_of))
        else:
            inputs.append(_untold(reader, naming, node.parent_id, (node.name,), claim.reads))
    made_by, doubts = _made_by(reader, node_id, target, [claim for _, claim in edges], as_of)
    for run in sorted({claim.run for _, claim in edges}):
        doubts += _left_out(reader, run, inputs, as_of)
    if not inputs:
        doubts.append(f"nothing tells what {target} was made from")
    return Inputs(target, made_by, _once(inputs), tuple(doubts))


def _left_out(reader: Reader, run: str, inputs: Sequence[Input], as_of: AsOf) -> list[str]:
    """Name what a run read that no edge leads from: explicit lineage says it fed something else."""
    run_id = reader.node(kind=NodeKind.RUN, parent_id=0, name=run) if run else None
    if run_id is None:
        return []
    told = {one.identity for one in inputs}
    return [
        f"the run also read {one.dataset}, which its explicit lineage does not lead from: left out"
        for link in _reads(reader, run_id, as_of)
        for one in _linked(reader, link, as_of)
        if one.identity not in told
    ]


def _made_by(
    reader: Reader, node_id: int, target: str, edges: Sequence[EdgeClaim], as_of: AsOf
) -> tuple[MadeBy | None, list[str]]:
    believed = reader.attribute(node_id=node_id, kind=AttributeKind.WRITER, name="", as_of=as_of)
    runs = sorted({claim.run for claim in edges})
    doubts = []
    if len(runs) > 1:
        doubts.append(f"{len(runs)} runs are said to have made {target}: {', '.join(runs)}")
    if believed is not None:
        writer = decode(WriterClaim, believed.claim)
        made_by = MadeBy(writer.run, writer.job, _known(writer.evidence))
        sure = writer.evidence.grade.claims
    elif edges:
        made_by = MadeBy(edges[0].run, edges[0].job, _known(edges[0].writes))
        sure = edges[0].writes.grade.claims
    else:
        return None, [f"no run claims {target}"]
    if not sure:
        grade = made_by.known.grade
        doubts.append(f"that run {made_by.run} made {target} is known as {grade} only")
    return made_by, doubts


def _reads(reader: Reader, run_id: int, as_of: AsOf) -> list[LinkClaim]:
    rows = reader.attributes(node_id=run_id, kind=AttributeKind.READS, as_of=as_of)
    return [decode(LinkClaim, row.claim) for row in rows]


def _linked(reader: Reader, link: LinkClaim, as_of: AsOf) -> list[Input]:
    naming = Naming(reader, as_of=as_of)
    dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=link.identity)
    if dataset_id is None:
        # A link names its dataset by the node's own name, so this is a ledger cut in two.
        raise UnknownNameError("dataset", link.identity, (), "`tl doctor` checks the ledger")
    if not link.versions or not link.evidence.grade.claims:
        return [_untold(reader, naming, dataset_id, link.versions, link.evidence)]
    return [
        _state(reader, naming, dataset_id, version, _known(link.evidence))
        for version in link.versions
    ]


def _state(
    reader: Reader, naming: Naming, dataset_id: int, version: str, known: Known
) -> InputState:
    identity = reader.named(node_ids=[dataset_id])[dataset_id].name
    return InputState(dataset_id, naming.dataset(dataset_id), identity, version, known, ())


def _taken(reader: Reader, run_id: int | None, state: InputState, as_of: AsOf) -> InputState:
    """Say what the run took of a state, where it recorded that."""
    if run_id is None:
        return state
    portions = portions_taken(reader, run_id, state.identity, state.version, as_of)
    return replace(state, portions=portions)


def _untold(
    reader: Reader, naming: Naming, dataset_id: int, candidates: tuple[str, ...], evidence: Evidence
) -> UnknownState:
    reason = {
        Grade.CANDIDATES: "several states fit, and nothing tells which one was read",
        Grade.STALE: "the version that events name is known to be wrong, and no other fits",
    }.get(evidence.grade, "nobody knows which state of it was read")
    identity = reader.named(node_ids=[dataset_id])[dataset_id].name
    return UnknownState(naming.dataset(dataset_id), identity, candidates, _known(evidence), reason)


def _known(evidence: Evidence) -> Known:
    return Known(evidence.grade.value, evidence.method.value, evidence.witness)


def _once(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """Give each state once, by its surest evidence, and each unknown one with all candidates."""
    surest = [grade.value for grade in Grade]
    states: dict[tuple[str, str], InputState] = {}
    unknown: dict[str, UnknownState] = {}
    for one in inputs:
        if isinstance(one, InputState):
            key = (one.identity, one.version)
            same = states.setdefault(key, one)
            best = min(same, one, key=lambda state: surest.index(state.known.grade))
            # Several runs may have read it: all that any of them took is needed.
            whole = not (same.portions and one.portions)
            portions = () if whole else tuple(dict.fromkeys((*same.portions, *one.portions)))
            states[key] = replace(best, portions=portions)
            continue
        before = unknown.get(one.identity)
        candidates = (*(before.candidates if before else ()), *one.candidates)
        unknown[one.identity] = UnknownState(
            one.dataset, one.identity, tuple(dict.fromkeys(candidates)), one.known, one.reason
        )
    ordered = sorted(states.values(), key=lambda one: (one.dataset, one.version))
    return (*ordered, *sorted(unknown.values(), key=lambda one: one.dataset))
