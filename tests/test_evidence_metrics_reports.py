"""Iceberg's metrics reports: which snapshot an application scanned, as its catalog was told."""

from __future__ import annotations

import json
from pathlib import Path

from evidence_stories import at, event, seen
from input_stories import ORDERS, decided, link
from output_stories import app
from snapshots.instant import Instant
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.grades import Grade, Method
from temporal_lineage.evidence.metrics_reports import CommitReport, ScanReport
from temporal_lineage.linking.report_records import ReportRecords
from temporal_lineage.sink.metrics_reports import ReportedTable, kept_report
from temporal_lineage.store.ledger import Ledger


def _run() -> list[RunEvent]:
    """Run from minute 9 to 12: the table's second snapshot comes at minute 10."""
    key = app("app-1")
    return [
        event("START", 9, inputs=[seen()], facets=key),
        event("COMPLETE", 12, inputs=[seen()], facets=key),
    ]


def test_a_scan_report_of_the_runs_application_is_exact() -> None:
    found = link(*_run(), reports=[ScanReport(1, "app-1", at(9.5))])
    assert decided(found) == ((1,), Method.INPUT_METRICS_REPORT, Grade.EXACT)
    assert found.evidence.witness == (
        "Iceberg scan reports of application app-1: 1 at 2026-11-17T12:09:30Z"
    )


def test_without_a_report_the_same_run_has_candidates() -> None:
    assert decided(link(*_run())) == ((1, 2), Method.INPUT_HEAD, Grade.CANDIDATES)


def test_reports_of_others_and_of_other_times_say_nothing() -> None:
    for report in (
        ScanReport(1, "app-2", at(9.5)),
        ScanReport(1, "app-1", at(60)),
        ScanReport(99, "app-1", at(9.5)),
    ):
        assert link(*_run(), reports=[report]).evidence.method is Method.INPUT_HEAD


def test_two_states_that_were_scanned_meanwhile_are_candidates() -> None:
    reports = [ScanReport(2, "app-1", at(11)), ScanReport(1, "app-1", at(9.5))]
    found = link(*_run(), reports=reports)
    assert decided(found) == ((1, 2), Method.INPUT_METRICS_REPORT, Grade.CANDIDATES)
    assert found == link(*_run(), reports=reports[::-1] * 2)


def test_what_the_engine_itself_reports_goes_first() -> None:
    told = seen(icebergScanReport={"snapshotId": 2})
    key = app("app-1")
    events = [
        event("START", 9, inputs=[seen()], facets=key),
        event("COMPLETE", 12, inputs=[told], facets=key),
    ]
    found = link(*events, reports=[ScanReport(1, "app-1", at(9.5))], table=ORDERS)
    assert decided(found) == ((2,), Method.INPUT_SCAN_REPORT, Grade.EXACT)


def test_reports_are_read_again_from_what_the_sink_kept(tmp_path: Path) -> None:
    def report(kind: str, snapshot_id: int, **metadata: str) -> bytes:
        body = {"report-type": kind, "table-name": "s.t", "snapshot-id": snapshot_id}
        return json.dumps(body | {"metadata": metadata}).encode()

    now = Instant.parse("2026-11-17T12:00Z")
    table = ReportedTable("", "s", "t")
    bodies = [
        report("scan-report", 7, **{"app-id": "app-1"}),
        report("scan-report", 7, **{"engine-name": "spark"}),
        report("commit-report", 7, **{"app-id": "app-1"}),
        report("scan-report", 8, **{"app-id": "app-1"}),
    ]
    with Ledger.open(str(tmp_path / "ledger.db"), clock=lambda: now) as ledger:
        with ledger.transaction(source="test", note="") as transaction:
            transaction.keep_events(kept_report(body, table, now=now) for body in bodies)
        with ledger.transaction(source="test", note="") as transaction:
            records = ReportRecords(transaction.reader)
            assert records.scans([7, 9]) == [ScanReport(7, "app-1", now)]
            assert records.commits([7, 9]) == [CommitReport(7, "app-1", now)]
