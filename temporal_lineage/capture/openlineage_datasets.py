"""Dataset facets: what an event says of one input or output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from snapshots.dataset import Dataset
from temporal_lineage.capture.openlineage_events import (
    CatalogMention,
    DatasetMention,
    JobName,
    Lifecycle,
    Statistics,
)
from temporal_lineage.capture.openlineage_facets import dataset_facets
from temporal_lineage.capture.openlineage_json import Doubts, dataset, items, mapping, text, whole
from temporal_lineage.capture.openlineage_lineage import column_lineage, dataset_entry
from temporal_lineage.capture.openlineage_numbers import SnapshotNumber, snapshot_number
from temporal_lineage.capture.openlineage_recorded import recorded_read, recorded_write

FIELD_DEPTH_MAX = 20

_SIDES = ("inputFacets", "outputFacets")
_STATISTICS = ("inputStatistics", "outputStatistics")


def mentions(
    value: object, own_job: JobName, place: str, doubts: Doubts
) -> tuple[DatasetMention, ...]:
    """Read the `inputs` or `outputs` of an event; an element without a name is left out."""
    found = []
    for spot, element in items(value, place, doubts):
        one = mention(element, own_job, spot, doubts)
        if one is not None:
            found.append(one)
    return tuple(found)


def mention(
    value: object, own_job: JobName | None, place: str, doubts: Doubts
) -> DatasetMention | None:
    """Read one dataset with its facets, side facets included; None where it has no name."""
    body = mapping(value, place, doubts)
    named = dataset(body, place, doubts)
    if named is None:
        return None
    facets = _facets(body, place, doubts)
    spot = f"{place}.facets"
    return DatasetMention(
        dataset=named,
        version=_version(facets, spot, doubts),
        symlinks=_symlinks(facets, spot, doubts),
        catalog=_catalog(facets, spot, doubts),
        dataset_type=_of(facets, "datasetType", "datasetType", spot, doubts),
        storage=_of(facets, "storage", "storageLayer", spot, doubts),
        fields=_fields(facets, spot, doubts),
        columns=column_lineage(facets.get("columnLineage"), f"{spot}.columnLineage", doubts),
        lineage=dataset_entry(facets.get("lineage"), named, own_job, f"{spot}.lineage", doubts),
        statistics=_statistics(facets, spot, doubts),
        scan_snapshot_id=_snapshot_id(facets, "icebergScanReport", ("snapshotId",), spot, doubts),
        connector_snapshot_id=_snapshot_id(
            facets, "connectorInfo", ("snapshotId", "version"), spot, doubts
        ),
        commit_snapshot_id=_snapshot_id(
            facets, "icebergCommitReport", ("snapshotId",), spot, doubts
        ),
        lifecycle=_lifecycle(facets, spot, doubts),
        subset=_subset(facets),
        read=recorded_read(facets, spot, doubts),
        written=recorded_write(facets, spot, doubts),
        facets=dataset_facets(facets, _deleted_of(body), spot, doubts),
    )


def _facets(body: Mapping[str, Any], place: str, doubts: Doubts) -> Mapping[str, Any]:
    """Join the three bags of facets; producers do not agree which facet goes into which."""
    joined = dict(mapping(body.get("facets"), f"{place}.facets", doubts))
    for side in _SIDES:
        for name, facet in mapping(body.get(side), f"{place}.{side}", doubts).items():
            joined.setdefault(name, facet)
    return {name: facet for name, facet in joined.items() if not _deleted(facet)}


def _deleted_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    facets = body.get("facets")
    if not isinstance(facets, dict):
        return ()
    return tuple(sorted(name for name, facet in facets.items() if _deleted(facet)))


def _deleted(facet: object) -> bool:
    return isinstance(facet, dict) and facet.get("_deleted") is True


def _of(facets: Mapping[str, Any], facet: str, key: str, place: str, doubts: Doubts) -> str | None:
    body = mapping(facets.get(facet), f"{place}.{facet}", doubts)
    return text(body.get(key), f"{place}.{facet}.{key}", doubts) or None


def _version(facets: Mapping[str, Any], place: str, doubts: Doubts) -> str | None:
    found = _of(facets, "version", "datasetVersion", place, doubts)
    if found is None and facets.get("version"):
        doubts.add(f"{place}.version", "the facet has no datasetVersion")
    return found.strip() if found else None


def _symlinks(facets: Mapping[str, Any], place: str, doubts: Doubts) -> tuple[Dataset, ...]:
    body = mapping(facets.get("symlinks"), f"{place}.symlinks", doubts)
    found = []
    for spot, element in items(body.get("identifiers"), f"{place}.symlinks.identifiers", doubts):
        one = dataset(mapping(element, spot, doubts), spot, doubts)
        if one is not None:
            found.append(one)
    return tuple(sorted(set(found)))


def _catalog(facets: Mapping[str, Any], place: str, doubts: Doubts) -> CatalogMention | None:
    if not mapping(facets.get("catalog"), f"{place}.catalog", doubts):
        return None
    keys = ("framework", "type", "name", "warehouseUri")
    return CatalogMention(*(_of(facets, "catalog", key, place, doubts) for key in keys))


def _fields(
    facets: Mapping[str, Any], place: str, doubts: Doubts
) -> tuple[tuple[str, str | None], ...] | None:
    body = mapping(facets.get("schema"), f"{place}.schema", doubts)
    if not isinstance(body.get("fields"), list):
        return None
    return tuple(_nested(body["fields"], "", f"{place}.schema.fields", 0, doubts))


def _nested(
    value: object, prefix: str, place: str, depth: int, doubts: Doubts
) -> Iterator[tuple[str, str | None]]:
    """Yield fields by their dotted names, those inside structs after the struct."""
    if depth > FIELD_DEPTH_MAX:
        doubts.add(place, f"fields nested deeper than {FIELD_DEPTH_MAX} are left out")
        return
    for spot, element in items(value, place, doubts):
        body = mapping(element, spot, doubts)
        name = text(body.get("name"), f"{spot}.name", doubts)
        if not name:
            doubts.add(spot, "a field needs a name")
            continue
        yield f"{prefix}{name}", text(body.get("type"), f"{spot}.type", doubts)
        yield from _nested(body.get("fields"), f"{prefix}{name}.", spot, depth + 1, doubts)


def _statistics(facets: Mapping[str, Any], place: str, doubts: Doubts) -> Statistics | None:
    for facet in _STATISTICS:
        body = mapping(facets.get(facet), f"{place}.{facet}", doubts)
        counts = (
            whole(body.get(key), f"{place}.{facet}.{key}", doubts)
            for key in ("rowCount", "size", "fileCount")
        )
        found = Statistics(*counts)
        if (found.rows, found.bytes, found.files) != (None, None, None):
            return found
    return None


def _snapshot_id(
    facets: Mapping[str, Any], facet: str, keys: tuple[str, ...], place: str, doubts: Doubts
) -> SnapshotNumber | None:
    body = mapping(facets.get(facet), f"{place}.{facet}", doubts)
    for key in keys:
        found = snapshot_number(body.get(key), f"{place}.{facet}.{key}", doubts)
        if found is not None:
            return found
    return None


def _lifecycle(facets: Mapping[str, Any], place: str, doubts: Doubts) -> Lifecycle | None:
    spot = f"{place}.lifecycleStateChange"
    body = mapping(facets.get("lifecycleStateChange"), spot, doubts)
    change = text(body.get("lifecycleStateChange"), f"{spot}.lifecycleStateChange", doubts)
    if not change:
        return None
    previous = None
    if body.get("previousIdentifier") is not None:
        where = f"{spot}.previousIdentifier"
        previous = dataset(mapping(body["previousIdentifier"], where, doubts), where, doubts)
    return Lifecycle(change.upper(), previous)


def _subset(facets: Mapping[str, Any]) -> str | None:
    body = facets.get("subset")
    if not isinstance(body, dict):
        return None
    kept = {key: value for key, value in body.items() if not key.startswith("_")}
    return msgspec.json.encode(kept, order="deterministic").decode() if kept else None
