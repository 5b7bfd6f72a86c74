"""How a table changed in all but its rows: `tl table log`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from snapshots.instant import FOREVER
from snapshots.producer import producer_of
from snapshots.refs import MAIN
from snapshots.snapshot_log import Absent
from temporal_lineage.claims import decode
from temporal_lineage.harvesting.definitions import ASPECTS
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.harvesting.ref_logs import log_entry
from temporal_lineage.keys import AttributeKind
from temporal_lineage.naming import Naming, find_addressed
from temporal_lineage.questions.question import UNHARVESTED
from temporal_lineage.questions.schemas.history import schema_log
from temporal_lineage.questions.tables.defined import clustered_by, partitioned_by, sorted_by
from temporal_lineage.questions.tables.snapshots import writers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from snapshots.schema import SchemaVersion
    from snapshots.snapshot import Snapshot
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Believed, Reader

PARTS = (
    *("schema", "partitioning", "sort-order", "clustering", "properties", "features"),
    *("domains", "statistics", "refs", "names"),
)
"""What may change of a table, as `--only` names it."""


@dataclass(frozen=True, slots=True)
class TableChange:
    """One change of one part of a table, and who made it.

    `version` is the snapshot that came with the change; None for a commit of metadata alone. `job`
    is None where no run claims that snapshot, `engine` and `user` where it does not name them.
    """

    since: Instant
    part: str
    what: str
    version: str | None
    job: str | None
    engine: str | None
    user: str | None


@dataclass(frozen=True, slots=True)
class TableLogAnswer:
    """Every change of what a table is, but for its rows, up to the instant asked for."""

    ROWS: ClassVar[str | None] = "changes"

    question: Question
    dataset: str
    changes: tuple[TableChange, ...]
    doubts: tuple[str, ...]


_Told = tuple["Instant", str, str]
"""When, which part, and what."""


def table_log(
    reader: Reader, address: DatasetAddress, question: Question, *, parts: Sequence[str]
) -> TableLogAnswer:
    """Answer `tl table log`; all parts where none are named."""
    as_of = question.as_of
    dataset_id = find_addressed(reader, address, as_of=as_of)
    name = Naming(reader, as_of=as_of).dataset(dataset_id)
    history = remembered(reader, dataset_id, system=as_of.system)
    if history is None:
        return TableLogAnswer(question, name, (), (UNHARVESTED,))
    schemas = schema_log(reader, address, question)
    told: list[_Told] = [
        (step.since, "schema", change.text) for step in schemas.steps for change in step.changes
    ]
    told += _defined(reader, dataset_id, history, system=as_of.system)
    told += _refs(reader, dataset_id, system=as_of.system)
    told += _names(reader, dataset_id, system=as_of.system)
    wanted = set(parts or PARTS)
    made = _made(history)
    writers = writers_of(reader, dataset_id, as_of)
    changes = []
    for since, part, what in sorted(told, key=lambda one: (one[0], PARTS.index(one[1]))):
        if since > as_of.valid or part not in wanted:
            continue
        # A catalog's names have other causes than the table's commits.
        snapshot = made.get(since) if part != "names" else None
        producer = producer_of(snapshot.summary if snapshot else {})
        writer = writers.get(snapshot.snapshot_id) if snapshot else None
        changes.append(
            TableChange(
                since=since,
                part=part,
                what=what,
                version=str(snapshot.snapshot_id) if snapshot else None,
                job=writer.job if writer else None,
                engine=producer.engine,
                user=producer.user,
            )
        )
    doubts = (*schemas.doubts, *(gap.what for gap in history.gaps))
    return TableLogAnswer(question, name, tuple(changes), tuple(dict.fromkeys(doubts)))


def _made(history: TableHistory) -> dict[Instant, Snapshot]:
    """Find the snapshots that came with changes, where no two share an instant."""
    found: dict[Instant, Snapshot | None] = {}
    for one in history.snapshots:
        found[one.committed_at] = None if one.committed_at in found else one
    return {at: one for at, one in found.items() if one is not None}


def _defined(
    reader: Reader, dataset_id: int, history: TableHistory, *, system: Instant
) -> Iterator[_Told]:
    kinds = (AttributeKind.PROPERTIES, AttributeKind.DEFINITION)
    properties, defined = (
        reader.timelines(node_id=dataset_id, kind=kind, system=system) for kind in kinds
    )
    schema_at = _schema_at(history)
    for before, value, at in _steps(properties.get("", ()), dict[str, str]):
        yield from ((at, "properties", one) for one in _keys_changed(before or {}, value))
    for aspect, write in _WRITTEN.items():
        part = aspect.replace("_", "-")
        first = True
        for _, value, at in _steps(defined.get(aspect, ()), ASPECTS[aspect]):
            what = ", ".join(write(value, schema_at(at)))
            if what or not first:
                verb = _VERBS[aspect]
                yield at, part, f"{verb} by {what}" if what else f"no longer {verb}"
            first = False
    for before, value, at in _steps(defined.get("features", ()), ASPECTS["features"]):
        yield from ((at, "features", one) for one in _members_changed(before or (), value))
    for before, value, at in _steps(defined.get("domains", ()), ASPECTS["domains"]):
        yield from ((at, "domains", one) for one in _keys_changed(before or {}, value))
    for before, value, at in _steps(defined.get("statistics", ()), ASPECTS["statistics"]):
        old, new = (
            [f"{one.kind} statistics of snapshot {one.snapshot_id}" for one in files]
            for files in (before or (), value)
        )
        yield from ((at, "statistics", one) for one in _members_changed(old, new))


_WRITTEN: dict[str, Callable[[Any, SchemaVersion | None], tuple[str, ...]]] = {
    "partitioning": partitioned_by,
    "sort_order": sorted_by,
    "clustering": clustered_by,
}
_VERBS = {"partitioning": "partitioned", "sort_order": "sorted", "clustering": "clustered"}


def _steps(line: Sequence[Believed], kind: Any) -> Iterator[tuple[Any, Any, Instant]]:  # noqa: ANN401 - a type, or a union of some
    before = None
    for one in line:
        value = decode(kind, one.claim)
        yield before, value, one.valid.start
        before = value


def _keys_changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for key in sorted({*before, *after}):
        if key not in after:
            yield f"removed {key}, which was {before[key]}"
        elif key not in before:
            yield f"set {key} to {after[key]}"
        elif before[key] != after[key]:
            yield f"changed {key} from {before[key]} to {after[key]}"


def _members_changed(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield from (f"added {one}" for one in after if one not in before)
    yield from (f"removed {one}" for one in before if one not in after)


def _schema_at(history: TableHistory) -> Callable[[Instant], SchemaVersion | None]:
    log = history.log(MAIN)
    schemas = {one.schema_id: one for one in history.schemas}

    def at(instant: Instant) -> SchemaVersion | None:
        entry = log.at(instant)
        return schemas.get(entry.schema_id) if entry and entry.schema_id is not None else None

    return at


def _refs(reader: Reader, dataset_id: int, *, system: Instant) -> Iterator[_Told]:
    lines = reader.timelines(node_id=dataset_id, kind=AttributeKind.REF, system=system)
    for name, line in lines.items():
        if name == MAIN:
            continue
        was_there = False
        for believed in line:
            is_there = not isinstance(log_entry(believed).state, Absent)
            if is_there != was_there:
                verb = "made" if is_there else "removed"
                yield believed.valid.start, "refs", f"{verb} {name}"
            was_there = is_there


def _names(reader: Reader, dataset_id: int, *, system: Instant) -> Iterator[_Told]:
    lines = reader.timelines(node_id=dataset_id, kind=AttributeKind.NAMED, system=system)
    for name, line in lines.items():
        for believed in line:
            yield believed.valid.start, "names", f"called {name}"
            if believed.valid.end < FOREVER:
                yield believed.valid.end, "names", f"no longer listed as {name}"
