"""The snapshots of a table, and who made them: `tl log`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.commit_point import CommitPoint
from snapshots.committed import committed_by
from snapshots.producer import producer_of
from snapshots.records import dataclass
from snapshots.refs import MAIN
from snapshots.snapshot_log import Current
from temporal_lineage.claims import decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.harvesting.ref_logs import remembered_log
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.link_claims import WriterClaim
from temporal_lineage.naming import Naming, find_dataset
from temporal_lineage.questions.question import UNHARVESTED
from temporal_lineage.questions.states.rollbacks import rollback_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from snapshots.commit_point import ChainPoint
    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from snapshots.period import Period
    from snapshots.snapshot import Snapshot
    from snapshots.snapshot_log import SnapshotLog
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.questions.states.rollbacks import RollbackLine
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class LogLine:
    """One snapshot: what made it, what it changed, when it was current on main.

    `current` is empty for a snapshot that no reader of main ever saw. `expired_at` is None while
    the table lists it. `on_main` tells whether any commit left it current: where clocks stepped
    back, that can be known although nobody can tell when. `job` is None where no run claims the
    commit, `engine` and `user` where it does not name them.
    """

    snapshot_id: int
    parent_id: int | None
    committed_at: Instant
    operation: str
    schema_id: int | None
    added_rows: int | None
    removed_rows: int | None
    current: tuple[Period, ...]
    on_main: bool
    expired_at: Instant | None
    job: str | None
    run: str | None
    engine: str | None
    user: str | None


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """Every snapshot of a table committed by the instant asked for, oldest first; rollbacks too."""

    ROWS: ClassVar[str | None] = "lines"

    question: Question
    dataset: str
    lines: tuple[LogLine, ...]
    rollbacks: tuple[RollbackLine, ...]
    doubts: tuple[str, ...]


def log(reader: Reader, address: DatasetAddress, question: Question) -> LogAnswer:
    """Answer `tl log`."""
    as_of = question.as_of
    dataset_id = find_dataset(reader, address.name, as_of=as_of)
    history = remembered(reader, dataset_id, system=as_of.system)
    naming = Naming(reader, as_of=as_of)
    if history is None:
        return LogAnswer(question, naming.dataset(dataset_id), (), (), (UNHARVESTED,))
    main = remembered_log(reader, dataset_id, MAIN, system=as_of.system)
    lines = log_lines(reader, dataset_id, history, main, as_of)
    doubts = tuple(gap.what for gap in history.gaps)
    back = rollback_lines(history, until=as_of.valid)
    return LogAnswer(question, naming.dataset(dataset_id), lines, back, doubts)


def log_lines(
    reader: Reader,
    dataset_id: int,
    history: TableHistory,
    main: SnapshotLog | None,
    as_of: AsOf,
) -> tuple[LogLine, ...]:
    """Give the snapshots of a table by an instant, oldest first; `main` is the log of main."""
    return lines_of(history, main, writers_of(reader, dataset_id, as_of), as_of)


def lines_of(
    history: TableHistory,
    main: SnapshotLog | None,
    writers: Mapping[int, WriterClaim],
    as_of: AsOf,
) -> tuple[LogLine, ...]:
    """Give the same, by what was read of a table already."""
    current = current_periods(main, as_of.valid)
    on_main = heads(history.chain) | current.keys()
    expiries = {one.snapshot_id: one.since for one in history.expiries}
    return tuple(
        _line(
            snapshot,
            tuple(current.get(snapshot.snapshot_id, ())),
            _known_by(expiries.get(snapshot.snapshot_id), as_of.valid),
            writers.get(snapshot.snapshot_id),
            on_main=snapshot.snapshot_id in on_main,
        )
        for snapshot in committed_by(as_of.valid, chain=history.chain, snapshots=history.snapshots)
    )


def heads(chain: Iterable[ChainPoint]) -> set[int | None]:
    """Give the snapshots that some commit left current on main, whenever that was."""
    return {one.snapshot_id for one in chain if isinstance(one, CommitPoint)}


def writers_of(reader: Reader, dataset_id: int, as_of: AsOf) -> dict[int, WriterClaim]:
    """Give the run that made each snapshot, for those whose run is known."""
    return writers_of_tables(reader, [dataset_id], as_of).get(dataset_id, {})


def writers_of_tables(
    reader: Reader, dataset_ids: Iterable[int], as_of: AsOf
) -> dict[int, dict[int, WriterClaim]]:
    """Give the same of several tables, those without any left out."""
    versions = {
        node.node_id: (node.parent_id, int(node.name))
        for node in reader.children_of(parent_ids=dataset_ids, kind=NodeKind.VERSION)
        if node.name.isdecimal()
    }
    claims = reader.claims_of(
        node_ids=versions,
        kind=AttributeKind.WRITER,
        as_of=AsOf(valid=LAST, system=as_of.system),
    )
    found: dict[int, dict[int, WriterClaim]] = {}
    for node_id, claim in claims.items():
        dataset_id, snapshot_id = versions[node_id]
        found.setdefault(dataset_id, {})[snapshot_id] = decode(WriterClaim, claim)
    return found


def current_periods(main: SnapshotLog | None, until: Instant) -> dict[int, list[Period]]:
    """Give when each snapshot was current on main, of those that were so by an instant."""
    periods: dict[int, list[Period]] = {}
    for entry in main.entries if main else ():
        match entry.state:
            case Current(snapshot_id) if snapshot_id is not None:
                held = periods.setdefault(snapshot_id, [])
                # A change of the schema alone ends an entry, and not the snapshot's time.
                if held and held[-1].end == entry.period.start:
                    held[-1] = type(entry.period)(held[-1].start, entry.period.end)
                elif entry.period.start <= until:
                    held.append(entry.period)
            case _:
                pass
    return periods


def _line(
    snapshot: Snapshot,
    current: tuple[Period, ...],
    expired_at: Instant | None,
    writer: WriterClaim | None,
    *,
    on_main: bool,
) -> LogLine:
    producer = producer_of(snapshot.summary)
    return LogLine(
        snapshot_id=snapshot.snapshot_id,
        parent_id=snapshot.parent_id,
        committed_at=snapshot.committed_at,
        operation=snapshot.operation,
        schema_id=snapshot.schema_id,
        added_rows=snapshot.counts.added_rows,
        removed_rows=snapshot.counts.removed_rows,
        current=current,
        on_main=on_main,
        expired_at=expired_at,
        job=writer.job if writer else None,
        run=writer.run if writer else None,
        engine=producer.engine,
        user=producer.user,
    )


def _known_by(instant: Instant | None, valid: Instant) -> Instant | None:
    return instant if instant is not None and instant <= valid else None
