"""What a ledger knows at one system time: worked out from the list of all it was told by then.

No index, no increment, no correction: everything is derived anew, by the plain words of the design.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from model_events import EXTERNAL, MODEL, Run, Side
from model_tables import Memory
from model_world import Heard, Seen, Settled, Told
from snapshots.commit_point import ChainPoint, CommitPoint, LostPoint
from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.refs import MAIN
from snapshots.schema import SchemaVersion
from snapshots.snapshot import Effect, Snapshot

Origin = int | None
Shares = dict[Origin, str]
"""Whose rows live in a state, and whether that is exact or possible; None is before the history."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What main or a tag was at from `start` to `end`: a snapshot, none, or nobody knows."""

    start: Instant
    end: Instant
    snapshot_id: int | None
    known: bool
    schema_id: int | None


class KnownTable:
    """A table as all harvests together have seen it."""

    def __init__(self, uuid: str) -> None:
        """Begin with nothing seen."""
        self.uuid = uuid
        self.points: dict[int, ChainPoint] = {}
        self.snapshots: dict[int, Snapshot] = {}
        self.expired: dict[int, Instant] = {}
        self.schemas: tuple[SchemaVersion, ...] = ()
        self.files: dict[int, frozenset[str]] = {}
        self.parents: dict[int, int | None] = {}
        self.writers: dict[str, int] = {}

    def see(self, memory: Memory) -> None:
        """Add what one harvest saw; what was seen before stays."""
        for position, point in memory.points.items():
            if isinstance(point, CommitPoint) or position not in self.points:
                self.points[position] = point
        self.snapshots |= memory.snapshots
        for one in self.snapshots:
            if one in memory.expired:
                self.expired.setdefault(one, memory.expired[one])
        self.schemas = memory.schemas
        before = set(self.files)
        for one, files in memory.files.items():
            if one not in before:
                parent = memory.snapshots[one].parent_id
                # The difference to a parent can be read where the parent's files are known.
                self.parents[one] = parent if parent in before | set(memory.files) else None
                self.files[one] = files
        self.writers |= memory.writers

    @cached_property
    def born(self) -> Instant:
        """The first commit that is known."""
        return min(one.committed_at for one in self.snapshots.values())

    @property
    def made(self) -> Instant:
        """The first that is known of its metadata, lost or not."""
        return min(one.at for one in self.points.values())

    def log(self, ref: str) -> list[Stretch]:
        """Give what a ref was at over time. DESIGN 4.1: the last commit point counts."""
        chain = [self.points[position] for position in sorted(self.points)]
        found: list[Stretch] = []
        for place, point in enumerate(chain):
            end = chain[place + 1].at if place + 1 < len(chain) else FOREVER
            if point.at == end:
                continue
            if isinstance(point, LostPoint):
                found.append(Stretch(point.at, end, None, known=False, schema_id=None))
                continue
            named = {one.name: one.snapshot_id for one in point.refs}
            schema_id = point.schema_id
            found.append(Stretch(point.at, end, named.get(ref), known=True, schema_id=schema_id))
        return found

    def at(self, ref: str, instant: Instant) -> Stretch | None:
        """Give what a ref was at then."""
        return next((one for one in self.log(ref) if one.start <= instant < one.end), None)

    def is_seen(self, instant: Instant, *, after: Instant) -> bool:
        """Tell whether main is known at an instant, and a commit after another one was harvested.

        Then no version of that time can be missing.
        """
        here = self.at(MAIN, instant)
        known = here is not None and here.known
        return known and any(point.at > after for point in self.points.values())

    def denies(self, version: int, instant: Instant) -> bool:
        """Tell whether the history speaks against a version, not on any ref, being current then."""
        snapshot = self.snapshots.get(version)
        if snapshot is None:
            return self.is_seen(instant, after=instant)
        here = self.at(MAIN, instant)
        left = [one for one in self.log(MAIN) if one.snapshot_id == version and one.end <= instant]
        return snapshot.committed_at > instant or bool(left) or (here is not None and here.known)

    def refs(self) -> list[str]:
        """Give the refs that any known point has."""
        points = [one for one in self.points.values() if isinstance(one, CommitPoint)]
        return sorted({ref.name for one in points for ref in one.refs})

    def schema(self, schema_id: int | None) -> SchemaVersion | None:
        """Give a schema by its id."""
        return next((one for one in self.schemas if one.schema_id == schema_id), None)

    def held(self, holding: Iterable[int], *, until: Instant) -> list[tuple[Instant, Instant]]:
        """Give when main was at one of these snapshots, as known at `until`."""
        wanted = set(holding)
        found: list[tuple[Instant, Instant]] = []
        for one in self.log(MAIN):
            if one.snapshot_id not in wanted:
                continue
            start = found.pop()[0] if found and found[-1][1] == one.start else one.start
            found.append((start, one.end))
        return [(start, end) for start, end in found if start <= until]

    def shares(self, snapshot_id: int) -> Shares:
        """Give whose rows live in a state. DESIGN 4.3; empty where its files are not known."""
        found: Shares = {}
        for key in self.files.get(snapshot_id, ()):
            for origin, certainty in self._origins(key).items():
                if found.get(origin) != "exact":
                    found[origin] = certainty
        return found

    def _origins(self, key: str) -> Shares:
        """Say whose rows a file holds, by the first commit known to have brought it in."""
        by_order = sorted(self.files, key=lambda one: self.snapshots[one].sequence_number)
        first = next(one for one in by_order if key in self._added(one))
        effect, parent = self.snapshots[first].effect, self.parents[first]
        writer = self.writers[key]
        if effect is Effect.REPLACE and parent is not None:
            gone = self.files[parent] - self.files[first]
            kept: Shares = {}
            for one in gone:
                for origin, certainty in self._origins(one).items():
                    if kept.get(origin) != "exact":
                        kept[origin] = certainty
            return kept
        if writer != first:  # nobody saw it written: its writer may have compacted others' rows
            return {writer: "exact", None: "possible"}
        return {None: "exact"} if effect is Effect.REPLACE else {writer: "exact"}

    def _added(self, snapshot_id: int) -> frozenset[str]:
        parent = self.parents[snapshot_id]
        before = self.files[parent] if parent is not None else frozenset()
        return self.files[snapshot_id] - before


