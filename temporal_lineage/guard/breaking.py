"""Breaking: the states of a table that can be read now, and could no longer after an act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.guard.answer import BrokenState
from temporal_lineage.reproduce.known_files import KnownFiles

if TYPE_CHECKING:
    from snapshots.maintenance import Removal
    from temporal_lineage.reproduce.reaching import Reached
    from temporal_lineage.reproduce.tables import Tables
    from temporal_lineage.store.reader import Reader


def broken_states(
    reader: Reader, tables: Tables, reached: Reached, removal: Removal
) -> tuple[BrokenState, ...]:
    """Give the states that break, in commit order; those that are broken already are left out.

    States that the table no longer lists count as long as all their files are there: what the
    ledger kept brings them back. Raises UnreadableError where nobody could look.
    """
    if not (removal.unlisted or removal.losing or removal.files):
        return ()
    ids = {one.snapshot_id for one in reached.history.snapshots}
    known = KnownFiles(reader, reached.dataset_id, ids)
    presence = reached.source.presence()
    files = known.files().values()
    taken = presence.among(files, removal.files.keys())
    known.note_missing(taken)
    lost = {one: known.missing(one).counted for one in known.states()}
    touched = {one for one, count in lost.items() if count.files}
    candidates = (removal.unlisted | removal.losing.keys() | touched) - reached.bygone
    if not candidates:
        return ()
    known.note_missing(presence.missing(files))
    broken = {one for one in known.states() if known.missing(one).counted.files}
    told = []
    for one in reached.history.snapshots:
        version = one.snapshot_id
        if version not in candidates or version in broken:
            continue
        listed = version in reached.history.listed
        rebuildable = version in tables.rebuildable(reached)
        if not listed and not rebuildable:
            continue  # it could not be read before
        if version in known:
            count, made_of = lost[version], known.made_of(version)
            whole = made_of.data_files and count.data_files == made_of.data_files
            after = "gone" if whole else "partial"
            if not count.files:
                after = "recoverable" if rebuildable or not removal.files else "gone"
            told.append(BrokenState(version, one.committed_at, after, count.files, made_of.files))
            continue
        count_lost = removal.losing.get(version)
        after = "partial" if count_lost else "gone"
        if not removal.files:
            after = "recoverable"
        told.append(BrokenState(version, one.committed_at, after, count_lost, None))
    return tuple(told)
