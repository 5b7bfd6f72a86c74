"""Unharvested states: those that no harvest saw, asked for by the table's place or by their id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.dataset import TableFormat, TableIdentity
from snapshots.errors import TemporalLineageError, UnknownNameError
from snapshots.history import TableHistory
from temporal_lineage.addresses import AtVersion
from temporal_lineage.evidence import Grade
from temporal_lineage.naming import Naming, find_addressed
from temporal_lineage.reproduce.answer import Known
from temporal_lineage.reproduce.inputs import InputState
from temporal_lineage.reproduce.reaching import OutOfReach, Reached, briefly, left_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.facts import AsOf
    from temporal_lineage.reproduce.tables import Tables
    from temporal_lineage.store.reader import Reader

_NO_DATASET = 0
_NAMED_MAX = 10
_METADATA = "metadata"


def never_harvested(
    reader: Reader, tables: Tables, address: DatasetAddress, as_of: AsOf
) -> InputState | None:
    """Give the state of a harvested table that only the table itself tells of; None elsewhere."""
    at = address.at
    if not isinstance(at, AtVersion) or not at.version.isdecimal():
        return None
    dataset_id = find_addressed(reader, address, as_of=as_of)
    reached = tables.reach(dataset_id)
    if isinstance(reached, OutOfReach):
        return None
    if reached.history.snapshot(snapshot_id=int(at.version)) is None:
        return None
    identity = reader.named(node_ids=[dataset_id])[dataset_id].name
    name = Naming(reader, as_of=as_of).dataset(dataset_id)
    return _named(dataset_id, name, identity, at.version)


def reach_place(place: str, options: Mapping[str, str]) -> Reached:
    """Open a table by its folder; one without any metadata file by the manifest lists in there.

    Raises UnreadableError where no table is there and nothing is left of one.
    """
    from catalogs.catalog import open_path
    from catalogs.opening import open_remains
    from catalogs.storage import Storage

    try:
        source = open_path(place, options)
        history = source.history(known=None)
    except TemporalLineageError as error:
        root = place.rstrip("/").removesuffix(f"/{_METADATA}")
        nothing = TableHistory.unknown(TableIdentity(TableFormat.ICEBERG, "unknown"), root)
        remains = open_remains(nothing, Storage(options), kept=())
        found = left_of(remains, nothing, briefly(error), dataset_id=_NO_DATASET)
        if not found.history.snapshots:
            raise
        return found
    return Reached(
        dataset_id=_NO_DATASET,
        source=source,
        remains=None,
        bygone=frozenset(),
        history=history,
        protections={},
        risks={},
        doubts=(),
    )


def state_in(reached: Reached, place: str, version: str | None) -> InputState:
    """Give the state that was asked for by its place; the current one where none was named.

    Raises UnknownNameError where nothing tells which was current.
    """
    head = reached.history.head()
    if version is None and head is not None and head.snapshot_id is not None:
        version = str(head.snapshot_id)
    if version is None:
        states = reached.history.snapshots[-_NAMED_MAX:]
        nearest = [f"{place}@{one.snapshot_id}" for one in reversed(states)]
        advice = "nothing tells which of its states was current, so name one"
        raise UnknownNameError("state", place, nearest, advice)
    if reached.history.snapshot(snapshot_id=int(version)) is None:
        nearest = [f"{place}@{one.snapshot_id}" for one in reached.history.snapshots[-1:]]
        raise UnknownNameError("state", f"{place}@{version}", nearest, "no file there names it")
    return _named(_NO_DATASET, place, str(reached.history.identity), version)


def _named(dataset_id: int, name: str, identity: str, version: str) -> InputState:
    known = Known(Grade.EXACT.value, "named", f"@{version} is what was asked for")
    return InputState(dataset_id, name, identity, version, known, ())
