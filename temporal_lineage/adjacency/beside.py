"""Beside a ledger: where its adjacency lies, and when a walk takes it rather than the ledger.

Opening the file costs what the ledger takes for some thousands of nodes. So the ledger walks until
it has found that many, and only then is the file opened; whoever has it open asks it at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from snapshots.errors import TemporalLineageError
from snapshots.instant import FOREVER, Instant
from snapshots.records import dataclass
from temporal_lineage.keys import EdgeKind
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.store.location import shown, sqlite_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from temporal_lineage.adjacency.graph import FlowGraph
    from temporal_lineage.adjacency.layout import Position
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader

SUFFIX = ".flows"
"""What follows the name of the ledger's file."""

PATIENCE = 10_000
"""How many nodes the ledger finds by itself before the file is opened."""


class NoPlaceError(TemporalLineageError):
    """A ledger beside which no file can lie, or a place that cannot be written."""

    def __init__(self, ledger: str, reason: str) -> None:
        """Keep the ledger and the reason."""
        self.ledger = ledger
        self.reason = reason
        super().__init__(f"no adjacency can be kept beside {ledger}: {reason}")


class Reached(NamedTuple):
    """Nodes that a walk reached, with their names, and what is to be said of how it went."""

    nodes: dict[int, str]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AdjacencyReport:
    """How the adjacency beside a ledger stands.

    `upto` is when the last transaction was recorded that is in the file, `behind` how many the
    ledger has had since. They and the size are None where there is no file, or where it is left
    aside: `state` says why.
    """

    file: str
    state: str
    upto: Instant | None
    behind: int | None
    size_bytes: int | None


class Beside:
    """The adjacency beside one ledger; once opened it stays in memory."""

    def __init__(self, ledger: str) -> None:
        """Look beside this ledger; one in a database has nothing beside it."""
        file = sqlite_file(ledger)
        self._ledger = ledger
        self._file = None if file is None else file + SUFFIX
        self._graph: FlowGraph | None = None

    def reached(
        self,
        reader: Reader,
        *,
        node_ids: Sequence[int],
        direction: Direction,
        as_of: AsOf,
        limit: int,
    ) -> Reached:
        """Walk along flows to the end; at most `limit` nodes, where there may be more.

        Both ways find the same. A file that cannot be used is said to be left aside.
        """
        tx = reader.tx_at(system=as_of.system)
        walk = reader.reached_into if direction is Direction.UPSTREAM else reader.reached_out_of
        graph = self._graph if self._graph is not None and self._graph.tx >= tx else None
        doubts: tuple[str, ...] = ()
        if graph is None:
            patience = limit if self._file is None else min(limit, PATIENCE)
            nodes = walk(node_ids=node_ids, kind=EdgeKind.FLOW, as_of=as_of, limit=patience)
            if len(nodes) < patience or patience == limit:
                return Reached(nodes, ())
            graph, doubts = self._opened(reader)
        if graph is None:
            nodes = walk(node_ids=node_ids, kind=EdgeKind.FLOW, as_of=as_of, limit=limit)
        else:
            nodes = graph.reached(node_ids, direction, valid=as_of.valid.micros, tx=tx)
        return Reached(dict(list(nodes.items())[:limit]) if len(nodes) > limit else nodes, doubts)

    def make(self, reader: Reader) -> AdjacencyReport:
        """Make the file anew of all that the ledger was told. Raises NoPlaceError."""
        from temporal_lineage.adjacency.graph import arrays_of
        from temporal_lineage.adjacency.layout import Position, write

        path = self._place()
        tx = reader.tx_at(system=FOREVER)
        bounds = reader.system_bounds()
        if bounds is None:
            raise NoPlaceError(
                shown(self._ledger), "nothing was told to it yet; `tl harvest` is first"
            )
        position = Position(reader.uuid(), tx, bounds[1].micros)
        self._graph = None
        try:
            write(path, position, arrays_of(reader))
        except OSError as error:
            raise NoPlaceError(shown(self._ledger), _reason(error)) from error
        return self.report(reader)

    def report(self, reader: Reader) -> AdjacencyReport:
        """Tell how the file stands. Raises NoPlaceError for a ledger that has none."""
        from temporal_lineage.adjacency.layout import UnusableError, read

        path = self._place()
        try:
            position = read(path).position
            self._check(reader, position)
        except FileNotFoundError:
            return AdjacencyReport(str(path), "absent", None, None, None)
        except (UnusableError, OSError) as error:
            return AdjacencyReport(str(path), f"left aside: {_reason(error)}", None, None, None)
        behind = reader.tx_at(system=FOREVER) - position.tx
        upto = Instant(position.recorded_at)
        return AdjacencyReport(str(path), "used", upto, behind, path.stat().st_size)

    def remove(self, reader: Reader) -> AdjacencyReport:
        """Remove the file, if there is one. Raises NoPlaceError."""
        self._graph = None
        try:
            self._place().unlink(missing_ok=True)
        except OSError as error:
            raise NoPlaceError(shown(self._ledger), _reason(error)) from error
        return self.report(reader)

    def _opened(self, reader: Reader) -> tuple[FlowGraph | None, tuple[str, ...]]:
        """Open the file as the ledger is now; None where there is none, or with a doubt."""
        if self._file is None or not (path := self._place()).exists():
            return None, ()
        from temporal_lineage.adjacency.graph import FlowGraph
        from temporal_lineage.adjacency.layout import UnusableError, read

        try:
            kept = read(path)
            self._check(reader, kept.position)
        except (UnusableError, OSError) as error:
            why = (
                f"{path.name} was left aside: {_reason(error)}; `tl ledger adjacency` makes it anew"
            )
            return None, (why,)
        self._graph = FlowGraph(kept, reader, tx=reader.tx_at(system=FOREVER))
        return self._graph, ()

    def _check(self, reader: Reader, position: Position) -> None:
        """Find that the ledger has gone through the very transaction at which the file was made."""
        from temporal_lineage.adjacency.layout import UnusableError

        recorded_at = Instant(position.recorded_at)
        at, before = (
            reader.tx_at(system=one) for one in (recorded_at, recorded_at.plus(micros=-1))
        )
        if position.ledger != reader.uuid() or at != position.tx or before >= at:
            raise UnusableError("it is of another ledger")

    def _place(self) -> Path:
        from pathlib import Path

        if self._file is None:
            raise NoPlaceError(
                shown(self._ledger), "it lies in a database, which answers by itself"
            )
        return Path(self._file)


def _reason(error: Exception) -> str:
    """Say what went wrong: of the system's errors without their number and file."""
    told = error.strerror if isinstance(error, OSError) else None
    return told.lower() if told else str(error)