@dataclass(slots=True)
class KnownRun:
    """A run as far as its events were heard."""

    run: Run
    started: bool
    ended: bool

    @property
    def begun(self) -> Instant:
        """When it started, or the first that was heard of it."""
        return self.run.started if self.started else self.run.ended

    @property
    def over(self) -> Instant:
        """When it ended, or the last that was heard of it."""
        return self.run.ended if self.ended else self.run.started


@dataclass(slots=True)
class Named:
    """A name meant a table from `start` to `end`."""

    start: Instant
    end: Instant
    uuid: str


class Knowledge:
    """All that was told, put together."""

    def __init__(self, told: Sequence[Told]) -> None:
        """Take what was told, in the order it was told."""
        self.tables: dict[str, KnownTable] = {}
        self.runs: dict[str, KnownRun] = {}
        self.failed: dict[str, KnownRun] = {}
        self.looks: dict[str, Instant] = {}
        self.settled: list[tuple[Instant, Instant, str]] = []
        self.names: dict[str, list[Named]] = defaultdict(list)
        self.first_seen: dict[tuple[str, str], Instant] = {}
        self._last_seen: dict[tuple[str, str], Instant] = {}
        for one in told:
            match one:
                case Seen():
                    self._see(one)
                case Heard():
                    for run, side in one.events:
                        self._hear(run, side)
                case Settled(uuid=None):
                    self.settled = []
                case Settled():
                    self.settled.append((one.since, one.until, str(one.uuid)))

    def _hear(self, run: Run, side: Side) -> None:
        runs = self.failed if run.failed else self.runs
        known = runs.setdefault(run.run_id, KnownRun(run, started=False, ended=False))
        known.started |= side == "START"
        known.ended |= side != "START"

    def _see(self, seen: Seen) -> None:
        for name, uuid in sorted(seen.listing.items()):
            table = self.tables.setdefault(uuid, KnownTable(uuid))
            table.see(seen.memories[uuid])
            self._found(name, table, seen.looked)
            self.looks[uuid] = seen.looked
        if seen.whole:
            for name in self.names.keys() - seen.listing.keys():
                self._cut(name, seen.looked)

    def _found(self, name: str, table: KnownTable, at: Instant) -> None:
        """A name means the table seen under it: since its first commit, unless others had it."""
        line = self.names[name]
        last = line[-1] if line else None
        if last is None or last.uuid != table.uuid or last.end < FOREVER:
            start = table.born
            if last is not None and last.uuid == table.uuid:
                start = at  # it was missed meanwhile
            elif last is not None:
                others = {one.uuid for one in line if one.uuid != table.uuid}
                seen = [self._last_seen[name, one] for one in others]
                start = max([start, *seen, *([last.end] if last.end < FOREVER else [])])
            self._cut(name, start)
            line.append(Named(start, FOREVER, table.uuid))
        self.first_seen.setdefault((name, table.uuid), at)
        self._last_seen[name, table.uuid] = at

    def _cut(self, name: str, at: Instant) -> None:
        line = self.names[name]
        for one in line:
            one.end = min(one.end, at)
        line[:] = [one for one in line if one.start < one.end]

    # What names mean.

    def meant(self, name: str, valid: Instant) -> str | None:
        """Give the table that a name meant then; else what it meant last before, or first after."""
        line = self.names.get(name, [])
        started = [one for one in line if one.start <= valid]
        return (started or line[:1])[-1].uuid if line else None

    def resolved(self, dataset: str, at: Instant) -> str:
        """Give what a dataset of an event is: a harvested table's uuid, or its own key."""
        if dataset == EXTERNAL:
            by_hand = [uuid for since, until, uuid in self.settled if since <= at < until]
            return by_hand[0] if by_hand else EXTERNAL
        return dataset

    def is_table(self, dataset: str) -> bool:
        """Tell whether any harvest saw it."""
        return dataset not in (EXTERNAL, MODEL) and dataset in self.tables

    def called(self, uuid: str, valid: Instant) -> str | None:
        """Give the name of a table then: the one it was seen under first, of those it had."""
        ranked = sorted(
            (
                not any(one.start <= valid < one.end for one in line),
                self.first_seen[name, uuid],
                name,
            )
            for name, whole in self.names.items()
            if (line := [one for one in whole if one.uuid == uuid])
        )
        return next((name for _, _, name in ranked if self.meant(name, valid) == uuid), None)


def known_at(told: Iterable[Told], system: Instant) -> Knowledge:
    """Give what was known at a system time."""
    return Knowledge([one for one in told if one.at <= system])


__all__ = ("BEGINNING", "Knowledge", "KnownRun", "KnownTable", "Shares", "known_at")
