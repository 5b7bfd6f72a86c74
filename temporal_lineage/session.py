"""Sessions: the Python API; every question of the command line, with the same answers."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from snapshots.errors import BadAddressError, BeforeHistoryError
from snapshots.instant import BEGINNING, Instant
from temporal_lineage.addresses import (
    Address,
    AtInstant,
    DatasetAddress,
    JobAddress,
    ModelAddress,
    parse_address,
)
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.questions.question import Question
from temporal_lineage.workspace import Workspace, find_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from temporal_lineage.harvest import HarvestReport, Progress
    from temporal_lineage.ingest import IngestReport
    from temporal_lineage.questions.lineage_answer import LineageAnswer
    from temporal_lineage.questions.question import Answer
    from temporal_lineage.questions.reasons import WhyAnswer
    from temporal_lineage.questions.schemas import SchemaDiffAnswer, SchemaLogAnswer
    from temporal_lineage.questions.states import StateAnswer
    from temporal_lineage.questions.tables import CatalogAnswer, LogAnswer, TableAnswer
    from temporal_lineage.reproduce.answer import ReproduceAnswer
    from temporal_lineage.reproduce.available import AvailableAnswer

W = TypeVar("W", bound="Answer")

DEPTH_MAX = 20
"""How many edges a trace follows from its root unless told otherwise."""

HARVEST_JOBS = 4
"""How many tables a harvest reads at once unless told otherwise."""


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
        self,
        targets: Sequence[str] = (),
        *,
        jobs: int = HARVEST_JOBS,
        progress: Progress | None = None,
    ) -> HarvestReport:
        """Read the histories of tables, of whole catalogs by name, or of all catalogs.

        At most `jobs` tables are read at once.
        """
        from temporal_lineage.harvest import harvest
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return harvest(ledger, self.workspace.folder, targets, jobs=jobs, progress=progress)

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

        address = _state(target)
        return self._ask("at", target, (as_of, as_known), state_at, address)

    def log(self, target: str, *, as_of: When = None, as_known: When = None) -> LogAnswer:
        """List a table's snapshots, oldest first."""
        from temporal_lineage.questions.tables import log

        address = _table(target)
        return self._ask("log", target, (as_of, as_known), log, address)

    def show(self, target: str, *, as_of: When = None, as_known: When = None) -> TableAnswer:
        """Describe one dataset."""
        from temporal_lineage.questions.tables import show

        address = parse_address(target)
        _refuse_state(address, target)
        _refuse_column(address, target)
        if isinstance(address, ModelAddress):
            address = DatasetAddress(str(address), None, None)
        if not isinstance(address, DatasetAddress):
            raise BadAddressError(target, "a dataset or model is asked for")
        return self._ask("show", target, (as_of, as_known), show, address)

    def show_all(self, *, as_of: When = None, as_known: When = None) -> CatalogAnswer:
        """List every dataset the ledger knows."""
        from temporal_lineage.questions.tables import show_all

        return self._ask("show", "", (as_of, as_known), show_all)

    def schema_log(
        self, target: str, *, as_of: When = None, as_known: When = None
    ) -> SchemaLogAnswer:
        """List the schemas a table has had, and what changed between them."""
        from temporal_lineage.questions.schemas import schema_log

        address = _table(target)
        return self._ask("schema log", target, (as_of, as_known), schema_log, address)

    def schema_diff(
        self, before: str, after: str, *, as_of: When = None, as_known: When = None
    ) -> SchemaDiffAnswer:
        """Compare the schemas of two states of one table, by field id."""
        from temporal_lineage.questions.schemas import schema_diff

        old, new = _state(before), _state(after)
        target = f"{before} {after}"
        return self._ask("schema diff", target, (as_of, as_known), schema_diff, old, new)

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
        from temporal_lineage.questions.reasons import why

        address = parse_address(target)
        if isinstance(address, JobAddress):
            raise BadAddressError(target, "ask why for an edge, a version or a run")
        _refuse_column(address, target)
        return self._ask("why", target, (as_of, as_known), why, address)

    # Questions that look at the tables themselves.

    def available(
        self, target: str, *, as_of: When = None, as_known: When = None
    ) -> AvailableAnswer:
        """Give the verdict on reading one state of a table, or all of them. DESIGN 4.5."""
        from temporal_lineage.reproduce.available import available

        address = _state(target)
        now, folder = self.clock(), self.workspace.folder
        return self._ask(
            "available", target, (as_of, as_known), available, address, now=now, folder=folder
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
        return self._ask(
            "reproduce",
            target,
            (as_of, as_known),
            reproduce,
            address,
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
        if by_flow:
            _refuse_state(address, target)
            _refuse_column(address, target)
        ask = flows if by_flow else lineage
        return self._ask(
            direction.value,
            target,
            (as_of, as_known),
            ask,
            address,
            direction=direction,
            depth_max=depth_max,
        )

    def _ask(
        self,
        verb: str,
        target: str,
        when: tuple[When, When],
        ask: Callable[..., W],
        *addresses: Address,
        **more: object,
    ) -> W:
        """Ask `ask(reader, *addresses, question, **more)`; `when` is (as_of, as_known)."""
        from temporal_lineage.store.reader import open_reader

        now = self.clock()
        valid, system = map(_instant, when)
        with open_reader(self.workspace.ledger) as reader:
            first, last = reader.system_bounds() or (BEGINNING, now)
            # A clock steps back, or stands still for several transactions: what is known is known.
            now = max(now, last)
            if system is not None and system < first:
                raise BeforeHistoryError("this ledger", system.isoformat(), first.isoformat())
            # No state holds at forever itself; whoever says so means the last one.
            point = AsOf(valid=min(valid or now, LAST), system=system or now)
            answer = ask(reader, *addresses, Question(verb, target, point), **more)
        told = [one.at for one in addresses if isinstance(one, DatasetAddress)]
        asked = max([point.valid, *(at.instant for at in told if isinstance(at, AtInstant))])
        if asked <= now:
            return answer
        ahead = f"{asked} is yet to come: this is how things stand now"
        # All answers are dataclasses, which no protocol can say.
        return replace(answer, doubts=(*answer.doubts, ahead))  # type: ignore[type-var]


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


def _table(target: str) -> DatasetAddress:
    """Read the address of a table as a whole."""
    address = _state(target)
    _refuse_state(address, target)
    return address


def _state(target: str) -> DatasetAddress:
    """Read the address of a table, or of a state of it."""
    address = parse_address(target)
    if not isinstance(address, DatasetAddress):
        raise BadAddressError(target, "a table is asked for")
    _refuse_column(address, target)
    return address


def _refuse_state(address: Address, target: str) -> None:
    """Refuse a state where it would be left out of account."""
    if isinstance(address, DatasetAddress) and address.at is not None:
        text = str(address.at)
        raise BadAddressError(target, f"leave {text} out; --as-of asks for another time")
    if isinstance(address, ModelAddress) and address.version is not None:
        raise BadAddressError(target, f"leave @{address.version} out")


def _refuse_column(address: Address, target: str) -> None:
    """Refuse a column where it would be left out of account."""
    if isinstance(address, DatasetAddress) and address.column is not None:
        raise BadAddressError(target, "leave #column out")
