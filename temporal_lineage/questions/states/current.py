"""Which snapshot was current then: `tl at`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.errors import UnknownNameError
from snapshots.records import dataclass
from snapshots.refs import MAIN
from snapshots.snapshot_log import Absent, Ambiguous, Certainty, Current, LogEntry, Rule, Unknown
from temporal_lineage.addresses import AtVersion, DatasetAddress
from temporal_lineage.facts import AsOf
from temporal_lineage.harvesting.history_parts import (
    remembered_schema,
    remembered_snapshot,
)
from temporal_lineage.harvesting.ref_logs import remembered_log
from temporal_lineage.harvesting.table_claims import table_claim
from temporal_lineage.naming import Naming, find_addressed
from temporal_lineage.questions.states.meant import entry_at, ref_and_instant, version_of
from temporal_lineage.questions.states.versions import version_or_ref

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class StateAnswer:
    """Which snapshot was current on a ref, from when until when, and how that is known.

    `snapshot_ids` has one id; none while the table was empty, or where nobody knows; several
    where the history cannot tell which. `schema_id` and `columns` are what a reader saw then.
    """

    ROWS: ClassVar[str | None] = None

    question: Question
    dataset: str
    ref: str
    snapshot_ids: tuple[int, ...]
    certainty: Certainty
    rule: Rule
    held: Period
    schema_id: int | None
    columns: tuple[str, ...]
    operation: str | None
    committed_at: Instant | None
    witness: str
    doubts: tuple[str, ...]


def state_at(reader: Reader, address: DatasetAddress, question: Question) -> StateAnswer:
    """Answer `tl at`. DESIGN 4.1. Raises BeforeHistoryError and UnknownNameError."""
    as_of = question.as_of
    dataset_id = find_addressed(reader, address, as_of=as_of)
    at = version_or_ref(reader, dataset_id, address.at, system=as_of.system)
    ref, valid = ref_and_instant(at, as_of)
    if isinstance(at, AtVersion):
        entry = _entry_of(reader, dataset_id, address, as_of)
    else:
        entry = entry_at(
            reader, dataset_id, address.name, ref=ref, valid=valid, system=as_of.system
        )
    snapshot_ids, doubts = _ids(entry, ref)
    snapshot = (
        remembered_snapshot(reader, dataset_id, snapshot_ids[0], system=as_of.system)
        if len(snapshot_ids) == 1
        else None
    )
    if snapshot_ids and len(snapshot_ids) == 1 and snapshot is None:
        doubts += (f"snapshot {snapshot_ids[0]} was current, but its own metadata was never seen",)
    table = table_claim(reader, dataset_id, system=as_of.system)
    doubts += table.gaps if table else ()
    schema = (
        remembered_schema(reader, dataset_id, entry.schema_id, system=as_of.system)
        if entry.schema_id is not None
        else None
    )
    return StateAnswer(
        question=question,
        dataset=Naming(reader, as_of=as_of).dataset(dataset_id),
        ref=ref,
        snapshot_ids=snapshot_ids,
        certainty=entry.certainty,
        rule=entry.rule,
        held=entry.period,
        schema_id=entry.schema_id,
        columns=tuple(field.name for field in schema.columns()) if schema else (),
        operation=snapshot.operation if snapshot else None,
        committed_at=snapshot.committed_at if snapshot else None,
        witness=entry.witness,
        doubts=doubts,
    )


def _entry_of(reader: Reader, dataset_id: int, address: DatasetAddress, as_of: AsOf) -> LogEntry:
    """Give the last time main was at a version, up to the instant asked for."""
    version = version_of(reader, dataset_id, address, as_of)
    log = remembered_log(reader, dataset_id, MAIN, system=as_of.system)
    for entry in reversed(log.entries if log else ()):
        known = str(entry.state.snapshot_id) if isinstance(entry.state, Current) else None
        if entry.period.start <= as_of.valid and known == version:
            return entry
    raise UnknownNameError(
        "time on main of", str(address), (), "no reader of main ever saw this version"
    )


def _ids(entry: LogEntry, ref: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    match entry.state:
        case Current(snapshot_id):
            return (() if snapshot_id is None else (snapshot_id,)), ()
        case Ambiguous(candidates):
            return candidates, ("the history that is left cannot tell which of these was current",)
        case Unknown(reason):
            return (), (f"unknown: {reason}",)
        case Absent():
            return (), (f"the table existed, but {ref} did not",)
