"""A lakehouse drawn by chance, and a ledger that is told of it late, in part, and out of order.

All that happens has a time of its own, an hour apart, so that no rule about clock skew decides.
What the ledger is told is kept as a plain list beside it, for the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from catalogs.table import TableSource
from model_events import EXTERNAL, MODEL, Desk, Events, Read, Run, Side
from model_tables import Memory, MemorySource, MemoryTable
from snapshots.instant import Instant
from snapshots.snapshot import Effect
from temporal_lineage.harvesting.harvest import harvest_found
from temporal_lineage.harvesting.targets import Listed, Target
from temporal_lineage.linking.pending import catch_up
from temporal_lineage.session import Session
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.workspace import Workspace

Op = tuple[str, int, int, int]
"""What happens next, and three numbers that choose to what and how."""

MINUTE = 60_000_000

LAKE_OPS = ("commit", "run", "rollback", "tag", "column", "expire", "create", "rename", "drop")
ACTS = ("harvest", "look", "tell", "hear", "settle", "unsettle")
_OF_MODELS, _MERGES, _SILENT = (6, 7, 11), 7, (4, 10)
_EFFECTS = (Effect.APPEND, Effect.OVERWRITE, Effect.REPLACE, Effect.RESTORE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A harvest: what it found under which address; `whole` where the catalog listed all.

    It looked at the catalog at `looked`, and what it found is known from `at` on.
    """

    at: Instant
    looked: Instant
    listing: dict[str, str]
    whole: bool
    memories: dict[str, Memory]


