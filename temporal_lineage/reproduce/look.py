"""Looking at an input: open its table, find the state, see whether its files are there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snapshots.availability import (
    AtRisk,
    Gone,
    Live,
    LogTruncated,
    MadeOf,
    Missing,
    Protected,
    Recoverable,
    Unverified,
    availability,
)
from snapshots.errors import TemporalLineageError
from snapshots.retention import refused_by_newer_spark
from snapshots.row_counts import row_bounds
from temporal_lineage.keys import split_name_key
from temporal_lineage.reproduce.answer import LostFile, ReproduceInput, availability_name, judged
from temporal_lineage.reproduce.inputs import Input, InputState, UnknownState
from temporal_lineage.reproduce.kept_files import (
    LostFileInput,
    SeenFile,
    is_content,
    look_at_content,
)
from temporal_lineage.reproduce.loss import Acts, dated
from temporal_lineage.reproduce.reaching import OutOfReach, Reached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs.table import TableState
    from snapshots.act import Act
    from snapshots.files import DataFile
    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from temporal_lineage.claims import TableClaim
    from temporal_lineage.reproduce.tables import Tables


@dataclass(frozen=True, slots=True)
class Seen:
    """An input whose state was found; `metadata` names the file that defines it, None if unknown.

    Found is not readable: `input` has the verdict. `act` is what took files of it, None where
    none is missing or nobody knows.
    """

    input: ReproduceInput
    state: TableState
    metadata: str | None
    act: Act | None
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unseen:
    """An input whose state was not found, or could not be looked for."""

    input: ReproduceInput
    doubts: tuple[str, ...]


Looked = Seen | Unseen | SeenFile | LostFileInput


def look(tables: Tables, one: Input, *, now: Instant) -> Looked:
    """Give the verdict on one input at `now`. What stands in the way of looking is part of it."""
    if isinstance(one, UnknownState):
        return Unseen(_unknown(one), ())
    told = told_of(one, tables.claim(one.dataset_id))
    if is_content(one):
        return look_at_content(one, told)
    reached = tables.reach(one.dataset_id)
    if isinstance(reached, OutOfReach):
        return Unseen(judged(told, Unverified(reached.reason)), ())
    if not one.version.isdecimal():
        reason = f"{one.version} is no snapshot id or version of a table"
        return Unseen(judged(told, Unverified(reason)), ())
    return _looked_for(tables, reached, one, told, now=now)


def look_there(tables: Tables, reached: Reached, one: InputState, *, now: Instant) -> Looked:
    """Give the verdict on a state of a table that was reached by its place."""
    history = reached.history
    told = replace(
        told_of(one, None), format=history.identity.format.value, location=history.location
    )
    return _looked_for(tables, reached, one, told, now=now)


def _looked_for(
    tables: Tables, reached: Reached, one: InputState, told: ReproduceInput, *, now: Instant
) -> Looked:
    doubts = tuple(f"{one.dataset}: {doubt}" for doubt in reached.doubts)
    try:
        return _looked(tables, reached, int(one.version), told, doubts, now=now)
    except TemporalLineageError as error:
        return Unseen(judged(told, Unverified(str(error))), doubts)


def _looked(
    tables: Tables,
    reached: Reached,
    snapshot_id: int,
    told: ReproduceInput,
    doubts: tuple[str, ...],
    *,
    now: Instant,
) -> Looked:
    found = tables.state(reached, snapshot_id)
    history = reached.history
    if isinstance(found, LogTruncated | Gone):
        return Unseen(judged(told, dated(found, history, snapshot_id)), doubts)
    state = found.state
    missing = state.missing()
    # The log is read for an act only where there is a loss to explain.
    act = Acts(tables, reached, missing).behind(snapshot_id, missing)
    verdict = availability(
        now=now,
        listed=found.plan is None,
        found_in=found.plan.how if found.plan else None,
        made_of=MadeOf.these(state.files),
        missing=Missing.these(missing),
        protecting=reached.protections.get(snapshot_id, ()),
        risk=reached.risks.get(snapshot_id),
        loss=(act.since, act.what) if act else (None, None),
    )
    if not missing and (refused := _refusal(state)) is not None:
        verdict = Unverified(refused)
    if isinstance(verdict, Recoverable):
        told = replace(told, plan=found.plan)
        doubts += found.lost
    too_old = refused_by_newer_spark(history, now=now)
    if snapshot_id in too_old and isinstance(verdict, Live | Protected | AtRisk):
        doubts += (f"{told.address}: {refused_in_words([snapshot_id])}",)
    metadata = state.plan.how if state.plan else None
    metadata = metadata or witness_of(history, snapshot_id)
    return Seen(_described(judged(told, verdict), state, missing), state, metadata, act, doubts)


def refused_in_words(versions: Sequence[int]) -> str:
    """Say that newer Spark readers refuse these versions of a Delta table."""
    named = f"version {versions[0]}" if len(versions) == 1 else f"versions up to {max(versions)}"
    return (
        f"Delta 4.1 for Spark and Databricks Runtime 18 refuse time travel to {named}, committed"
        " longer ago than delta.deletedFileRetentionDuration; other readers do not"
    )


def _refusal(state: TableState) -> str | None:
    """Say why nothing here can read a state whose files are all there; None where it can.

    The readers refuse before the first row what they cannot give exactly.
    """
    try:
        state.batches(columns=None).close()
    except TemporalLineageError as error:
        return str(error)
    return None


def witness_of(history: TableHistory, snapshot_id: int) -> str | None:
    """Give the first metadata file or commit that had the snapshot as current."""
    from snapshots.commit_point import CommitPoint

    for point in history.chain:
        if isinstance(point, CommitPoint) and point.snapshot_id == snapshot_id:
            return point.witness
    return None


def told_of(one: InputState, claim: TableClaim | None) -> ReproduceInput:
    """Give what is known of an input before looking."""
    before = Unverified("nobody has looked yet")
    return ReproduceInput(
        address=f"{one.dataset}@{one.version}",
        identity=_legible(one.identity),
        format=claim.format if claim else None,
        location=claim.location if claim else None,
        version=one.version,
        candidates=(),
        known=one.known,
        schema_id=None,
        columns=None,
        files=None,
        size_bytes=None,
        rows=None,
        portions=one.portions,
        verdict=availability_name(before),
        availability=before,
        lost=(),
        plan=None,
        loss=None,
    )


def _legible(identity: str) -> str:
    """Write the identity of a dataset that only events know with a slash, as its address has it."""
    namespace, name = split_name_key(identity)
    return f"{namespace}/{name}" if name else identity


def _unknown(one: UnknownState) -> ReproduceInput:
    known = InputState(0, one.dataset, one.identity, "", one.known, ())
    told = replace(told_of(known, None), address=one.dataset, version=None)
    return judged(replace(told, candidates=one.candidates), Unverified(one.reason))


def _described(
    told: ReproduceInput, state: TableState, missing: Sequence[DataFile]
) -> ReproduceInput:
    bounds = row_bounds(state.files)
    return replace(
        told,
        schema_id=state.schema.schema_id,
        columns=tuple(field.name for field in state.schema.columns()),
        files=len(state.files),
        size_bytes=sum(file.size_bytes for file in state.files),
        rows=bounds.most if bounds and bounds.least == bounds.most else None,
        lost=tuple(
            LostFile(file.path, file.content, file.size_bytes, file.rows) for file in missing
        ),
    )
