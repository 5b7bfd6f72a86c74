"""Available: the verdict on one past state of a table, or on all of them, as things lie now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.availability import Availability, Gone, LogTruncated, Unverified, availability
from snapshots.errors import TemporalLineageError
from snapshots.instant import Instant
from temporal_lineage.keys import NodeKind
from temporal_lineage.naming import Naming, find_addressed
from temporal_lineage.questions.states import version_of
from temporal_lineage.reproduce.answer import availability_name
from temporal_lineage.reproduce.loss import act_behind, expiry_of
from temporal_lineage.reproduce.tables import OutOfReach, Reached, Tables, rebuilt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from snapshots.files import DataFile
    from snapshots.snapshot import Snapshot
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class StateVerdict:
    """One state and whether it can be read: the verdict's name, and all it says.

    `files` is None where nobody knows what the state is made of.
    """

    version: int
    committed_at: Instant
    verdict: str
    availability: Availability
    files: int | None


@dataclass(frozen=True, slots=True)
class AvailableAnswer:
    """The verdicts on a table's states, in commit order; `checked_at` is when somebody looked."""

    ROWS: ClassVar[str | None] = "states"

    question: Question
    dataset: str
    checked_at: Instant
    states: tuple[StateVerdict, ...]
    doubts: tuple[str, ...]


def available(
    reader: Reader, address: DatasetAddress, question: Question, *, now: Instant, folder: Path
) -> AvailableAnswer:
    """Answer `tl available`: each file is looked for once, however many states it is part of."""
    as_of = question.as_of
    dataset_id = find_addressed(reader, address, as_of=as_of)
    name = Naming(reader, as_of=as_of).dataset(dataset_id)
    tables = Tables(reader, folder)
    reached = tables.reach(dataset_id)
    if isinstance(reached, OutOfReach):
        return AvailableAnswer(question, name, now, (), (f"not looked at: {reached.reason}",))
    only = None
    if address.at is not None:
        only = int(version_of(reader, dataset_id, address, as_of))
    snapshots = [one for one in reached.history.snapshots if only in (None, one.snapshot_id)]
    look = _Look(reader, tables, reached, now)
    states = tuple(look.verdict(one) for one in look.prepared(snapshots))
    doubts = (f"opened by its place: {reached.detour}",) if reached.detour else ()
    return AvailableAnswer(question, name, now, states, doubts)


class _Look:
    def __init__(self, reader: Reader, tables: Tables, reached: Reached, now: Instant) -> None:
        self._reader = reader
        self._tables = tables
        self._reached = reached
        self._now = now
        self._files: dict[int, tuple[DataFile, ...]] = {}
        self._missing: frozenset[str] = frozenset()
        self._broken: Mapping[int, tuple[str, ...]] = {}
        self._rebuildable: frozenset[int] = frozenset()

    def prepared(self, snapshots: Sequence[Snapshot]) -> Sequence[Snapshot]:
        """Take the file lists that the ledger has, and look for all their files together.

        Then look for what names those files in the table itself: manifest lists and manifests.
        """
        self._files = dict(self._known_files(snapshots))
        distinct = {file.key: file for files in self._files.values() for file in files}
        presence = self._reached.source.presence()
        self._missing = frozenset(file.key for file in presence.missing(distinct.values()))
        listed = [one for one in self._files if one in self._reached.history.listed]
        kept = self._tables.kept(self._reached) if listed else ()
        self._broken = self._reached.source.broken(listed, kept=kept, presence=presence)
        self._rebuildable = self._tables.rebuildable(self._reached)
        return snapshots

    def verdict(self, snapshot: Snapshot) -> StateVerdict:
        """Judge one state by what was found."""
        files = self._files.get(snapshot.snapshot_id)
        try:
            judged, count = self._judged(snapshot.snapshot_id, files)
        except TemporalLineageError as error:
            judged, count = Unverified(str(error)), None if files is None else len(files)
        return StateVerdict(
            snapshot.snapshot_id,
            snapshot.committed_at,
            availability_name(judged),
            judged,
            count,
        )

    def _judged(
        self, snapshot_id: int, files: tuple[DataFile, ...] | None
    ) -> tuple[Availability, int | None]:
        history = self._reached.history
        broken = self._broken.get(snapshot_id, ())
        way = None
        missing: tuple[DataFile, ...]
        if files is not None and snapshot_id in history.listed and not broken:
            missing = tuple(file for file in files if file.key in self._missing)
        elif files is not None and snapshot_id in self._rebuildable:
            way = rebuilt(broken)
            missing = tuple(file for file in files if file.key in self._missing)
        else:
            # What the table has forgotten must still be found somewhere to be read again.
            found = self._tables.state(self._reached, snapshot_id)
            if isinstance(found, LogTruncated | Gone):
                return self._dated(found, snapshot_id), None if files is None else len(files)
            way = found.way
            files = found.state.files
            missing = found.state.missing()
        act = act_behind(self._reached.source, history, snapshot_id, missing) if missing else None
        judged = availability(
            now=self._now,
            listed=way is None,
            found_in=way,
            files=files,
            missing=missing,
            protecting=self._reached.protections.get(snapshot_id, ()),
            risk=self._reached.risks.get(snapshot_id),
            loss=(act.since, act.what) if act else (None, None),
        )
        return judged, len(files)

    def _dated(self, found: LogTruncated | Gone, snapshot_id: int) -> Availability:
        act = expiry_of(self._reached.history, snapshot_id)
        if isinstance(found, Gone) and found.since is None and act is not None:
            return Gone(found.missing, act.since, act.what)
        return found

    def _known_files(
        self, snapshots: Sequence[Snapshot]
    ) -> Iterator[tuple[int, tuple[DataFile, ...]]]:
        nodes: Mapping[int, int] = {
            node.node_id: int(node.name)
            for node in self._reader.children(
                parent_id=self._reached.dataset_id, kind=NodeKind.VERSION
            )
            if node.name.isdecimal()
        }
        wanted = {one.snapshot_id for one in snapshots}
        for place in self._reader.placed(dataset_id=self._reached.dataset_id):
            snapshot_id = nodes[place.node_id]
            if place.files_known and snapshot_id in wanted:
                live = self._reader.live_files(node_id=place.node_id)
                yield snapshot_id, tuple(one.file for one in live)
