"""Tables that live in memory: what they are and what they remember, for histories drawn by chance.

A table forgets as Iceberg tables do: expiry takes snapshots out of its metadata, and old metadata
files go. What is left is what a harvest can read, through the protocol of `catalogs.table`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from catalogs.table import RawCommit
from row_tables import data_file
from snapshots.commit_point import ChainPoint, CommitPoint, LostPoint
from snapshots.dataset import TableFormat, TableIdentity
from snapshots.files import AddedFile, CommitFiles
from snapshots.history import Expiry, TableHistory
from snapshots.instant import Instant
from snapshots.refs import MAIN, SnapshotRef
from snapshots.schema import SchemaVersion
from snapshots.snapshot import CommitCounts, Effect, InstantSource, Snapshot
from strategies import NO_COUNTS, branch, field, tag

MANY, FEW, UNCOUNTED = 11, 10, 9
"""Choices at a commit that are out of line: very many rows, very few, or nobody counted."""

NONE = (5, 8)
"""Choices at an overwrite that only removes rows."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a table remembers at one moment: all that a harvest could learn of it.

    `points` are by position, lost ones among them. `files` has the file keys of each listed
    snapshot, `writers` the snapshot that wrote each file.
    """

    points: Mapping[int, ChainPoint]
    snapshots: Mapping[int, Snapshot]
    expired: Mapping[int, Instant]
    schemas: tuple[SchemaVersion, ...]
    files: Mapping[int, frozenset[str]]
    writers: Mapping[str, int]


class MemoryTable:
    """A table: commits on the head of main, and what was forgotten of them."""

    def __init__(self, uuid: str) -> None:
        """Begin without a commit and with one column, `a`."""
        self.uuid = uuid
        self.location = f"/lake/{uuid}"
        self.snapshots: dict[int, Snapshot] = {}
        self.listed: list[int] = []
        self.states: dict[int, frozenset[str]] = {}
        self.writers: dict[str, int] = {}
        self.tags: dict[str, int] = {}
        self.head: int | None = None
        self.schemas = [SchemaVersion(0, (field(1, "a"),))]
        self.points: list[CommitPoint] = []
        self.forgotten: set[int] = set()
        self.expired: dict[int, Instant] = {}

    @property
    def schema(self) -> SchemaVersion:
        """The columns now."""
        return self.schemas[-1]

    def commit(
        self, snapshot_id: int, effect: Effect, at: Instant, *, choice: int, run: str
    ) -> None:
        """Write on top of the head; `choice` picks files, `run` stamps the commit unless empty."""
        before = self.states[self.head] if self.head is not None else frozenset()
        own = f"{self.uuid}-{snapshot_id}"
        after = frozenset({own})
        match effect:
            case Effect.APPEND:
                after |= before
            case Effect.OVERWRITE:
                after = frozenset() if choice in NONE else after
                after |= frozenset(sorted(before)[: choice % (len(before) + 1)])
            case Effect.RESTORE:
                after = self.states[self.listed[choice % len(self.listed)]]
            case _:  # a compaction of all files into one
                pass
        if own in after:
            self.writers[own] = snapshot_id
        counts = NO_COUNTS if choice == UNCOUNTED else _counts(before, after, choice)
        self.states[snapshot_id] = after
        self.snapshots[snapshot_id] = Snapshot(
            snapshot_id=snapshot_id,
            parent_id=self.head,
            sequence_number=len(self.snapshots) + 1,
            committed_at=at,
            operation=effect.value,
            effect=effect,
            schema_id=self.schema.schema_id,
            counts=counts,
            summary={"run-id": run} if run else {},
        )
        self.listed.append(snapshot_id)
        self.head = snapshot_id
        self.point(at)

    def roll_back(self, choice: int, at: Instant) -> None:
        """Go back to a listed snapshot, without a commit of rows."""
        self.head = self.listed[choice % len(self.listed)]
        self.point(at)

    def evolve(self, kind: str, choice: int, at: Instant) -> None:
        """Add, rename or drop a column; one is always left."""
        fields = list(self.schema.fields)
        used = {one.field_id for schema in self.schemas for one in schema.fields}
        new = max(used) + 1
        place = choice % len(fields)
        if kind == "rename":
            fields[place] = field(fields[place].field_id, f"r{len(self.schemas)}")
        elif kind == "drop" and len(fields) > 1:
            del fields[place]
        else:  # the name of a column that was dropped may come back
            taken = {one.name for one in fields}
            fields.append(field(new, next(one for one in "abcdefgh" if one not in taken)))
        self.schemas.append(SchemaVersion(len(self.schemas), tuple(fields)))
        self.point(at)

    def expire(self, at: Instant, *, forget: bool) -> None:
        """Take out all snapshots but heads and tags; `forget` removes old metadata files too."""
        kept = {self.head, *self.tags.values()}
        if forget:
            self.forgotten |= {one.position for one in self.points}
        for one in self.listed:
            if one not in kept:
                self.expired[one] = at
        self.listed = [one for one in self.listed if one in kept]
        self.point(at)

    def point(self, at: Instant) -> None:
        """Write a metadata file."""
        position = len(self.points)
        assert self.head is not None
        refs: list[SnapshotRef] = [branch(MAIN, self.head)]
        refs += [tag(name, of) for name, of in sorted(self.tags.items())]
        self.points.append(
            CommitPoint(
                position=position,
                at=at,
                source=InstantSource.METADATA_LOG,
                witness=f"{position:05d}.json",
                snapshot_id=self.head,
                schema_id=self.schema.schema_id,
                refs=tuple(refs),
                properties={},
                definition=None,
            )
        )

    def memory(self) -> Memory:
        """Give what is left now."""
        points: dict[int, ChainPoint] = {
            one.position: LostPoint(one.position, one.at, one.witness)
            if one.position in self.forgotten
            else one
            for one in self.points
        }
        return Memory(
            points=points,
            snapshots={one: self.snapshots[one] for one in self.listed},
            expired=dict(self.expired),
            schemas=tuple(self.schemas),
            files={one: self.states[one] for one in self.listed},
            writers=dict(self.writers),
        )


def _counts(before: frozenset[str], after: frozenset[str], choice: int) -> CommitCounts:
    """Tell of about as many rows in every commit, now and then of a multitude or of one."""
    rows = {MANY: 900, FEW: 1}.get(choice, 100 + 10 * choice)
    added, removed = len(after - before), len(before - after)
    return CommitCounts(
        added_rows=rows if added else 0,
        removed_rows=100 * removed,
        added_files=added,
        removed_files=removed,
        added_bytes=None,
        removed_bytes=None,
    )


class MemorySource:
    """A table as a harvest reads it; joins what is known with what the table remembers."""

    def __init__(self, table: MemoryTable) -> None:
        """Read this table."""
        self._table = table
        self._memory = table.memory()

    @property
    def location(self) -> str:
        """The table's root."""
        return self._table.location

    def head(self) -> str:
        """Give the newest metadata file."""
        self._memory = self._table.memory()
        return f"{self._table.uuid}/{self._table.points[-1].witness}"

    def history(self, *, known: TableHistory | None) -> TableHistory:
        """Give all of it, nothing known lost."""
        memory = self._memory
        points: dict[int, ChainPoint] = dict(memory.points)
        snapshots = dict(memory.snapshots)
        expiries: dict[int, Expiry] = {}
        if known is not None:
            read = [one for one in known.chain if isinstance(one, CommitPoint)]
            points |= {one.position: one for one in read}
            snapshots |= {one.snapshot_id: one for one in known.snapshots}
            expiries = {one.snapshot_id: one for one in known.expiries}
        for one in snapshots:
            if one in memory.expired:
                expiries.setdefault(one, Expiry(one, memory.expired[one], "expired"))
        ordered = sorted(snapshots.values(), key=lambda one: one.sequence_number)
        return TableHistory(
            identity=TableIdentity(TableFormat.ICEBERG, self._table.uuid),
            location=self._table.location,
            chain=tuple(points[position] for position in sorted(points)),
            recorded=(),
            snapshots=tuple(ordered),
            schemas=memory.schemas,
            listed=frozenset(memory.snapshots),
            expiries=tuple(expiries.values()),
            gaps=(),
            features=(),
        )

    def commit_files(
        self, history: TableHistory, *, skip: Collection[int]
    ) -> Iterator[CommitFiles]:
        """Yield the differences of all listed snapshots that are not skipped."""
        memory = self._memory
        known = {*skip, *memory.files}
        for one in history.snapshots:
            own, parent = one.snapshot_id, one.parent_id
            if own in skip or own not in memory.files:
                continue
            parent = parent if parent in known else None
            before = frozenset() if parent is None else self._table.states[parent]
            added = tuple(
                AddedFile(data_file(key, rows=1), memory.writers[key])
                for key in sorted(memory.files[own] - before)
            )
            gone = tuple(sorted(before - memory.files[own]))
            yield CommitFiles(own, parent, one.effect, added, gone)

    @staticmethod
    def raw_commits(history: TableHistory, *, skip: Collection[str]) -> Iterator[RawCommit]:
        """Yield nothing: no state is read again."""
        del history, skip
        return iter(())
