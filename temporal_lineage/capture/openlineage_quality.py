"""Reading facets of data quality: metrics, assertions and tests, of every version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from temporal_lineage.capture.facets import Assertion, ColumnMetrics, Quality
from temporal_lineage.capture.openlineage_json import Doubts, flag, items, mapping, text, whole

METRICS = ("dataQualityMetrics", "dataQuality")
"""The facet of measured numbers, and what it was called at first."""

_PASSED = {"pass": True, "passed": True, "success": True, "fail": False, "failed": False}


def quality(facets: Mapping[str, Any], place: str, doubts: Doubts) -> Quality | None:
    """Read what was measured and checked of a dataset; None where neither was."""
    told = next((facet for facet in METRICS if facets.get(facet)), METRICS[0])
    spot = f"{place}.{told}"
    body = mapping(facets.get(told), spot, doubts)
    checks = f"{place}.dataQualityAssertions"
    checked = mapping(facets.get("dataQualityAssertions"), checks, doubts)
    assertions = tuple(_assertions(checked.get("assertions"), f"{checks}.assertions", doubts))
    if not body and not assertions:
        return None
    return Quality(
        rows=whole(body.get("rowCount"), f"{spot}.rowCount", doubts),
        bytes=whole(body.get("bytes"), f"{spot}.bytes", doubts),
        files=whole(body.get("fileCount"), f"{spot}.fileCount", doubts),
        columns=tuple(_columns(body, f"{spot}.columnMetrics", doubts)),
        assertions=assertions,
    )


def tests(facets: Mapping[str, Any], place: str, doubts: Doubts) -> tuple[Assertion, ...]:
    """Read the `test` facet of a run."""
    body = mapping(facets.get("test"), place, doubts)
    found = []
    for spot, element in items(body.get("tests"), f"{place}.tests", doubts):
        one = mapping(element, spot, doubts)
        status = text(one.get("status"), f"{spot}.status", doubts) or ""
        name = text(one.get("name"), f"{spot}.name", doubts)
        if not name:
            doubts.add(spot, "a test needs a name")
            continue
        found.append(_checked(one, name, _PASSED.get(status.lower()), spot, doubts))
    return tuple(found)


def _assertions(value: object, place: str, doubts: Doubts) -> Iterator[Assertion]:
    for spot, element in items(value, place, doubts):
        one = mapping(element, spot, doubts)
        name = text(one.get("assertion", one.get("name")), f"{spot}.assertion", doubts)
        if not name:
            doubts.add(spot, "an assertion needs a name")
            continue
        success = flag(one.get("success"), f"{spot}.success", doubts)
        yield _checked(one, name, success, spot, doubts)


def _checked(
    one: Mapping[str, Any],
    name: str,
    success: bool | None,  # noqa: FBT001 - private
    spot: str,
    doubts: Doubts,
) -> Assertion:
    told = text(one.get("name"), f"{spot}.name", doubts)
    keys = ("column", "severity", "expected", "actual")
    return Assertion(
        name,
        told if told != name else None,
        success,
        *(text(one.get(key), f"{spot}.{key}", doubts) for key in keys),
    )


def _columns(body: Mapping[str, Any], place: str, doubts: Doubts) -> Iterator[ColumnMetrics]:
    columns = mapping(body.get("columnMetrics"), place, doubts)
    for column, element in sorted(columns.items()):
        spot = f"{place}.{column}"
        one = mapping(element, spot, doubts)
        yield ColumnMetrics(
            column,
            whole(one.get("nullCount"), f"{spot}.nullCount", doubts),
            whole(one.get("distinctCount"), f"{spot}.distinctCount", doubts),
            *(
                _number(one.get(key), f"{spot}.{key}", doubts)
                for key in ("count", "min", "max", "sum")
            ),
        )


def _number(value: object, place: str, doubts: Doubts) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if value is not None:
        doubts.add(place, f"a number was expected, not {value!r:.60}")
    return None
