"""Run records: all events of a run as one value, whatever their order and repetition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from itertools import groupby
from typing import Any, TypeVar

from snapshots.dataset import Dataset
from snapshots.instant import Instant
from temporal_lineage.capture.openlineage_events import (
    DatasetMention,
    Engine,
    EngineKey,
    JobName,
    LineageEntry,
    NominalTime,
    ParentRun,
    ReadOption,
    RunEvent,
    RunEventKind,
    SourceCode,
)
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.evidence.spoken_outputs import spoken_change
from temporal_lineage.evidence.strangers import divided

T = TypeVar("T")

ANCESTORS_MAX = 20


class RunState(StrEnum):
    """How far a run has come, by the events that were heard."""

    UNKNOWN = "UNKNOWN"
    """Only OTHER events were heard."""
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ABORT = "ABORT"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Observation:
    """All that the events of one run say of one dataset on one side, START and end kept apart.

    `dataset` is the canonical name. `start` is what the first START that names the dataset says,
    `terminal` what the last COMPLETE, ABORT or FAIL says, each None where none names it; of
    several, one that tells a version goes before one that does not. `during` is what all other
    events say, oldest first.
    """

    dataset: Dataset
    start: DatasetMention | None
    during: tuple[DatasetMention, ...]
    terminal: DatasetMention | None

    def mentions(self) -> tuple[DatasetMention, ...]:
        """Give all of them, oldest first."""
        first = () if self.start is None else (self.start,)
        last = () if self.terminal is None else (self.terminal,)
        return (*first, *self.during, *last)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run: its events, oldest first and each once, and what they say together.

    `started_at` is the first START, `ended_at` the last COMPLETE, ABORT or FAIL; None where no
    such event was heard. `first_at` and `last_at` are the ends of all events. `inputs` and
    `outputs` are ordered by name; where no event names an output, the SQL may. `keys` include those
    of the run's known ancestors, since Spark tells the application's id only of the application's
    own run. Of what only one event needs to say (`parent`, `code` and so on) the newest word
    counts; None where none said it. `strangers` are events that carry this run's id and tell of
    another run: nothing of them is said here.
    """

    run_id: str
    job: JobName
    state: RunState
    started_at: Instant | None
    ended_at: Instant | None
    first_at: Instant
    last_at: Instant
    producer: str
    inputs: tuple[Observation, ...]
    outputs: tuple[Observation, ...]
    lineage: tuple[LineageEntry, ...]
    parent: ParentRun | None
    nominal: NominalTime | None
    error: str | None
    engine: Engine | None
    keys: tuple[EngineKey, ...]
    options: tuple[ReadOption, ...]
    queries: tuple[str, ...]
    sql_dialect: str | None
    code: SourceCode | None
    events: tuple[RunEvent, ...]
    strangers: tuple[RunEvent, ...]


def gather(
    events: Iterable[RunEvent], known: Mapping[str, RunRecord] | None = None
) -> Mapping[str, RunRecord]:
    """Group events by run: the same events in any order, any number of times, give the same.

    To add events later, gather the old records' `events` and `strangers` with them. `known` are
    records of other runs, which may be ancestors of these.
    """
    by_run: dict[str, set[RunEvent]] = defaultdict(set)
    for event in events:
        by_run[event.run_id].add(event)
    records = {run_id: _record(run_id, _ordered(by_run[run_id])) for run_id in sorted(by_run)}
    family = {**(known or {}), **records}
    return {run_id: _with_ancestors_keys(record, family) for run_id, record in records.items()}


def passed_on(record: RunRecord, records: Mapping[str, RunRecord]) -> frozenset[EngineKey]:
    """Give the engine keys that a run's children have from it and from its ancestors."""
    found: set[EngineKey] = set()
    ancestor: RunRecord | None = record
    for _ in range(ANCESTORS_MAX):
        if ancestor is None or ancestor.strangers:
            # Whose children these are, an id of several runs does not tell.
            break
        found |= _own_to_pass(ancestor)
        ancestor = records.get(ancestor.parent.run_id) if ancestor.parent else None
    return frozenset(found)


def together(observations: Sequence[Observation]) -> Observation:
    """Join what one run says of one table under several of its names; at least one is needed."""
    ordered = sorted(observations, key=lambda one: one.dataset)
    starts = [one.start for one in ordered if one.start is not None]
    ends = [one.terminal for one in ordered if one.terminal is not None]
    between = [mention for one in ordered for mention in one.during]
    return Observation(
        dataset=ordered[0].dataset,
        start=_joined(starts),
        during=tuple(between),
        terminal=_joined(ends),
    )


