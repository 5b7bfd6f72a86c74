"""Sessions: the Python API; every question of the command line, with the same answers."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from snapshots.errors import BadAddressError, BeforeHistoryError
from snapshots.instant import BEGINNING, FOREVER, Instant
from temporal_lineage.addresses import (
    Address,
    DatasetAddress,
    EdgeAddress,
    JobAddress,
    ModelAddress,
    RunAddress,
    parse_address,
)
from temporal_lineage.facts import AsOf
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.questions.question import Question
from temporal_lineage.workspace import Workspace, find_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from temporal_lineage.harvest import HarvestReport, Progress
    from temporal_lineage.ingest import IngestReport
    from temporal_lineage.questions.provenance import LineageAnswer
    from temporal_lineage.questions.reasons import WhyAnswer
    from temporal_lineage.questions.schemas import SchemaDiffAnswer, SchemaLogAnswer
    from temporal_lineage.questions.states import StateAnswer
    from temporal_lineage.questions.tables import CatalogAnswer, LogAnswer, TableAnswer
    from temporal_lineage.reproduce.answer import ReproduceAnswer
    from temporal_lineage.reproduce.available import AvailableAnswer
    from temporal_lineage.store.reader import Reader

A = TypeVar("A", bound=Address)

DEPTH_MAX = 20
"""How many edges a trace follows from its root unless told otherwise."""

_LAST = FOREVER.plus(micros=-1)

When = str | Instant | None
"""A time as people write it, an Instant, or None for now."""


class Session:
    """A ledger and a catalog list, open for questions and for work.

    Every question takes `as_of` (valid time) and `as_known` (system time); None means now, and
    now is read once per question. Errors are subclasses of TemporalLineageError.
    """

    def __init__(self, workspace: Workspace, *, clock: Callable[[], Instant]) -> None:
        """Use this workspace; `clock` gives the present."""
        self.workspace = workspace
        self.clock = clock

    # What harvests and events bring in.

    def harvest(
        self, targets: Sequence[str] = (), *, progress: Progress | None = None
    ) -> HarvestReport:
        """Read the histories of tables, of whole catalogs by name, or of all catalogs."""
        from temporal_lineage.harvest import harvest
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return harvest(ledger, self.workspace.folder, targets, progress=progress)

    def ingest_openlineage(self, sources: Iterable[str]) -> IngestReport:
        """Take in OpenLineage events from files and folders (`-` is standard input)."""
        from temporal_lineage.ingest import ingest_openlineage
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return ingest_openlineage(ledger, sources)

    # Questions that the ledger alone answers.

    def at(self, target: str, *, as_of: When = None, as_known: When = None) -> StateAnswer:
        """Tell which snapshot was current. DESIGN 4.1."""
        from temporal_lineage.questions.states import state_at

        address = _expect(target, DatasetAddress, "a table")
        with self._asking("at", target, as_of, as_known) as (reader, question):
            return state_at(reader, address, question)

    def log(self, target: str, *, as_of: When = None, as_known: When = None) -> LogAnswer:
        """List a table's snapshots, oldest first."""
        from temporal_lineage.questions.tables import log

        address = _expect(target, DatasetAddress, "a table")
        with self._asking("log", target, as_of, as_known) as (reader, question):
            return log(reader, address, question)

    def show(self, target: str, *, as_of: When = None, as_known: When = None) -> TableAnswer:
        """Describe one dataset."""
        from temporal_lineage.questions.tables import show

        address = parse_address(target)
        if isinstance(address, ModelAddress):
            address = DatasetAddress(f"model:{address.name}", None, None)
        if not isinstance(address, DatasetAddress):
            raise BadAddressError(target, "a dataset or model is asked for")
        with self._asking("show", target, as_of, as_known) as (reader, question):
            return show(reader, address, question)

    def show_all(self, *, as_of: When = None, as_known: When = None) -> CatalogAnswer:
        """List every dataset the ledger knows."""
        from temporal_lineage.questions.tables import show_all

        with self._asking("show", "", as_of, as_known) as (reader, question):
            return show_all(reader, question)

    def schema_log(
        self, target: str, *, as_of: When = None, as_known: When = None
    ) -> SchemaLogAnswer:
        """List the schemas a table has had, and what changed between them."""
        from temporal_lineage.questions.schemas import schema_log

        address = _expect(target, DatasetAddress, "a table")
        with self._asking("schema log", target, as_of, as_known) as (reader, question):
            return schema_log(reader, address, question)

    def schema_diff(
        self, before: str, after: str, *, as_of: When = None, as_known: When = None
    ) -> SchemaDiffAnswer:
        """Compare the schemas of two states of one table, by field id."""
        from temporal_lineage.questions.schemas import schema_diff

        old = _expect(before, DatasetAddress, "a table")
        new = _expect(after, DatasetAddress, "a table")
        target = f"{before} {after}"
        with self._asking("schema diff", target, as_of, as_known) as (reader, question):
            return schema_diff(reader, old, new, question)

    def upstream(
        self,
        target: str,
        *,
        as_of: When = None,
        as_known: When = None,
        depth_max: int = DEPTH_MAX,
        by_flow: bool = False,
    ) -> LineageAnswer:
        """Tell what had gone into a state, a model version or a column."""
        return self._lineage(
            Direction.UPSTREAM, target, as_of, as_known, depth_max=depth_max, by_flow=by_flow
        )

    def downstream(
        self,
        target: str,
        *,
        as_of: When = None,
        as_known: When = None,
        depth_max: int = DEPTH_MAX,
        by_flow: bool = False,
    ) -> LineageAnswer:
        """Tell what was made of a state, a model version or a column."""
        return self._lineage(
            Direction.DOWNSTREAM, target, as_of, as_known, depth_max=depth_max, by_flow=by_flow
        )

    def why(self, target: str, *, as_of: When = None, as_known: When = None) -> WhyAnswer:
        """Tell how an edge, a version's writer, or the links of a run are known."""
        from temporal_lineage.questions.provenance import find_version
        from temporal_lineage.questions.reasons import why_edge, why_run, why_version

        address = parse_address(target)
        with self._asking("why", target, as_of, as_known) as (reader, question):
            match address:
                case EdgeAddress():
                    return why_edge(reader, address, question)
                case RunAddress():
                    return why_run(reader, address, question)
                case DatasetAddress() | ModelAddress():
                    node_id = find_version(reader, address, question.as_of)
                    return why_version(reader, node_id, question)
                case JobAddress():
                    raise BadAddressError(target, "ask why for an edge, a version or a run")

    # Questions that look at the tables themselves.

    def available(
        self, target: str, *, as_of: When = None, as_known: When = None
    ) -> AvailableAnswer:
        """Give the verdict on reading one state of a table, or all of them. DESIGN 4.5."""
        from temporal_lineage.reproduce.available import available

        address = _expect(target, DatasetAddress, "a table")
        with self._asking("available", target, as_of, as_known) as (reader, question):
            return available(
                reader, address, question, now=self.clock(), folder=self.workspace.folder
            )

    def reproduce(
        self,
        target: str,
        *,
        out: Path | None = None,
        recover: bool = False,
        as_of: When = None,
        as_known: When = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> ReproduceAnswer:
        """Give the verdict on rebuilding what went into a target; write the rows to `out`."""
        from temporal_lineage.reproduce.reproduction import reproduce

        address = parse_address(target)
        with self._asking("reproduce", target, as_of, as_known) as (reader, question):
            return reproduce(
                reader,
                address,
                question,
                now=self.clock(),
                folder=self.workspace.folder,
                out=out,
                recover=recover,
                progress=progress,
            )

    def _lineage(
        self,
        direction: Direction,
        target: str,
        as_of: When,
        as_known: When,
        *,
        depth_max: int,
        by_flow: bool,
    ) -> LineageAnswer:
        from temporal_lineage.questions.provenance import flows, lineage

        address = parse_address(target)
        if not isinstance(address, DatasetAddress | ModelAddress):
            raise BadAddressError(target, "a table, state, column or model is asked for")
        ask = flows if by_flow else lineage
        with self._asking(direction.value, target, as_of, as_known) as (reader, question):
            return ask(reader, address, question, direction=direction, depth_max=depth_max)

    @contextmanager
    def _asking(
        self, verb: str, target: str, as_of: When, as_known: When
    ) -> Iterator[tuple[Reader, Question]]:
        from temporal_lineage.store.reader import open_reader

        now = self.clock()
        valid, system = _instant(as_of), _instant(as_known)
        with open_reader(self.workspace.ledger) as reader:
            first, last = reader.system_bounds() or (BEGINNING, now)
            # A clock steps back, or stands still for several transactions: what is known is known.
            now = max(now, last)
            if system is not None and system < first:
                raise BeforeHistoryError("this ledger", system.isoformat(), first.isoformat())
            # No state holds at forever itself; whoever says so means the last one.
            point = AsOf(valid=min(valid or now, _LAST), system=system or now)
            yield reader, Question(verb, target, point)


def open_session(
    ledger: str | Path | None = None, *, clock: Callable[[], Instant] | None = None
) -> Session:
    """Open the workspace that the command line would use here, or the given ledger."""
    workspace = find_workspace(
        ledger=str(ledger) if ledger is not None else None, cwd=Path.cwd(), environ=os.environ
    )
    return Session(workspace, clock=clock or wall_clock)


def wall_clock() -> Instant:
    """Read the clock; the only place in the engine that does."""
    import time

    return Instant(time.time_ns() // 1000)


def _instant(when: When) -> Instant | None:
    """Read a time; None for now."""
    match when:
        case None | "now":
            return None
        case Instant():
            return when
        case _:
            return Instant.parse(when)


def _expect(target: str, kind: type[A], wanted: str) -> A:
    address = parse_address(target)
    if not isinstance(address, kind):
        raise BadAddressError(target, f"{wanted} is asked for")
    return address
