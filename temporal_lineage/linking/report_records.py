"""Metrics reports in the ledger: read again from what the sink kept, by snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from snapshots.errors import BadInstantError
from snapshots.instant import Instant
from temporal_lineage.evidence.metrics_reports import ScanReport
from temporal_lineage.sink.metrics_reports import REPORT_FACET, report_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from temporal_lineage.store.reader import Reader

SNAPSHOTS_MAX = 100
"""Snapshots of one table whose reports are looked for, for one run that read it."""

_SCAN = "scan-report"
_APP_ID = "app-id"


class ReportRecords:
    """Scan reports, looked up when they are asked for and then kept."""

    def __init__(self, reader: Reader) -> None:
        """Look up through this reader."""
        self._reader = reader
        self._known: dict[int, tuple[ScanReport, ...]] = {}

    def of(self, snapshot_ids: Iterable[int]) -> list[ScanReport]:
        """Give the reports of these snapshots; of more than SNAPSHOTS_MAX, of the last ones."""
        found: list[ScanReport] = []
        for one in list(snapshot_ids)[-SNAPSHOTS_MAX:]:
            if one not in self._known:
                self._known[one] = tuple(self._read(one))
            found += self._known[one]
        return found

    def _read(self, snapshot_id: int) -> Iterator[ScanReport]:
        for kept in self._reader.events(run_id=report_key(snapshot_id)):
            event = msgspec.json.decode(kept.body)
            report = _report(event)
            metadata = report.get("metadata")
            app_id = metadata.get(_APP_ID) if isinstance(metadata, dict) else None
            if report.get("report-type") != _SCAN or not isinstance(app_id, str):
                continue
            try:
                at = Instant.parse(str(event.get("eventTime")))
            except BadInstantError:
                continue
            yield ScanReport(snapshot_id, app_id, at)


def _report(event: dict[str, Any]) -> dict[str, Any]:
    facets = event.get("dataset", {}).get("facets", {})
    report = facets.get(REPORT_FACET, {}).get("report")
    return report if isinstance(report, dict) else {}
