"""How events describe a dataset: owners, tags, documentation, checks, and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.dataset import DatasetVersion
from snapshots.records import dataclass
from temporal_lineage.claims import decode
from temporal_lineage.keys import AttributeKind
from temporal_lineage.naming import written
from temporal_lineage.told_claims import (
    SEPARATOR,
    Aspect,
    CatalogClaim,
    ChecksClaim,
    LifecycleClaim,
    MetricsClaim,
    OwnersClaim,
    SchemaClaim,
    StorageClaim,
    TagsClaim,
    TextClaim,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.capture.facets import ColumnMetrics
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.records import Believed


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One thing that a producer says of a dataset, and since when it has said so.

    `about` is what it is: `owner`, `tag`, `documentation`, `type`, `lifecycle`, `catalog`,
    `storage` or `column`. `name` is whose, of which key, column or catalog; `detail` is more of
    it, empty where none is told.
    """

    about: str
    name: str
    detail: str
    producer: str
    since: Instant


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check of data quality, and how it ended the last time; `success` null for neither.

    `state` is the address of the state that was checked, where the event told which; `run` and
    `job` are empty where no run told it. `label` is what the check is called beside others that
    assert the same.
    """

    check: str
    label: str | None
    column: str | None
    success: bool | None
    severity: str | None
    expected: str | None
    actual: str | None
    at: Instant
    state: str | None
    job: str
    run: str
    producer: str


@dataclass(frozen=True, slots=True)
class MetricsLine:
    """What was measured the last time by one job; each null where not told."""

    rows: int | None
    bytes: int | None
    files: int | None
    columns: tuple[ColumnMetrics, ...]
    at: Instant
    state: str | None
    job: str
    run: str
    producer: str


@dataclass(frozen=True, slots=True)
class DatasetTold:
    """How events described a dataset at a point in both times; the newest word of each counts."""

    told: tuple[ToldLine, ...]
    checks: tuple[CheckLine, ...]
    metrics: tuple[MetricsLine, ...]


def dataset_told(reader: Reader, dataset_id: int, dataset: str, as_of: AsOf) -> DatasetTold:
    """Give how events described a dataset, of each producer the newest word."""
    lines: list[ToldLine] = []
    checks: list[CheckLine] = []
    metrics: list[MetricsLine] = []
    timelines = reader.timelines(node_id=dataset_id, kind=AttributeKind.TOLD, system=as_of.system)
    for one in _held(timelines, as_of.valid):
        aspect, producer = one.name.split(SEPARATOR)[:2]
        match Aspect(aspect):
            case Aspect.CHECKS:
                checks += _checks(decode(ChecksClaim, one.claim), dataset, producer)
            case Aspect.METRICS:
                metrics.append(_metrics(decode(MetricsClaim, one.claim), dataset, producer))
            case other:
                lines += (
                    ToldLine(about, name, detail, producer, one.valid.start)
                    for about, name, detail in _said(other, one.claim)
                )
    return DatasetTold(
        tuple(lines),
        tuple(sorted(checks, key=lambda one: (one.check, one.column or "", one.label or ""))),
        tuple(metrics),
    )


def _held(timelines: Mapping[str, Sequence[Believed]], valid: Instant) -> Iterator[Believed]:
    order = list(Aspect)
    names = sorted(timelines, key=lambda one: (order.index(Aspect(one.split(SEPARATOR)[0])), one))
    for name in names:
        yield from (one for one in timelines[name] if one.valid.contains(valid))


def _said(aspect: Aspect, claim: str) -> Iterator[tuple[str, str, str]]:
    match aspect:
        case Aspect.OWNERS:
            for owner in decode(OwnersClaim, claim).owners:
                yield "owner", owner.name, owner.type
        case Aspect.TAGS:
            for tag in decode(TagsClaim, claim).tags:
                column = f"{tag.column}: " if tag.column else ""
                yield "tag", f"{column}{tag.key}", tag.value
        case Aspect.LIFECYCLE:
            life = decode(LifecycleClaim, claim)
            yield "lifecycle", life.change, f"from {life.previous}" if life.previous else ""
        case Aspect.CATALOG:
            catalog = decode(CatalogClaim, claim)
            parts = (catalog.framework, catalog.type, catalog.warehouse)
            yield "catalog", catalog.name or "", ", ".join(part for part in parts if part)
        case Aspect.STORAGE:
            stored = decode(StorageClaim, claim)
            yield "storage", stored.layer or "", stored.format or ""
        case Aspect.SCHEMA:
            for name, kind in decode(SchemaClaim, claim).fields:
                yield "column", name, kind or ""
        case _:
            yield aspect.value, decode(TextClaim, claim).text, ""


def _checks(claim: ChecksClaim, dataset: str, producer: str) -> Iterator[CheckLine]:
    for one in claim.checks:
        yield CheckLine(
            check=one.name,
            label=one.label,
            column=one.column,
            success=one.success,
            severity=one.severity,
            expected=one.expected,
            actual=one.actual,
            at=claim.at,
            state=_state(dataset, claim.version),
            job=claim.job,
            run=claim.run,
            producer=producer,
        )


def _metrics(claim: MetricsClaim, dataset: str, producer: str) -> MetricsLine:
    return MetricsLine(
        rows=claim.rows,
        bytes=claim.bytes,
        files=claim.files,
        columns=claim.columns,
        at=claim.at,
        state=_state(dataset, claim.version),
        job=claim.job,
        run=claim.run,
        producer=producer,
    )


def _state(dataset: str, version: str | None) -> str | None:
    return written(DatasetVersion(dataset, version)) if version else None
