"""Flow sightings: what the events of a run show of what feeds what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from snapshots.dataset import Dataset
from snapshots.instant import Instant
from temporal_lineage.capture.openlineage_events import (
    ColumnSource,
    DatasetMention,
    DatasetSource,
    JobName,
    LineageEntry,
    Transformation,
)
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.evidence.flows import Coverage, FlowSighting
from temporal_lineage.evidence.runs import RunRecord, RunState


@dataclass(frozen=True, slots=True)
class ColumnFlow:
    """A column that feeds an output column, and how; another way to feed it is another flow.

    `field` is None where the source dataset as a whole does, `target` where all columns of the
    output are meant: filters, joins, sorting. `schema_id` is the schema in which `field` is a
    name, None for the one that was current when the run started. `by` is what told it where that
    is no event.
    """

    dataset: Dataset
    field: str | None
    target: str | None
    transformations: tuple[Transformation, ...]
    schema_id: int | None
    by: tuple[str, ...]


DatasetSighting = FlowSighting[Dataset]
ColumnSighting = FlowSighting[ColumnFlow]


def dataset_sightings(run: RunRecord) -> tuple[DatasetSighting, ...]:
    """Give what feeds each output of a run: an explicit `lineage` facet, else all its inputs.

    Names are canonical. A run that failed shows nothing. DESIGN 4.4.
    """
    said = _Said.by_run(run)
    return () if said is None else tuple(_datasets(said))


def column_sightings(run: RunRecord) -> tuple[ColumnSighting, ...]:
    """Give what feeds each output's columns, for outputs with a `columnLineage` or `lineage` facet.

    Where an explicit `lineage` facet names columns of an output, it wins.
    """
    said = _Said.by_run(run)
    return () if said is None else tuple(_columns(said))


def without_columns(run: RunRecord, told: Iterable[ColumnSighting]) -> tuple[Dataset, ...]:
    """Give the outputs of a run that did not fail of whose columns its events tell nothing.

    What an explicit `lineage` facet speaks of is left to it.
    """
    said = _Said.by_run(run)
    if said is None:
        return ()
    known = {one.output for one in told}
    return tuple(
        output
        for output in sorted(said.outputs)
        if output not in known and not _explicit(said, output)
    )


def coverage_of(run: RunRecord) -> Coverage:
    """Tell whether what the run does not show is over."""
    ended = run.state is RunState.COMPLETE and run.started_at is not None
    return Coverage.WHOLE if ended else Coverage.PART


@dataclass(frozen=True, slots=True)
class _Said:
    """What a run that did not fail says."""

    job: JobName
    at: Instant
    run_id: str
    coverage: Coverage
    inputs: tuple[Dataset, ...]
    outputs: dict[Dataset, list[DatasetMention]]
    entries: dict[Dataset, list[LineageEntry]]

    @classmethod
    def by_run(cls, run: RunRecord) -> _Said | None:
        if run.state in (RunState.FAIL, RunState.ABORT):
            return None
        return cls(
            job=run.job,
            at=run.last_at if run.ended_at is None else run.ended_at,
            run_id=run.run_id,
            coverage=coverage_of(run),
            inputs=tuple(one.dataset for one in run.inputs),
            outputs={one.dataset: list(one.mentions()) for one in run.outputs},
            entries=_entries(
                run.lineage, [mention for one in run.outputs for mention in one.mentions()]
            ),
        )


def _entries(
    told: Iterable[LineageEntry], mentions: Iterable[DatasetMention]
) -> dict[Dataset, list[LineageEntry]]:
    found: dict[Dataset, list[LineageEntry]] = defaultdict(list)
    for entry in (*told, *(one.lineage for one in mentions if one.lineage is not None)):
        if isinstance(entry.target, Dataset) and entry not in found[canonical(entry.target)]:
            found[canonical(entry.target)].append(entry)
    return found


def _datasets(said: _Said) -> Iterator[DatasetSighting]:
    for output in sorted({*said.outputs, *said.entries}):
        explicit = _explicit(said, output)
        if explicit:
            told = (one for entry in explicit for one in _all_sources(entry))
            sources = {canonical(one.dataset) for one in told}
        elif said.inputs:
            sources = set(said.inputs)
        else:
            continue  # inputs that were not heard of are not inputs that ended
        yield FlowSighting(
            said.job, output, said.at, said.run_id, frozenset(sources), said.coverage
        )


def _columns(said: _Said) -> Iterator[ColumnSighting]:
    for output in sorted({*said.outputs, *said.entries}):
        explicit = [entry for entry in _explicit(said, output) if _names_columns(entry)]
        told = [one.columns for one in said.outputs.get(output, ()) if one.columns is not None]
        if explicit:
            sources = {flow for entry in explicit for flow in _explicit_columns(entry)}
        elif told:
            # Later events of a run know more: the plan is complete when the job is.
            facet = told[-1]
            sources = {
                _column(one, column.field) for column in facet.columns for one in column.inputs
            } | {_column(one, None) for one in facet.whole}
        else:
            continue
        yield FlowSighting(
            said.job, output, said.at, said.run_id, frozenset(sources), said.coverage
        )


def _explicit(said: _Said, output: Dataset) -> list[LineageEntry]:
    entries = said.entries.get(output, ())
    return [entry for entry in entries if entry.inputs is not None or entry.fields]


def _all_sources(entry: LineageEntry) -> Iterator[DatasetSource]:
    for one in (*(entry.inputs or ()), *(one for field in entry.fields for one in field.inputs)):
        if isinstance(one, DatasetSource):
            yield one


def _names_columns(entry: LineageEntry) -> bool:
    return bool(entry.fields) or any(one.field is not None for one in _all_sources(entry))


def _explicit_columns(entry: LineageEntry) -> Iterator[ColumnFlow]:
    for field in entry.fields:
        for one in field.inputs:
            if isinstance(one, DatasetSource):
                yield _column(one, field.field)
    for one in entry.inputs or ():
        if isinstance(one, DatasetSource) and one.field is not None:
            yield _column(one, None)


def _column(source: ColumnSource | DatasetSource, target: str | None) -> ColumnFlow:
    # Engines list transformations in any order.
    how = sorted(
        set(source.transformations), key=lambda one: (one.type, one.subtype or "", one.masking or 0)
    )
    return ColumnFlow(
        canonical(source.dataset), source.field, target, tuple(how), schema_id=None, by=()
    )
