"""Going back to a state, or expiring one: what holds its rows, and what was made of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from snapshots.errors import UnknownNameError
from snapshots.refs import MAIN
from snapshots.snapshot_log import Current
from temporal_lineage.addresses import DatasetAddress
from temporal_lineage.claims import decode
from temporal_lineage.harvesting.ref_logs import refs_at
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.link_claims import EdgeClaim
from temporal_lineage.naming import Naming
from temporal_lineage.questions.impact.impacted import Consequence, Hit
from temporal_lineage.questions.schemas.history import changes_between, schema_of
from temporal_lineage.questions.walks.doubts import count, grade_doubts, walk_doubts
from temporal_lineage.questions.walks.neighbours import ledger_graph
from temporal_lineage.questions.walks.provenance import find_version
from temporal_lineage.questions.walks.untold import untold_beyond

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from temporal_lineage.facts import AsOf
    from temporal_lineage.lineage.graph import LineageGraph, Step
    from temporal_lineage.store.reader import Reader

COMMITS_MAX = 1_000
"""How many commits that a rollback takes back are followed."""

Found = tuple[list[Hit], list[str]]


def impact_of_rollback(
    reader: Reader, address: DatasetAddress, as_of: AsOf, *, depth_max: int
) -> Found:
    """Tell what holds rows of the commits that main would lose by going back to a state."""
    state_id = find_version(reader, address, as_of)
    dataset_id = reader.named(node_ids=[state_id])[state_id].parent_id
    head_id = _head(reader, dataset_id, address, as_of)
    live = _commits(reader, head_id, as_of)
    kept = _commits(reader, state_id, as_of)
    undone = sorted(live - kept)
    doubts = _doubts(reader, dataset_id, address, as_of, back=len(kept - live))
    if len(undone) > COMMITS_MAX:
        doubts.append(f"of {len(undone)} commits taken back only {COMMITS_MAX} were followed")
    said = f"main would lose the rows of {count(len(undone), 'commit')}"
    if not undone:
        return [], [said, *doubts]
    first, *others = undone[:COMMITS_MAX]
    graph = ledger_graph(
        reader,
        first,
        beside=others,
        kind=EdgeKind.EDGE,
        direction=Direction.DOWNSTREAM,
        as_of=as_of,
        depth_max=depth_max,
    )
    naming = Naming(reader, as_of=as_of)
    names = naming.addresses(graph.depths)
    doubts += [
        *walk_doubts(graph, names),
        *grade_doubts(decode(EdgeClaim, step.claim).grade for step in graph.steps),
        *untold_beyond(reader, graph, naming, as_of),
    ]
    near = _steps_away(graph, undone)
    reached: dict[int, Hit] = {}
    for step in graph.steps:
        if step.target_id not in reached:
            # A commit that is taken back may itself be made of another one.
            depth = max(near[step.target_id], 1)
            name = names[step.target_id]
            reached[step.target_id] = _holds(step, names[step.source_id], name, depth)
    return list(reached.values()), [said, *doubts]


def _steps_away(graph: LineageGraph, commit_ids: Iterable[int]) -> Mapping[int, int]:
    """Give how many edges lie between some commits and each that was made of them.

    What a walk calls the depth of a state is less where the state also holds nearer rows.
    """
    inside: dict[int, list[int]] = defaultdict(list)
    for one in graph.contained:
        if one.commit_id is not None:
            inside[one.state_id].append(one.commit_id)
    near = dict.fromkeys(commit_ids, 0)
    for step in graph.steps:  # the nearest stand first
        held = (step.source_id, *inside[step.source_id])
        near.setdefault(step.target_id, 1 + min(near[one] for one in held if one in near))
    return near


def impact_of_expiry(reader: Reader, address: DatasetAddress, as_of: AsOf) -> Found:
    """Tell what was made by reading exactly this state."""
    state_id = find_version(reader, address, as_of)
    steps = reader.steps_out_of(node_ids=[state_id], kinds=(EdgeKind.EDGE,), as_of=as_of)
    names = Naming(reader, as_of=as_of).addresses([state_id, *(step[2] for step in steps)])
    impacted = [
        Hit(
            target_id,
            names[target_id],
            1,
            (names[state_id], names[target_id]),
            tuple(job for job in (decode(EdgeClaim, claim).job,) if job),
            Consequence.UNREADABLE,
            "was made by reading this state; a tag on it keeps it",
        )
        for _, _, target_id, claim in steps
    ]
    grades = [decode(EdgeClaim, claim).grade for _, _, _, claim in steps]
    saved = "a state whose files all live on in other states can still be recovered"
    return impacted, [*grade_doubts(grades), saved]


def _head(reader: Reader, dataset_id: int, address: DatasetAddress, as_of: AsOf) -> int:
    refs = refs_at(reader, dataset_id, as_of)
    state = refs[MAIN].state if MAIN in refs else None
    head = state.snapshot_id if isinstance(state, Current) else None
    found = (
        reader.node(kind=NodeKind.VERSION, parent_id=dataset_id, name=str(head))
        if head is not None
        else None
    )
    if found is None:
        raise UnknownNameError(
            "head of", address.name, (), "`tl at` tells which state is current, and how surely"
        )
    return found


def _commits(reader: Reader, state_id: int, as_of: AsOf) -> set[int]:
    rows = reader.contributions_to(node_ids=[state_id], system=as_of.system)
    return {row.commit_id for row in rows if row.commit_id}


def _doubts(
    reader: Reader, dataset_id: int, address: DatasetAddress, as_of: AsOf, *, back: int
) -> list[str]:
    doubts = []
    if back:
        doubts.append(f"rows of {count(back, 'commit')} removed since would be back")
    head = DatasetAddress(address.name, None, None)
    try:
        new = schema_of(reader, dataset_id, head, as_of)
        old = schema_of(reader, dataset_id, address, as_of)
    except UnknownNameError as error:
        return [*doubts, f"whether the schema goes back too is not known: {error}"]
    # Iceberg keeps the current schema on a rollback, Delta's RESTORE takes the old one.
    doubts += [
        f"between the two schemas, where the rollback takes the old one: {line.text} [{line.grade}]"
        for line in changes_between(new, old)
    ]
    return doubts


def _holds(step: Step, source: str, name: str, depth: int) -> Hit:
    job = decode(EdgeClaim, step.claim).job
    why = "was made of rows that main would no longer have"
    return Hit(
        step.target_id,
        name,
        depth,
        (source, name),
        (job,) if job else (),
        Consequence.HOLDS_MORE,
        why,
    )
