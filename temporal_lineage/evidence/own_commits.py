"""Own commits: what a run that writes a table read of it, by the commits that it made."""

from __future__ import annotations

from dataclasses import dataclass

from snapshots.dataset import TableFormat
from snapshots.refs import MAIN
from snapshots.snapshot import Snapshot
from temporal_lineage.evidence.grades import Grade, weakest
from temporal_lineage.evidence.input_pins import Meant
from temporal_lineage.evidence.timeline import Timeline, ids_of
from temporal_lineage.evidence.versions import number_of
from temporal_lineage.evidence.windows import Window

_READ_VERSION = "readVersion"
_READS_ITSELF = frozenset({"MERGE", "UPDATE", "DELETE"})


@dataclass(frozen=True, slots=True)
class Own:
    """The commits a run made to the table that it also read, in commit order, and how surely."""

    ids: tuple[int, ...]
    grade: Grade


NO_COMMITS = Own((), Grade.NONE)


def read_version(own: Own, *, table: Timeline) -> Meant | None:
    """Read which version Delta's transaction was made against, which is what it read.

    The commit itself tells in `readVersion`, and would have failed on a conflict with what came
    between. A MERGE, UPDATE or DELETE always reads it; another operation may have read less.
    """
    made = _known(own, table)
    if not own.grade.claims or not made or table.table.identity.format is not TableFormat.DELTA:
        return None
    told = {one.snapshot_id: number_of(one.summary.get(_READ_VERSION, "")) for one in made}
    found = {version for version in told.values() if version is not None} - set(own.ids)
    known = table.in_commit_order(version for version in found if version in table.by_id)
    if not known or None in told.values():
        return None
    always = all(one.operation.upper() in _READS_ITSELF for one in made)
    grade = Grade.EXACT if always and len(known) == 1 else Grade.HIGH
    words = ", ".join(f"{_READ_VERSION} {version} of commit {one}" for one, version in told.items())
    return Meant(known, weakest(grade if len(known) == 1 else Grade.CANDIDATES, own.grade), words)


def own_parent(own: Own, *, table: Timeline, window: Window) -> Meant | None:
    """Give the state that a run's first commit was made on top of, if it was there at START.

    Then the table was the same from START to that commit, whatever the run read of it between.
    """
    made = _known(own, table)
    if not own.grade.claims or not made or not window.started:
        return None
    parent_id = made[0].parent_id
    entry = table.at(MAIN, window.start)
    if parent_id is None or entry is None or ids_of(entry) != (parent_id,):
        return None
    words = f"commit {made[0].snapshot_id} is on top of {parent_id}, the head at {window.start}"
    return Meant((parent_id,), Grade.INFERRED, words)


def _known(own: Own, table: Timeline) -> list[Snapshot]:
    return [table.by_id[one] for one in own.ids if one in table.by_id]
