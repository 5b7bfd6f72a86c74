"""The logs of a table's refs, read back from the ledger: which states they were in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.refs import MAIN
from snapshots.snapshot_log import LogEntry, SnapshotLog
from temporal_lineage.claims import decode
from temporal_lineage.facts import AsOf
from temporal_lineage.harvesting.state_claims import StateClaim, state_of
from temporal_lineage.keys import AttributeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.instant import Instant
    from temporal_lineage.store.reader import Believed, Reader


def remembered_log(
    reader: Reader, dataset_id: int, ref: str, *, system: Instant
) -> SnapshotLog | None:
    """Give the log of a ref as it was known then; None where no such ref was known."""
    line = reader.timeline(node_id=dataset_id, kind=AttributeKind.REF, name=ref, system=system)
    return snapshot_log(ref, line) if line else None


def logs_of_main(
    reader: Reader, dataset_ids: Iterable[int], *, system: Instant
) -> dict[int, SnapshotLog]:
    """Give the log of main of several tables; those of which none was known are left out."""
    refs = reader.timelines_of(node_ids=dataset_ids, kind=AttributeKind.REF, system=system)
    return {one: snapshot_log(MAIN, lines[MAIN]) for one, lines in refs.items() if MAIN in lines}


def snapshot_log(ref: str, line: Iterable[Believed]) -> SnapshotLog:
    """Turn what is believed of a ref back into its log."""
    return SnapshotLog(ref, tuple(log_entry(believed) for believed in line))


def remembered_entry(reader: Reader, dataset_id: int, ref: str, as_of: AsOf) -> LogEntry | None:
    """Give the one entry of a ref's log that held at a point, without reading all of them."""
    kind = AttributeKind.REF
    believed = reader.attribute(node_id=dataset_id, kind=kind, name=ref, as_of=as_of)
    return log_entry(believed) if believed is not None else None


def log_entry(believed: Believed) -> LogEntry:
    """Turn a believed state back into an entry of a snapshot log."""
    claim = decode(StateClaim, believed.claim)
    return LogEntry(believed.valid, state_of(claim), claim.schema_id, claim.rule, claim.witness)


def refs_at(reader: Reader, dataset_id: int, as_of: AsOf) -> dict[str, LogEntry]:
    """Give the state of every ref at a point in both times, main first.

    The period of each is a part of that for which it had the state; `remembered_entry` gives all.
    """
    believed = reader.attributes_of(node_ids=[dataset_id], kind=AttributeKind.REF, as_of=as_of)
    entries = {one.name: log_entry(one) for one in believed}
    return dict(sorted(entries.items(), key=lambda item: (item[0] != MAIN, item[0])))


def mains_at(reader: Reader, dataset_ids: Iterable[int], as_of: AsOf) -> dict[int, LogEntry]:
    """Give the state of main of several tables, likewise."""
    believed = reader.attributes_of(node_ids=dataset_ids, kind=AttributeKind.REF, as_of=as_of)
    return {one.node_id: log_entry(one) for one in believed if one.name == MAIN}
