"""What a table's history holds: `tl log` and `tl show`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.refs import MAIN
from snapshots.snapshot_log import Current
from temporal_lineage.claims import WriterClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.histories import (
    refs_at,
    remembered,
    remembered_log,
    table_claim,
)
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.looks import absence, last_look
from temporal_lineage.naming import Naming, find_dataset, known_datasets
from temporal_lineage.questions.rollbacks import rollback_lines
from temporal_lineage.questions.versions import told_versions

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from snapshots.period import Period
    from snapshots.snapshot import Snapshot
    from snapshots.snapshot_log import LogEntry
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.questions.rollbacks import RollbackLine
    from temporal_lineage.store.reader import Reader


_UNHARVESTED = "known from events only: no snapshots were ever harvested"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One snapshot: what made it, what it changed, when it was current on main.

    `current` is empty for a snapshot that no reader of main ever saw. `expired_at` is None while
    the table lists it. `job` is None where no run claims the commit.
    """

    snapshot_id: int
    parent_id: int | None
    committed_at: Instant
    operation: str
    schema_id: int | None
    added_rows: int | None
    removed_rows: int | None
    current: tuple[Period, ...]
    expired_at: Instant | None
    job: str | None
    run: str | None


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """Every snapshot of a table committed by the instant asked for, oldest first; rollbacks too."""

    ROWS: ClassVar[str | None] = "lines"

    question: Question
    dataset: str
    lines: tuple[LogLine, ...]
    rollbacks: tuple[RollbackLine, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefLine:
    """A ref and what it named then."""

    name: str
    snapshot_ids: tuple[int, ...]
    certainty: str
    since: Instant


@dataclass(frozen=True, slots=True)
class NameLine:
    """What a catalog called the table, and for how long as far as harvests saw."""

    name: str
    held: Period


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """A column as it was then, by field id; `name` is its path within records."""

    field_id: int
    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """A dataset at a point in both times; what needs a harvest is empty without one.

    `names` are those that catalogs ever listed it under. `harvested_at` is the last time that a
    harvest looked at it. `missing_since` is None while some catalog listed it, and for a table
    that was harvested by its path alone.
    """

    ROWS: ClassVar[str | None] = None

    question: Question
    dataset: str
    identity: str
    format: str | None
    location: str | None
    names: tuple[NameLine, ...]
    harvested_at: Instant | None
    missing_since: Instant | None
    features: tuple[str, ...]
    snapshots: int
    expired: int
    first_commit: Instant | None
    last_commit: Instant | None
    refs: tuple[RefLine, ...]
    columns: tuple[ColumnLine, ...]
    versions: tuple[str, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatasetLine:
    """One known dataset; `missing_since` is None unless its catalog listed it no more then."""

    dataset: str
    format: str | None
    snapshots: int
    last_commit: Instant | None
    missing_since: Instant | None


@dataclass(frozen=True, slots=True)
class CatalogAnswer:
    """Every dataset the ledger knew; of tables, those that were there at the instant asked for."""

    ROWS: ClassVar[str | None] = "datasets"

    question: Question
    datasets: tuple[DatasetLine, ...]
    doubts: tuple[str, ...]


def log(reader: Reader, address: DatasetAddress, question: Question) -> LogAnswer:
    """Answer `tl log`."""
    as_of = question.as_of
    dataset_id = find_dataset(reader, address.name, as_of=as_of)
    history = remembered(reader, dataset_id, system=as_of.system)
    naming = Naming(reader, as_of=as_of)
    if history is None:
        return LogAnswer(question, naming.dataset(dataset_id), (), (), (_UNHARVESTED,))
    writers = _writers(reader, dataset_id, as_of)
    current = _current_periods(reader, dataset_id, as_of)
    expiries = {one.snapshot_id: one.since for one in history.expiries}
    lines = tuple(
        _line(
            snapshot,
            tuple(current.get(snapshot.snapshot_id, ())),
            _known_by(expiries.get(snapshot.snapshot_id), as_of.valid),
            writers.get(snapshot.snapshot_id),
        )
        for snapshot in history.snapshots
        if snapshot.committed_at <= as_of.valid
    )
    doubts = tuple(gap.what for gap in history.gaps)
    back = rollback_lines(history, until=as_of.valid)
    return LogAnswer(question, naming.dataset(dataset_id), lines, back, doubts)


def show(reader: Reader, address: DatasetAddress, question: Question) -> TableAnswer:
    """Answer `tl show DATASET`."""
    as_of = question.as_of
    dataset_id = find_dataset(reader, address.name, as_of=as_of)
    node = reader.named(node_ids=[dataset_id])[dataset_id]
    history = remembered(reader, dataset_id, system=as_of.system)
    name = Naming(reader, as_of=as_of).dataset(dataset_id)
    if history is None:
        versions = told_versions(reader, dataset_id, as_of)
        return _unharvested(question, name, node.name, versions)
    refs = refs_at(reader, dataset_id, as_of)
    schema_id = refs[MAIN].schema_id if MAIN in refs else None
    schema = history.schema(schema_id=schema_id) if schema_id is not None else None
    commits = [one.committed_at for one in history.snapshots if one.committed_at <= as_of.valid]
    return TableAnswer(
        question=question,
        dataset=name,
        identity=str(history.identity),
        format=history.identity.format.value,
        location=history.location,
        names=_names(reader, dataset_id, as_of),
        harvested_at=last_look(reader, dataset_id, address=None, system=as_of.system),
        missing_since=_missing_since(reader, dataset_id, as_of),
        features=history.features,
        snapshots=len(commits),
        expired=sum(one.since <= as_of.valid for one in history.expiries),
        first_commit=min(commits, default=None),
        last_commit=max(commits, default=None),
        refs=tuple(_ref(reader, dataset_id, as_of, ref, one) for ref, one in refs.items()),
        columns=tuple(
            ColumnLine(field.field_id, field.path, field.type, field.required)
            for field in (schema.fields if schema else ())
        ),
        versions=(),
        doubts=tuple(gap.what for gap in history.gaps),
    )


def show_all(reader: Reader, question: Question) -> CatalogAnswer:
    """Answer `tl show` without a name."""
    as_of = question.as_of
    naming = Naming(reader, as_of=question.as_of)
    lines = []
    for node in known_datasets(reader, as_of=as_of):
        table = table_claim(reader, node.node_id, system=as_of.system)
        snapshots = reader.timelines(
            node_id=node.node_id, kind=AttributeKind.SNAPSHOT, system=as_of.system
        )
        told = [line[-1].valid.start for line in snapshots.values()]
        commits = [one for one in told if one <= as_of.valid]
        lines.append(
            DatasetLine(
                dataset=naming.dataset(node.node_id),
                format=table.format if table else None,
                snapshots=len(commits),
                last_commit=max(commits, default=None),
                missing_since=_missing_since(reader, node.node_id, as_of),
            )
        )
    ordered = tuple(sorted(lines, key=lambda line: (line.format is None, line.dataset)))
    return CatalogAnswer(question, ordered, ())


def _ref(reader: Reader, dataset_id: int, as_of: AsOf, name: str, entry: LogEntry) -> RefLine:
    """Tell since when a ref has named what it names; a new schema alone begins nothing."""
    log = remembered_log(reader, dataset_id, name, system=as_of.system)
    since = entry.period.start
    for earlier in reversed(log.entries if log else ()):
        if earlier.period.end == since and earlier.state == entry.state:
            since = earlier.period.start
    ids: tuple[int, ...] = ()
    if isinstance(entry.state, Current) and entry.state.snapshot_id is not None:
        ids = (entry.state.snapshot_id,)
    return RefLine(name, ids, entry.certainty.value, since)


def _names(reader: Reader, dataset_id: int, as_of: AsOf) -> tuple[NameLine, ...]:
    named = reader.timelines(node_id=dataset_id, kind=AttributeKind.NAMED, system=as_of.system)
    lines = [NameLine(name, one.valid) for name, line in named.items() for one in line]
    return tuple(sorted(lines, key=lambda line: (line.held, line.name)))


def _missing_since(reader: Reader, dataset_id: int, as_of: AsOf) -> Instant | None:
    gone = absence(reader, dataset_id, as_of)
    return gone.first_missed if gone is not None else None


def _unharvested(
    question: Question, name: str, identity: str, versions: tuple[str, ...]
) -> TableAnswer:
    return TableAnswer(
        question=question,
        dataset=name,
        identity=identity.replace("\x1f", "/"),
        format=None,
        location=None,
        names=(),
        harvested_at=None,
        missing_since=None,
        features=(),
        snapshots=0,
        expired=0,
        first_commit=None,
        last_commit=None,
        refs=(),
        columns=(),
        versions=versions,
        doubts=(_UNHARVESTED,),
    )


def _line(
    snapshot: Snapshot,
    current: tuple[Period, ...],
    expired_at: Instant | None,
    writer: WriterClaim | None,
) -> LogLine:
    return LogLine(
        snapshot_id=snapshot.snapshot_id,
        parent_id=snapshot.parent_id,
        committed_at=snapshot.committed_at,
        operation=snapshot.operation,
        schema_id=snapshot.schema_id,
        added_rows=snapshot.counts.added_rows,
        removed_rows=snapshot.counts.removed_rows,
        current=current,
        expired_at=expired_at,
        job=writer.job if writer else None,
        run=writer.run if writer else None,
    )


def _current_periods(reader: Reader, dataset_id: int, as_of: AsOf) -> dict[int, list[Period]]:
    log = remembered_log(reader, dataset_id, MAIN, system=as_of.system)
    periods: dict[int, list[Period]] = {}
    for entry in log.entries if log else ():
        if entry.period.start > as_of.valid:
            break
        match entry.state:
            case Current(snapshot_id) if snapshot_id is not None:
                held = periods.setdefault(snapshot_id, [])
                if held and held[-1].end == entry.period.start:
                    held[-1] = type(entry.period)(held[-1].start, entry.period.end)
                else:
                    held.append(entry.period)
            case _:
                pass
    return periods


def _writers(reader: Reader, dataset_id: int, as_of: AsOf) -> dict[int, WriterClaim]:
    """Give the run that made each snapshot, for those whose run is known."""
    versions = {
        node.node_id: int(node.name)
        for node in reader.children(parent_id=dataset_id, kind=NodeKind.VERSION)
        if node.name.isdecimal()
    }
    believed = reader.attributes_of(
        node_ids=list(versions),
        kind=AttributeKind.WRITER,
        as_of=AsOf(valid=LAST, system=as_of.system),
    )
    return {versions[one.node_id]: decode(WriterClaim, one.claim) for one in believed}


def _known_by(instant: Instant | None, valid: Instant) -> Instant | None:
    return instant if instant is not None and instant <= valid else None
