"""Which state an address means: where other questions start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import BeforeHistoryError, UnknownNameError
from snapshots.refs import MAIN
from snapshots.snapshot_log import Ambiguous, Current, LogEntry, Unknown
from temporal_lineage.addresses import AtInstant, AtRef, AtVersion, DatasetAddress
from temporal_lineage.facts import AsOf
from temporal_lineage.harvesting.ref_logs import refs_at, remembered_entry, remembered_log
from temporal_lineage.naming import spoken
from temporal_lineage.questions.states.versions import check_version, version_or_ref

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from temporal_lineage.addresses import At
    from temporal_lineage.store.reader import Reader


def entry_at(
    reader: Reader, dataset_id: int, name: str, *, ref: str, valid: Instant, system: Instant
) -> LogEntry:
    """Give the log entry of a ref at an instant, or raise with what would have worked."""
    entry = remembered_entry(reader, dataset_id, ref, AsOf(valid=valid, system=system))
    if entry is not None:
        return entry
    log = remembered_log(reader, dataset_id, ref, system=system)
    if log is None or not log.entries:
        known = list(refs_at(reader, dataset_id, AsOf(valid=valid, system=system)))
        if not known:
            raise UnknownNameError(
                "history of", name, (), "it is known from events only; `tl harvest` its catalog"
            )
        raise UnknownNameError("ref", f"{name}@{ref}", known, "`tl show` lists the refs of a table")
    first = log.entries[0].period.start
    shown = spoken(reader, dataset_id, name, system=system)
    raise BeforeHistoryError(shown, valid.isoformat(), first.isoformat())


def version_of(reader: Reader, dataset_id: int, address: DatasetAddress, as_of: AsOf) -> str:
    """Give the version an address means at a point in both times, as text.

    Raises UnknownNameError where no single version can be told, and BeforeHistoryError where
    there was none yet.
    """
    at = version_or_ref(reader, dataset_id, address.at, system=as_of.system)
    if isinstance(at, AtVersion):
        check_version(reader, dataset_id, address.name, at.version, as_of)
        return at.version
    ref, valid = ref_and_instant(at, as_of)
    entry = entry_at(reader, dataset_id, address.name, ref=ref, valid=valid, system=as_of.system)
    match entry.state:
        case Current(snapshot_id) if snapshot_id is not None:
            return str(snapshot_id)
        case Ambiguous(candidates):
            choices = [f"{address.name}@{one}" for one in candidates]
            raise UnknownNameError("single state", str(address), choices, "name the one you mean")
        case Unknown(reason):
            raise UnknownNameError("known state", str(address), (), reason)
        case _:
            raise UnknownNameError("rows", str(address), (), "the table or ref was empty then")


def ref_and_instant(at: At | None, as_of: AsOf) -> tuple[str, Instant]:
    """Give the ref that an address names, and when; without one main, at the time asked for."""
    match at:
        case AtInstant(ref, instant):
            return ref, instant
        case AtRef(ref):
            return ref, as_of.valid
        case _:
            return MAIN, as_of.valid
