"""Words: what one event says that describes a dataset, and the facts that all words make."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from catalogs.credentials import without_user_info
from snapshots.instant import FOREVER
from snapshots.period import Period
from temporal_lineage.claims import encode
from temporal_lineage.evidence.producers import producer_name
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
    from collections.abc import Iterable, Iterator, Mapping

    from snapshots.instant import Instant
    from temporal_lineage.beliefs import Line
    from temporal_lineage.capture.facets import Assertion
    from temporal_lineage.capture.openlineage_events import DatasetMention
    from temporal_lineage.linking.resolving import Resolved

_TAKEN_BACK = {
    "ownership": Aspect.OWNERS,
    "tags": Aspect.TAGS,
    "documentation": Aspect.DOCUMENTATION,
    "lifecycleStateChange": Aspect.LIFECYCLE,
    "catalog": Aspect.CATALOG,
    "storage": Aspect.STORAGE,
    "datasetType": Aspect.TYPE,
    "schema": Aspect.SCHEMA,
}


@dataclass(frozen=True, slots=True, order=True)
class Word:
    """From an instant on, this is the claim of that name; an empty one takes it back."""

    name: str
    at: Instant
    claim: str


@dataclass(frozen=True, slots=True)
class Teller:
    """Who says something: the producer, the run and job (each empty where none is), and when."""

    producer: str
    run: str
    job: str
    at: Instant


def words_of(mention: DatasetMention, teller: Teller, *, is_harvested: bool) -> Iterator[Word]:
    """Yield what an event says of one dataset. Of a harvested table its own schema counts."""
    # A newer version of a producer takes over what an older one said.
    at, by = teller.at, producer_name(teller.producer).replace(SEPARATOR, " ")
    for aspect, claim in _claims(mention):
        if aspect is not Aspect.SCHEMA or not is_harvested:
            yield Word(f"{aspect}{SEPARATOR}{by}", at, encode(claim))
    for facet in mention.facets.deleted:
        if facet in _TAKEN_BACK:
            yield Word(f"{_TAKEN_BACK[facet]}{SEPARATOR}{by}", at, "")
    yield from _measured(mention, teller, by)


def said(
    teller: Teller, mentions: Iterable[tuple[DatasetMention, Resolved]]
) -> Iterator[tuple[int, Word]]:
    """Yield what an event says of datasets, each with the dataset that is meant."""
    for mention, meant in mentions:
        for word in words_of(mention, teller, is_harvested=meant.table is not None):
            yield meant.dataset_id, word


def lines_of(words: Iterable[Word]) -> Mapping[str, Line]:
    """Give, by name, what holds over valid time: at each instant the newest word.

    Of words at one instant the greatest text counts, so that no order of arrival decides.
    """
    lines: dict[str, Line] = {}
    for name, group in groupby(sorted(set(words)), key=lambda one: one.name):
        newest = {one.at: one.claim for one in group}
        bounds = [*newest, FOREVER]
        lines[name] = tuple(
            (Period(start, end), newest[start]) for start, end in pairwise(bounds) if newest[start]
        )
    return lines


def _claims(mention: DatasetMention) -> Iterator[tuple[Aspect, object]]:
    told = mention.facets
    if told.owners:
        yield Aspect.OWNERS, OwnersClaim(told.owners)
    if told.tags:
        yield Aspect.TAGS, TagsClaim(told.tags)
    if told.documentation:
        yield Aspect.DOCUMENTATION, TextClaim(told.documentation)
    if mention.lifecycle is not None:
        previous = mention.lifecycle.previous
        name = f"{previous.namespace}/{previous.name}" if previous else None
        yield Aspect.LIFECYCLE, LifecycleClaim(mention.lifecycle.change, name)
    if mention.catalog is not None:
        one = mention.catalog
        place = without_user_info(one.warehouse) if one.warehouse else None
        yield Aspect.CATALOG, CatalogClaim(one.framework, one.type, one.name, place)
    if mention.storage or told.file_format:
        yield Aspect.STORAGE, StorageClaim(mention.storage, told.file_format)
    if mention.dataset_type:
        yield Aspect.TYPE, TextClaim(mention.dataset_type)
    if mention.fields:
        yield Aspect.SCHEMA, SchemaClaim(mention.fields)


def _measured(mention: DatasetMention, teller: Teller, by: str) -> Iterator[Word]:
    """What was checked and measured has a time of its own: one word for each event."""
    quality = mention.facets.quality
    if quality is None:
        return
    source = (teller.at, mention.version, teller.job, teller.run)
    told = (quality.rows, quality.bytes, quality.files)
    if quality.columns or told != (None, None, None):
        name = SEPARATOR.join((Aspect.METRICS, by, teller.job))
        yield Word(name, teller.at, encode(MetricsClaim(*source, *told, quality.columns)))
    alike: dict[str, list[Assertion]] = defaultdict(list)
    for one in quality.assertions:
        parts = (Aspect.CHECKS, by, teller.job, one.name, one.column or "")
        alike[SEPARATOR.join(part.replace(SEPARATOR, " ") for part in parts)].append(one)
    for name, checks in alike.items():
        yield Word(name, teller.at, encode(ChecksClaim(*source, tuple(checks))))