def _record(run_id: str, heard: Sequence[RunEvent]) -> RunRecord:
    sides = divided(heard)
    events = sides.own
    starts = [event for event in events if event.kind is RunEventKind.START]
    ends = [event for event in events if event.kind.terminal]
    newest = events[-1]
    return RunRecord(
        run_id=run_id,
        job=(ends or events)[-1].job,
        state=_state(events, ends),
        started_at=starts[0].at if starts else None,
        ended_at=ends[-1].at if ends else None,
        first_at=events[0].at,
        last_at=newest.at,
        producer=newest.producer,
        inputs=_observations([(event.kind, event.inputs) for event in events]),
        outputs=_outputs(events),
        lineage=next((event.lineage for event in reversed(events) if event.lineage), ()),
        parent=_newest([event.parent for event in events]),
        nominal=_newest([event.nominal for event in events]),
        error=_newest([event.error for event in events]),
        engine=_newest([event.engine for event in events]),
        keys=tuple(sorted({key for event in events for key in event.keys})),
        options=_distinct([option for event in events for option in event.options]),
        queries=_distinct([event.sql for event in events if event.sql]),
        sql_dialect=_newest([event.sql_dialect for event in events]),
        code=_newest([event.code for event in events]),
        events=events,
        strangers=sides.strangers,
    )


def _outputs(events: Sequence[RunEvent]) -> tuple[Observation, ...]:
    spoken = spoken_change(events)
    if spoken is not None:
        return _observations([(event.kind, (spoken[1],)) for event in events])
    return _observations([(event.kind, event.outputs) for event in events])


_ORDER = {
    RunEventKind.START: 0,
    RunEventKind.RUNNING: 1,
    RunEventKind.OTHER: 2,
    RunEventKind.ABORT: 3,
    RunEventKind.FAIL: 4,
    RunEventKind.COMPLETE: 5,
}


def _ordered(events: Iterable[RunEvent]) -> list[RunEvent]:
    """Order by time, then by transition; what still ties by the whole content, which is slow."""
    ranked = sorted(events, key=_rank)
    result: list[RunEvent] = []
    for _, tied in groupby(ranked, key=_rank):
        group = list(tied)
        result += sorted(group, key=repr) if len(group) > 1 else group
    return result


def _rank(event: RunEvent) -> tuple[Instant, int]:
    return event.at, _ORDER[event.kind]


def _state(events: Sequence[RunEvent], ends: Sequence[RunEvent]) -> RunState:
    if ends:
        return RunState(ends[-1].kind.value)
    if any(event.kind in (RunEventKind.START, RunEventKind.RUNNING) for event in events):
        return RunState.RUNNING
    return RunState.UNKNOWN


def _observations(
    sides: Sequence[tuple[RunEventKind, Sequence[DatasetMention]]],
) -> tuple[Observation, ...]:
    seen: dict[Dataset, list[tuple[RunEventKind, DatasetMention]]] = defaultdict(list)
    for kind, mentions in sides:
        for mention in mentions:
            seen[canonical(mention.dataset)].append((kind, mention))
    return tuple(_observation(dataset, seen[dataset]) for dataset in sorted(seen))


def _observation(
    dataset: Dataset, told: Sequence[tuple[RunEventKind, DatasetMention]]
) -> Observation:
    starts = [n for n, (kind, _) in enumerate(told) if kind is RunEventKind.START]
    ends = [n for n in reversed(range(len(told))) if told[n][0].terminal]
    first, last = _first_with_version(starts, told), _first_with_version(ends, told)
    return Observation(
        dataset=dataset,
        start=None if first is None else told[first][1],
        during=_distinct([told[n][1] for n in range(len(told)) if n not in (first, last)]),
        terminal=None if last is None else told[last][1],
    )


def _first_with_version(
    places: Sequence[int], told: Sequence[tuple[RunEventKind, DatasetMention]]
) -> int | None:
    """Give the first place that tells a version, else the first; None for none."""
    versions = [n for n in places if told[n][1].version is not None]
    return next(iter((*versions, *places)), None)


def _joined(mentions: Sequence[DatasetMention]) -> DatasetMention | None:
    """Join mentions under several names: the first word on each thing counts, names add up."""
    if not mentions:
        return None
    names = {name for one in mentions for name in (one.dataset, *one.symlinks)}
    first = mentions[0]
    missing: dict[str, Any] = {
        field.name: next(
            (value for one in mentions[1:] if (value := getattr(one, field.name)) is not None),
            None,
        )
        for field in fields(first)
        if getattr(first, field.name) is None
    }
    symlinks = tuple(sorted(names - {first.dataset}))
    return replace(first, symlinks=symlinks, **missing)


def _with_ancestors_keys(record: RunRecord, records: Mapping[str, RunRecord]) -> RunRecord:
    kinds = {key.kind for key in record.keys}
    found = set(record.keys)
    ancestor = record
    for _ in range(ANCESTORS_MAX):
        if ancestor.parent is None:
            break
        above = records.get(ancestor.parent.run_id)
        if above is None or above.strangers:
            break
        ancestor = above
        found |= {key for key in _own_to_pass(ancestor) if key.kind not in kinds}
    return record if len(found) == len(record.keys) else replace(record, keys=tuple(sorted(found)))


def _own_to_pass(record: RunRecord) -> set[EngineKey]:
    return {key for event in record.events for key in event.keys if not key.kind.names_one_run}


def _newest(values: Sequence[T | None]) -> T | None:
    return next((value for value in reversed(values) if value is not None), None)


def _distinct(values: Sequence[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