@dataclass(frozen=True, slots=True)
class Heard:
    """Events were taken in, together."""

    at: Instant
    events: tuple[tuple[Run, Side], ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """Somebody said that EXTERNAL is a table from `since` to `until`; None took that back."""

    at: Instant
    uuid: str | None
    since: Instant
    until: Instant


Told = Seen | Heard | Settled


class World:
    """The lakehouse, its ledger, and what the ledger was told."""

    def __init__(self, home: Path, ledger: str, *, name: str, start: Instant) -> None:
        """Begin at `start`; `name` keeps worlds that share a ledger apart."""
        self.name, self.start, self.now = name, start, start
        self.tables: dict[str, MemoryTable] = {}
        self.names: dict[str, MemoryTable] = {}
        self.told: list[Told] = []
        self.waiting: list[tuple[Run, Side]] = []
        self.models = 0
        self.settled = False
        self._runs = self._commits = self._ticks = 0
        self.home = home
        self.desk = Desk()
        self.events = Events(name, self.tables)
        self.session = self.new_session(ledger)
        self.happened: list[Instant] = []
        self.lake("create", 0, 0, 0)

    @property
    def model_name(self) -> str:
        """What people call the model."""
        return f"model:{self.name}"

    def new_session(self, ledger: str) -> Session:
        """Open another session on the same ledger, with the same clock."""
        return Session(Workspace(self.home, ledger), clock=self.clock)

    def clock(self) -> Instant:
        """Give the time: it creeps with every look."""
        self._ticks += 1
        return self.now.plus(micros=self._ticks)

    def do(self, op: Op) -> None:
        """Let something happen, to the lake or to the ledger."""
        kind, *numbers = op
        (self.act if kind in ACTS else self.lake)(kind, *numbers)

    # The lake.

    def lake(self, kind: str, a: int, b: int, c: int) -> None:
        """Let something happen to the lake that the ledger is not told of yet."""
        at = self._go_on(0 if kind in ("rollback", "tag") and c % 4 == 0 else 60)
        table = self._pick(a)
        match kind:
            case "create":
                self.create(f"{self.name}.s.t{b % 3}", at)
            case _ if table is None:
                pass
            case "commit":
                self.commit(table, _EFFECTS[b % 4], at, choice=c, run="")
            case "run" | "fail":
                self._run(table, b, c, job=f"j{b % 2}", fails=kind == "fail")
            case "twins":
                for job in ("j0", "j1"):
                    self._run(table, b, c, job=job, fails=False)
            case "deploy":
                self.desk.change(f"j{b % 2}", c)
            case "series":
                self._series(table, b, c)
            case "rename" | "drop":
                self.leave(table, kind, f"{self.name}.s.t{b % 3}")
            case _:
                self._change(table, kind, at, b, c)

    def _change(self, table: MemoryTable, kind: str, at: Instant, b: int, c: int) -> None:
        match kind:
            case "rollback":
                table.roll_back(b, at)
            case "tag":
                table.tags[f"tag{b % 2}"] = table.listed[c % len(table.listed)]
                table.point(at)
            case "column":
                table.evolve(("add", "rename", "drop")[b % 3], c, at)
            case "expire":
                table.expire(at, forget=b % 2 == 1)

    def _go_on(self, minutes: int) -> Instant:
        self.now = self.now.plus(micros=minutes * MINUTE)
        self.happened.append(self.now)
        return self.now

    def _pick(self, number: int) -> MemoryTable | None:
        there = sorted(self.names.items())
        return there[number % len(there)][1] if there else None

    def create(self, name: str, at: Instant) -> None:
        if name in self.names:
            return
        table = MemoryTable(f"{self.name}-{len(self.tables)}")
        self.tables[table.uuid] = self.names[name] = table
        self.commit(table, Effect.APPEND, at, choice=0, run="")

    def leave(self, table: MemoryTable, kind: str, name: str) -> None:
        if kind == "rename" and name in self.names:
            return
        self.names = {one: other for one, other in self.names.items() if other is not table}
        if kind == "rename":
            self.names[name] = table

    def commit(
        self, table: MemoryTable, effect: Effect, at: Instant, *, choice: int, run: str
    ) -> None:
        table.commit(self.new_id(table), effect, at, choice=choice, run=run)

    def new_id(self, table: MemoryTable) -> int:
        """Give the id of a table's next snapshot; here no two tables share one."""
        del table
        self._commits += 1
        return 1000 + self._commits

    def _series(self, table: MemoryTable, b: int, c: int) -> None:
        """Write a table as by a clock, and then once more, late or with as many rows as chosen."""
        effect = _EFFECTS[b % 2]
        for number in range(5):
            self.commit(table, effect, self.now, choice=number, run="")
            self._go_on(60)
        self._go_on(180 if b % 3 == 0 else 0)
        if b % 4:
            self.commit(table, effect, self.now, choice=c, run="")

    def _run(self, table: MemoryTable, b: int, c: int, *, job: str, fails: bool) -> None:
        """Run a job that reads other tables, and writes a table or a model.

        Of what it reads it tells the state when it started, or an older one that was not current
        any more; or its engine reports what it scanned. It may stamp its commit. One that fails
        wrote nothing.
        """
        started = self.now
        self._runs += 1
        run_id = f"{self.start.micros // 3_600_000_000:08x}-0000-4000-8000-{self._runs:012x}"
        others = [one for _, one in sorted(self.names.items()) if one is not table]
        sources = others[: b % 3]
        reads = [
            Read(
                one.uuid,
                one.listed[0] if c % 5 == number else one.head,
                one.head if c % 2 == number else None,
            )
            for number, one in enumerate(sources)
        ]
        if c % 3 == 0:
            reads.append(Read(EXTERNAL, None, None))
        if c == _MERGES:
            reads.append(Read(table.uuid, None, None))
        columns = tuple(
            (one.uuid, one.schema.fields[c % len(one.schema.fields)].name, into.name)
            for one in sources
            for into in table.schema.fields[: 1 + b % 2]
            if c not in _SILENT
        )
        self._go_on(10)
        if sources and c % 4 == 1:  # somebody else commits while it runs
            self.commit(sources[0], Effect.APPEND, self.now, choice=0, run="")
        self._go_on(10 + 5 * c)
        if fails:
            writes, version, columns = "", "", ()
        elif b in _OF_MODELS:
            self.models += 1
            writes, version, columns = MODEL, f"v{self.models}", ()
        else:
            stamp = run_id if c % 2 else ""
            self.commit(table, _EFFECTS[(b + c) % 2], self.now, choice=c, run=stamp)
            writes, version = table.uuid, str(table.head)
        ended = self._go_on(1)
        told = (run_id, job, started, ended, tuple(reads), writes, version, c % 3 > 0, columns)
        run = Run(*told, fails, *self.desk.settings(job))
        self.waiting += [(run, "START"), (run, "FAIL" if fails else "COMPLETE")]

    # The ledger.

    def act(self, kind: str, a: int, b: int, c: int, *, by: Session | None = None) -> None:
        """Tell the ledger something, through this session."""
        # An act takes a moment, and nobody asks about instants within it.
        self.now = self.now.plus(micros=15 * MINUTE)
        session = by or self.session
        match kind:
            case "harvest":
                self.harvest(session, sorted(self.names), whole=True)
            case "look" if self.names:
                names = sorted(self.names)
                self.harvest(session, [names[a % len(names)]], whole=False)
            case "tell" if self.waiting:
                self._tell(session, a, b)
            case "hear" if self.waiting:
                self.ingest(session, self.waiting)
                self.waiting = []
            case "settle" | "unsettle":
                self._settle(session, kind, a, c)
            case _:
                pass
        self.pass_time()

    def pass_time(self) -> None:
        """Let the moments of an act be over."""
        self._go_on(5)

    def harvest(
        self,
        session: Session,
        names: Sequence[str],
        *,
        whole: bool,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Harvest tables; `meanwhile` happens while the first of them is read."""
        looked, there = self.now, dict(self.names)
        memories: dict[str, Memory] = {}
        pending = [meanwhile]

        def opened(table: MemoryTable) -> TableSource:
            if pending:
                pending.pop()()
            # A table that others kept meanwhile is read again: what is read last is kept.
            memories[table.uuid] = table.memory()
            return cast("TableSource", MemorySource(table))

        def find() -> Iterator[Target | Listed]:
            for name in names:
                yield Target(name, self.name, partial(opened, there[name]))
            if whole:
                yield Listed(self.name)

        with Ledger.open(session.workspace.ledger, clock=self.clock) as ledger:
            report = harvest_found(ledger, find, jobs=1, progress=None)
            catch_up(ledger)
        assert [one for one in report.tables if one.error is not None] == []
        listing = {name: there[name].uuid for name in names}
        self.told.append(Seen(self.now, looked, listing, whole, memories))

    def _tell(self, session: Session, a: int, b: int) -> None:
        """Take in some of the events that wait: late ones first, or one side of a run alone."""
        first = a % len(self.waiting)
        chosen = self.waiting[first : first + 1 + b % 4]
        del self.waiting[first : first + 1 + b % 4]
        self.ingest(session, chosen)

    def ingest(self, session: Session, events: Sequence[tuple[Run, Side]]) -> None:
        """Take in events."""
        file = self.home / f"{self.name}-{len(self.told)}.ndjson"
        lines = [json.dumps(self.events.event(run, side)) for run, side in events]
        file.write_text("\n".join(lines) + "\n")
        report = session.ingest_openlineage([str(file)])
        assert not report.rejected
        self.told.append(Heard(self.now, tuple(events)))

    def _settle(self, session: Session, kind: str, a: int, c: int) -> None:
        """Say that the external dataset is a table for a time, or take that back."""
        known = sorted(
            {uuid for one in self.told if isinstance(one, Seen) for uuid in one.memories}
        )
        heard = any(
            read.dataset == EXTERNAL
            for one in self.told
            if isinstance(one, Heard)
            for run, _ in one.events
            for read in run.reads
        )
        name = f"s3://ext/{self.name}"
        if kind == "unsettle" and self.settled:
            session.alias_remove(name, who="ada")
            self.told.append(Settled(self.now, None, self.now, self.now))
            self.settled = False
        elif kind == "settle" and known and heard and not self.settled:
            uuid = known[a % len(known)]
            since = self.start.plus(micros=(c % 7) * 300 * MINUTE)
            until = since.plus(micros=(1 + c % 3) * 900 * MINUTE)
            place = f"dataset:file/{self.tables[uuid].location}"
            session.alias_add(name, place, who="ada", since=since, until=until)
            self.told.append(Settled(self.now, uuid, since, until))
            self.settled = True
