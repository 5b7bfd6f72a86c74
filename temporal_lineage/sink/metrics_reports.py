"""Iceberg metrics reports: scans and commits that a client tells its REST catalog of.

They are kept word by word, in an OpenLineage dataset event with a facet of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from snapshots.errors import TemporalLineageError
from snapshots.instant import Instant
from temporal_lineage.capture.openlineage_written import OUR_URN, core_schema, written_facet
from temporal_lineage.linking.event_keys import REPORT
from temporal_lineage.store.digest import REPORT_SOURCE
from temporal_lineage.store.records import KeptEvent

REPORT_FACET = "temporal_lineage_icebergMetricsReport"

_PRODUCER = f"{OUR_URN}:sink"
_PLACE = "iceberg-rest://"
_TYPES = ("scan-report", "commit-report")


class NoReportError(TemporalLineageError):
    """A body that is no metrics report; the message is the reason."""


@dataclass(frozen=True, slots=True)
class ReportedTable:
    """A table as the path of the request names it; the prefix may be empty."""

    prefix: str
    namespace: str
    table: str

    @property
    def name(self) -> str:
        """Give namespace and name, the parts of the namespace joined as people do."""
        return f"{self.namespace.replace(chr(0x1F), '.')}.{self.table}"


def report_key(snapshot_id: int) -> str:
    """Give the key under which the reports on a snapshot are kept, where runs have their id."""
    return f"{REPORT}{snapshot_id}"


def kept_report(body: bytes, table: ReportedTable, *, now: Instant) -> KeptEvent:
    """Make the event that keeps a report; the same report twice is one event.

    Iceberg REST catalog specification, ReportMetricsRequest. Raises NoReportError.
    """
    report = _report(body)
    event = {
        "eventTime": str(now),
        "producer": _PRODUCER,
        "schemaURL": core_schema("DatasetEvent"),
        "dataset": {
            "namespace": f"{_PLACE}{table.prefix}",
            "name": table.name,
            "facets": {
                REPORT_FACET: written_facet(
                    _PRODUCER, core_schema("DatasetFacet"), {"report": report}
                )
            },
        },
    }
    return KeptEvent(
        digest=_digest(table.prefix, table.name, report),
        run_id=report_key(report["snapshot-id"]),
        source=REPORT_SOURCE,
        body=msgspec.json.encode(event, order="deterministic"),
    )


def report_digest(event: bytes) -> str:
    """Give the digest of the event that keeps a report, from the event: when it came is left out.

    Raises ValueError where it keeps none.
    """
    try:
        dataset = msgspec.json.decode(event)["dataset"]
        report = dataset["facets"][REPORT_FACET]["report"]
        return _digest(dataset["namespace"].removeprefix(_PLACE), dataset["name"], report)
    except (msgspec.MsgspecError, LookupError, TypeError, AttributeError) as error:
        msg = f"it keeps no report: {error}"
        raise ValueError(msg) from error


def _digest(prefix: str, name: str, report: object) -> str:
    canonical = msgspec.json.encode([prefix, name, report], order="deterministic")
    return sha256(canonical).hexdigest()


def _report(body: bytes) -> dict[str, Any]:
    try:
        report = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise NoReportError(f"no JSON: {error}") from error
    if not isinstance(report, dict):
        raise NoReportError("a metrics report is a JSON object")
    if report.get("report-type") not in _TYPES:
        raise NoReportError(f"report-type is not one of {', '.join(_TYPES)}")
    snapshot_id = report.get("snapshot-id")
    if not isinstance(snapshot_id, int) or isinstance(snapshot_id, bool):
        raise NoReportError("it has no snapshot-id")
    if not isinstance(report.get("table-name"), str):
        raise NoReportError("it has no table-name")
    return report
