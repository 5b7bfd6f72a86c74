"""What is known of a dataset, or of all: `tl show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.records import dataclass
from snapshots.refs import MAIN
from snapshots.snapshot_log import Current
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.harvesting.looks import absence, absences, last_look
from temporal_lineage.harvesting.ref_logs import refs_at, remembered_log
from temporal_lineage.harvesting.table_claims import table_claims
from temporal_lineage.keys import AttributeKind
from temporal_lineage.naming import Naming, find_dataset, known_datasets
from temporal_lineage.questions.question import UNHARVESTED
from temporal_lineage.questions.states.versions import told_versions
from temporal_lineage.questions.tables.defined import (
    clustered_by,
    definition_at,
    partitioned_by,
    properties_at,
    sorted_by,
)
from temporal_lineage.questions.tables.told import DatasetTold, dataset_told

if TYPE_CHECKING:
    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from snapshots.period import Period
    from snapshots.snapshot_log import LogEntry
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


_TXN = "txn."
"""How a Delta commit's summary names an application's transaction."""


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
    that was harvested by its path alone. `partitioning`, `sort_order` and `clustering` are written
    with the names columns had then; `next_row_id` is None where rows have no ids. `applications`
    says how far each application had come with its own Delta transactions, `described` what events
    say of the dataset.
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
    partitioning: tuple[str, ...]
    sort_order: tuple[str, ...]
    clustering: tuple[str, ...]
    properties: dict[str, str]
    domains: dict[str, str]
    applications: dict[str, str]
    next_row_id: int | None
    statistics: int
    snapshots: int
    expired: int
    first_commit: Instant | None
    last_commit: Instant | None
    refs: tuple[RefLine, ...]
    columns: tuple[ColumnLine, ...]
    versions: tuple[str, ...]
    described: DatasetTold
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


def show(reader: Reader, address: DatasetAddress, question: Question) -> TableAnswer:
    """Answer `tl show DATASET`."""
    as_of = question.as_of
    dataset_id = find_dataset(reader, address.name, as_of=as_of)
    node = reader.named(node_ids=[dataset_id])[dataset_id]
    history = remembered(reader, dataset_id, system=as_of.system)
    name = Naming(reader, as_of=as_of).dataset(dataset_id)
    if history is None:
        versions = told_versions(reader, dataset_id, as_of)
        described = dataset_told(reader, dataset_id, name, as_of)
        return _unharvested(question, name, node.name, versions, described)
    refs = refs_at(reader, dataset_id, as_of)
    schema_id = refs[MAIN].schema_id if MAIN in refs else None
    schema = history.schema(schema_id=schema_id) if schema_id is not None else None
    told = definition_at(reader, dataset_id, as_of)
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
        features=told.get("features", history.features),
        partitioning=partitioned_by(told["partitioning"], schema) if told else (),
        sort_order=sorted_by(told["sort_order"], schema) if told else (),
        clustering=clustered_by(told["clustering"], schema) if told else (),
        properties=properties_at(reader, dataset_id, as_of),
        domains=told.get("domains", {}),
        applications=_applications(history, as_of.valid),
        next_row_id=told.get("next_row_id"),
        statistics=len(told.get("statistics", ())),
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
        described=dataset_told(reader, dataset_id, name, as_of),
        doubts=tuple(gap.what for gap in history.gaps),
    )


def show_all(reader: Reader, question: Question) -> CatalogAnswer:
    """Answer `tl show` without a name."""
    as_of = question.as_of
    known = [node.node_id for node in known_datasets(reader, as_of=as_of)]
    names = Naming(reader, as_of=as_of).datasets(known)
    tables = table_claims(reader, known, system=as_of.system)
    away = absences(reader, known, as_of)
    snapshots = reader.timelines_of(
        node_ids=known, kind=AttributeKind.SNAPSHOT, system=as_of.system
    )
    lines = []
    for dataset_id in known:
        table = tables.get(dataset_id)
        told = [line[-1].valid.start for line in snapshots.get(dataset_id, {}).values()]
        commits = [one for one in told if one <= as_of.valid]
        lines.append(
            DatasetLine(
                dataset=names[dataset_id],
                format=table.format if table else None,
                snapshots=len(commits),
                last_commit=max(commits, default=None),
                missing_since=away[dataset_id].first_missed if dataset_id in away else None,
            )
        )
    ordered = tuple(sorted(lines, key=lambda line: (line.format is None, line.dataset)))
    return CatalogAnswer(question, ordered, ())


def _ref(reader: Reader, dataset_id: int, as_of: AsOf, name: str, entry: LogEntry) -> RefLine:
    """Tell since when a ref has named what it names; a new schema alone begins nothing."""
    log = remembered_log(reader, dataset_id, name, system=as_of.system)
    since = entry.period.start
    for earlier in reversed(log.entries if log else ()):
        if earlier.period.start < since <= earlier.period.end and earlier.state == entry.state:
            since = earlier.period.start
    ids: tuple[int, ...] = ()
    if isinstance(entry.state, Current) and entry.state.snapshot_id is not None:
        ids = (entry.state.snapshot_id,)
    return RefLine(name, ids, entry.certainty.value, since)


def _names(reader: Reader, dataset_id: int, as_of: AsOf) -> tuple[NameLine, ...]:
    named = reader.timelines(node_id=dataset_id, kind=AttributeKind.NAMED, system=as_of.system)
    lines = [NameLine(name, one.valid) for name, line in named.items() for one in line]
    return tuple(sorted(lines, key=lambda line: (line.held, line.name)))


def _applications(history: TableHistory, valid: Instant) -> dict[str, str]:
    """Give the last transaction of each application, of those that commits told of."""
    found: dict[str, str] = {}
    for one in history.snapshots:
        if one.committed_at <= valid:
            told = ((key, value) for key, value in one.summary.items() if key.startswith(_TXN))
            found.update((key.removeprefix(_TXN), value) for key, value in told)
    return found


def _missing_since(reader: Reader, dataset_id: int, as_of: AsOf) -> Instant | None:
    gone = absence(reader, dataset_id, as_of)
    return gone.first_missed if gone is not None else None


def _unharvested(
    question: Question,
    name: str,
    identity: str,
    versions: tuple[str, ...],
    described: DatasetTold,
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
        partitioning=(),
        sort_order=(),
        clustering=(),
        properties={},
        domains={},
        applications={},
        next_row_id=None,
        statistics=0,
        snapshots=0,
        expired=0,
        first_commit=None,
        last_commit=None,
        refs=(),
        columns=(),
        versions=versions,
        described=described,
        doubts=(UNHARVESTED,),
    )
