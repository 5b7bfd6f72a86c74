"""Lineage facets: which columns and datasets a producer says come from which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snapshots.dataset import Dataset
from temporal_lineage.capture.openlineage_events import (
    ColumnLineage,
    ColumnMention,
    ColumnSource,
    DatasetSource,
    JobName,
    JobSource,
    LineageEntry,
    LineageField,
    LineageSource,
    Transformation,
)
from temporal_lineage.capture.openlineage_json import (
    Doubts,
    dataset,
    flag,
    items,
    mapping,
    name,
    run_id,
    text,
)


def column_lineage(facet: object, place: str, doubts: Doubts) -> ColumnLineage | None:
    """Read a `columnLineage` facet; None where there is none or it was deleted."""
    if facet is None:
        return None
    body = mapping(facet, place, doubts)
    if body.get("_deleted") is True or not (body.keys() & {"fields", "dataset"}):
        return None  # without either it says nothing, which is not to say that nothing flows
    columns = []
    for column, entry in mapping(body.get("fields"), f"{place}.fields", doubts).items():
        spot = f"{place}.fields.{column}"
        field = mapping(entry, spot, doubts)
        older = _older_transformation(field, spot, doubts)
        columns.append(
            ColumnMention(column, _sources(field.get("inputFields"), spot, older, doubts)),
        )
    whole = _sources(body.get("dataset"), f"{place}.dataset", (), doubts)
    return ColumnLineage(tuple(sorted(columns, key=lambda one: one.field)), whole)


def dataset_entry(
    facet: object, target: Dataset, own_job: JobName | None, place: str, doubts: Doubts
) -> LineageEntry | None:
    """Read a dataset's `lineage` facet; None where there is none or it was deleted."""
    body = mapping(facet, place, doubts)
    if not body or body.get("_deleted") is True:
        return None
    return _entry(body, target, own_job, place, doubts)


def job_entries(
    facet: object, own_job: JobName, place: str, doubts: Doubts
) -> tuple[LineageEntry, ...]:
    """Read a job's `lineage` facet: one entry a target, the event's own job where none is named."""
    body = mapping(facet, place, doubts)
    if body.get("_deleted") is True:
        return ()
    found = []
    for spot, element in items(body.get("entries"), f"{place}.entries", doubts):
        entry = mapping(element, spot, doubts)
        target = _target(entry, own_job, spot, doubts)
        if target is not None:
            found.append(_entry(entry, target, own_job, spot, doubts))
    return tuple(found)


def _entry(
    body: Mapping[str, Any],
    target: Dataset | JobName,
    own_job: JobName | None,
    place: str,
    doubts: Doubts,
) -> LineageEntry:
    inputs = None
    if body.get("inputs") is not None:
        inputs = _lineage_sources(body["inputs"], own_job, f"{place}.inputs", doubts)
    fields = []
    for column, entry in mapping(body.get("fields"), f"{place}.fields", doubts).items():
        spot = f"{place}.fields.{column}"
        sources = mapping(entry, spot, doubts).get("inputs")
        fields.append(LineageField(column, _lineage_sources(sources, own_job, spot, doubts)))
    return LineageEntry(target, inputs, tuple(sorted(fields, key=lambda field: field.field)))


def _target(
    entry: Mapping[str, Any], own_job: JobName, place: str, doubts: Doubts
) -> Dataset | JobName | None:
    if entry.get("type") == "JOB":
        return _job(entry, own_job, place, doubts)
    return dataset(entry, place, doubts)


def _lineage_sources(
    value: object, own_job: JobName | None, place: str, doubts: Doubts
) -> tuple[LineageSource, ...]:
    found: list[LineageSource] = []
    for spot, element in items(value, place, doubts):
        source = mapping(element, spot, doubts)
        how = _transformations(source.get("transformations"), spot, doubts)
        if source.get("type") == "JOB":
            job = _job(source, own_job, spot, doubts)
            if job is not None:
                run = run_id(source.get("runId"), f"{spot}.runId", doubts)
                found.append(JobSource(job, run, how))
        else:
            named = dataset(source, spot, doubts)
            if named is not None:
                field = text(source.get("field"), f"{spot}.field", doubts)
                found.append(DatasetSource(named, field, how))
    return tuple(found)


def _job(
    body: Mapping[str, Any], own_job: JobName | None, place: str, doubts: Doubts
) -> JobName | None:
    namespace = name(body.get("namespace"), f"{place}.namespace", doubts)
    own = name(body.get("name"), f"{place}.name", doubts)
    if namespace is not None and own is not None:
        return JobName(namespace, own)
    if namespace is not None or own is not None or own_job is None:
        doubts.add(place, "a job needs a namespace and a name")
        return None
    return own_job


def _sources(
    value: object, place: str, older: tuple[Transformation, ...], doubts: Doubts
) -> tuple[ColumnSource, ...]:
    found = []
    for spot, element in items(value, place, doubts):
        source = mapping(element, spot, doubts)
        named = dataset(source, spot, doubts)
        field = text(source.get("field"), f"{spot}.field", doubts)
        if named is None or not field:
            doubts.add(spot, "an input field needs a dataset and a field")
            continue
        how = _transformations(source.get("transformations"), spot, doubts) or older
        found.append(ColumnSource(named, field, how))
    return tuple(found)


def _transformations(value: object, place: str, doubts: Doubts) -> tuple[Transformation, ...]:
    found = []
    for spot, element in items(value, f"{place}.transformations", doubts):
        body = mapping(element, spot, doubts)
        kind = text(body.get("type"), f"{spot}.type", doubts)
        if not kind:
            doubts.add(spot, "a transformation needs a type")
            continue
        subtype = text(body.get("subtype"), f"{spot}.subtype", doubts)
        masking = flag(body.get("masking"), f"{spot}.masking", doubts)
        found.append(Transformation(kind, subtype or None, masking))
    return tuple(found)


def _older_transformation(
    field: Mapping[str, Any], place: str, doubts: Doubts
) -> tuple[Transformation, ...]:
    """Read `transformationType` of facet versions before 1-1-0: IDENTITY or MASKED."""
    kind = text(field.get("transformationType"), f"{place}.transformationType", doubts)
    if not kind:
        return ()
    if kind.upper() == "MASKED":
        return (Transformation("DIRECT", None, masking=True),)
    return (Transformation("DIRECT", kind.upper(), masking=None),)
