"""Facets of ours: what a program that reads and writes through this library knows at first hand.

`temporalLineage_read` on an input holds the `version` that was pinned and the `portions` that were
taken of it; `temporalLineage_write` on an output holds the `versions` that the run committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalogs.portion import Portion
from temporal_lineage.capture.openlineage_json import Doubts, items, mapping, text, whole

READ_FACET = "temporalLineage_read"
WRITE_FACET = "temporalLineage_write"


@dataclass(frozen=True, slots=True)
class RecordedPortion:
    """A portion that was taken; `rows` is None where not all of them were counted."""

    portion: Portion
    rows: int | None


@dataclass(frozen=True, slots=True)
class RecordedRead:
    """The version that was pinned before the first row was read, and what was taken of it."""

    version: str
    portions: tuple[RecordedPortion, ...]


def recorded_read(facets: Mapping[str, Any], place: str, doubts: Doubts) -> RecordedRead | None:
    """Read the facet of an input; None where there is none."""
    spot = f"{place}.{READ_FACET}"
    body = mapping(facets.get(READ_FACET), spot, doubts)
    version = text(body.get("version"), f"{spot}.version", doubts)
    if not version:
        return None
    portions = []
    for where, element in items(body.get("portions"), f"{spot}.portions", doubts):
        portion = mapping(element, where, doubts)
        names = portion.get("columns")
        columns = None
        if isinstance(names, list):
            told = (text(one, f"{where}.columns", doubts) for one in names)
            columns = tuple(one for one in told if one)
        condition = text(portion.get("where"), f"{where}.where", doubts)
        rows = whole(portion.get("rows"), f"{where}.rows", doubts)
        portions.append(RecordedPortion(Portion(columns, condition), rows))
    return RecordedRead(version, tuple(dict.fromkeys(portions)))


def recorded_write(facets: Mapping[str, Any], place: str, doubts: Doubts) -> tuple[str, ...] | None:
    """Read the facet of an output: the versions in the order they were made; None without one."""
    spot = f"{place}.{WRITE_FACET}"
    body = mapping(facets.get(WRITE_FACET), spot, doubts)
    told = [
        text(element, where, doubts)
        for where, element in items(body.get("versions"), f"{spot}.versions", doubts)
    ]
    return tuple(dict.fromkeys(one for one in told if one)) or None
