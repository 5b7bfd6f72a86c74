"""How a schema changed: `tl schema log` and `tl schema diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.errors import UnknownNameError
from snapshots.records import dataclass
from snapshots.refs import MAIN
from snapshots.schema_difference import (
    Added,
    Created,
    Dropped,
    SchemaChange,
    describe,
    difference,
    grade,
)
from temporal_lineage.addresses import AtInstant, AtVersion
from temporal_lineage.harvesting.history_parts import remembered_schema, remembered_snapshot
from temporal_lineage.harvesting.ref_logs import remembered_log
from temporal_lineage.naming import Naming, find_addressed
from temporal_lineage.questions.states.meant import entry_at, version_of
from temporal_lineage.questions.states.versions import version_or_ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.instant import Instant
    from snapshots.schema import SchemaVersion
    from snapshots.snapshot_log import SnapshotLog
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change of one field, by field id, and how it is graded. DESIGN 4.2.

    `field_id` is None where the table itself was created.
    """

    field_id: int | None
    kind: str
    grade: str
    text: str


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """A schema became current then; `changes` are against the one before it."""

    since: Instant
    schema_id: int
    witness: str
    changes: tuple[ChangeLine, ...]


@dataclass(frozen=True, slots=True)
class SchemaLogAnswer:
    """Every schema readers of main saw up to the instant asked for, oldest first."""

    ROWS: ClassVar[str | None] = "steps"

    question: Question
    dataset: str
    steps: tuple[SchemaStep, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SchemaDiffAnswer:
    """What changed between two schemas of one table."""

    ROWS: ClassVar[str | None] = "changes"

    question: Question
    dataset: str
    before_schema_id: int
    after_schema_id: int
    changes: tuple[ChangeLine, ...]
    doubts: tuple[str, ...]


def schema_log(reader: Reader, address: DatasetAddress, question: Question) -> SchemaLogAnswer:
    """Answer `tl schema log`: schema changes without a snapshot are there too."""
    as_of = question.as_of
    dataset_id = find_addressed(reader, address, as_of=as_of)
    log = remembered_log(reader, dataset_id, MAIN, system=as_of.system)
    if log is None or log.at(as_of.valid) is None:
        entry_at(
            reader, dataset_id, address.name, ref=MAIN, valid=as_of.valid, system=as_of.system
        )  # raises the helpful error where there is no history
    steps, doubts = schema_steps(reader, dataset_id, log, as_of)
    name = Naming(reader, as_of=as_of).dataset(dataset_id)
    return SchemaLogAnswer(question, name, steps, doubts)


def schema_steps(
    reader: Reader, dataset_id: int, log: SnapshotLog | None, as_of: AsOf
) -> tuple[tuple[SchemaStep, ...], tuple[str, ...]]:
    """Give every schema that was current on a ref up to an instant, and what is not known."""

    def schema_called(schema_id: int) -> SchemaVersion | None:
        return remembered_schema(reader, dataset_id, schema_id, system=as_of.system)

    return steps_of_log(log, schema_called, until=as_of.valid)


def steps_of_log(
    log: SnapshotLog | None,
    schema_called: Callable[[int], SchemaVersion | None],
    *,
    until: Instant,
) -> tuple[tuple[SchemaStep, ...], tuple[str, ...]]:
    """Give the same by a log and by what gives a schema by its id, None for one never seen."""
    steps: list[SchemaStep] = []
    doubts: dict[str, None] = {}
    before: SchemaVersion | None = None
    for entry in log.entries if log else ():
        if entry.period.start > until:
            break
        if entry.schema_id is None:
            doubts[f"which schema was current from {entry.period.start} on is unknown"] = None
            continue
        if before is not None and entry.schema_id == before.schema_id:
            continue
        schema = schema_called(entry.schema_id)
        if schema is None:
            doubts[f"schema {entry.schema_id} was current, but its fields were never seen"] = None
            continue
        changes = changes_between(before, schema)
        steps.append(SchemaStep(entry.period.start, entry.schema_id, entry.witness, changes))
        before = schema
    return tuple(steps), tuple(doubts)


def schema_diff(
    reader: Reader, before: DatasetAddress, after: DatasetAddress, question: Question
) -> SchemaDiffAnswer:
    """Answer `tl schema diff A B`: two states of one table, by field id."""
    as_of = question.as_of
    dataset_id = find_addressed(reader, before, as_of=as_of)
    other_id = find_addressed(reader, after, as_of=as_of)
    if other_id != dataset_id:
        # One name may mean two tables at two times; what each is called now tells them apart.
        naming = Naming(reader, as_of=as_of)
        raise UnknownNameError(
            "common table of",
            f"{naming.dataset(dataset_id)} and {naming.dataset(other_id)}",
            (),
            "field ids can be compared within one table only",
        )
    old = schema_of(reader, dataset_id, before, as_of)
    new = schema_of(reader, dataset_id, after, as_of)
    return SchemaDiffAnswer(
        question=question,
        dataset=Naming(reader, as_of=as_of).dataset(dataset_id),
        before_schema_id=old.schema_id,
        after_schema_id=new.schema_id,
        changes=changes_between(old, new),
        doubts=(),
    )


def schema_of(
    reader: Reader, dataset_id: int, address: DatasetAddress, as_of: AsOf
) -> SchemaVersion:
    """Give the schema of a state: the one it was written under, or the one current at a time."""
    schema_id: int | None
    at = version_or_ref(reader, dataset_id, address.at, system=as_of.system)
    if isinstance(at, AtVersion):
        version = version_of(reader, dataset_id, address, as_of)
        snapshot = (
            remembered_snapshot(reader, dataset_id, int(version), system=as_of.system)
            if version.isdecimal()
            else None
        )
        schema_id = snapshot.schema_id if snapshot else None
    else:
        ref = MAIN if at is None else at.ref
        valid = at.instant if isinstance(at, AtInstant) else as_of.valid
        schema_id = entry_at(
            reader, dataset_id, address.name, ref=ref, valid=valid, system=as_of.system
        ).schema_id
    schema = (
        remembered_schema(reader, dataset_id, schema_id, system=as_of.system)
        if schema_id is not None
        else None
    )
    if schema is None:
        raise UnknownNameError(
            "known schema of", str(address), (), f"`tl schema log {address.name}` lists them"
        )
    return schema


def changes_between(before: SchemaVersion | None, after: SchemaVersion) -> tuple[ChangeLine, ...]:
    """Give the changes between two schemas of one table, graded."""
    return tuple(
        ChangeLine(
            _field_id(change), type(change).__name__.lower(), grade(change).value, describe(change)
        )
        for change in difference(before, after)
    )


def _field_id(change: SchemaChange) -> int | None:
    match change:
        case Created():
            return None
        case Added(field, _) | Dropped(field, _):
            return field.field_id
        case _:
            return change.new.field_id
