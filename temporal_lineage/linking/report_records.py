"""Metrics reports in the ledger: read again from what the sink kept, by snapshot."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from snapshots.errors import BadInstantError
from snapshots.instant import Instant
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.evidence.metrics_reports import CommitReport, ScanReport
from temporal_lineage.evidence.windows import SKEW_MS_MAX
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind
from temporal_lineage.linking.event_keys import REPORT
from temporal_lineage.sink.metrics_reports import REPORT_FACET, report_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction

SNAPSHOTS_MAX = 100
"""Snapshots of one table whose reports are looked for, for one run that read it."""

_KINDS: dict[object, type[ScanReport | CommitReport]] = {
    "scan-report": ScanReport,
    "commit-report": CommitReport,
}
_APP_ID = "app-id"


class ReportRecords:
    """Reports of snapshots, looked up when they are asked for and then kept."""

    def __init__(self, reader: Reader) -> None:
        """Look up through this reader."""
        self._reader = reader
        self._known: dict[int, tuple[ScanReport | CommitReport, ...]] = {}

    def scans(self, snapshot_ids: Iterable[int]) -> list[ScanReport]:
        """Give the scan reports of these snapshots; of more than SNAPSHOTS_MAX, of the last."""
        last = list(snapshot_ids)[-SNAPSHOTS_MAX:]
        return [one for one in self._of(last) if isinstance(one, ScanReport)]

    def commits(self, snapshot_ids: Iterable[int]) -> list[CommitReport]:
        """Give the commit reports of these snapshots."""
        return [one for one in self._of(snapshot_ids) if isinstance(one, CommitReport)]

    def _of(self, snapshot_ids: Iterable[int]) -> Iterator[ScanReport | CommitReport]:
        for one in snapshot_ids:
            if one not in self._known:
                self._known[one] = tuple(_read(self._reader, one))
            yield from self._known[one]


def runs_reported(transaction: Transaction, keys: Iterable[str]) -> set[str]:
    """Give the runs that reports kept under these keys may speak of: those that went on then.

    A commit report speaks of the time of its commit, a scan report of the time it arrived.
    """
    reader = transaction.reader
    spoken_of: dict[int, set[Instant]] = defaultdict(set)
    for key in keys:
        snapshot_id = key.removeprefix(REPORT)
        if snapshot_id == key or not snapshot_id.removeprefix("-").isdecimal():
            continue
        times = [one.at for one in _read(reader, int(snapshot_id))]
        for at in times[:1]:
            point = AsOf(valid=at, system=transaction.recorded_at)
            holding = reader.by_attribute(
                kind=AttributeKind.SNAPSHOT, name=snapshot_id, as_of=point
            )
            for one in holding:
                spoken_of[one.node_id].update((one.valid.start, *times))
    found: set[str] = set()
    for dataset_id, instants in spoken_of.items():
        found |= _runs_at(transaction, dataset_id, sorted(instants))
    return found


def _runs_at(transaction: Transaction, dataset_id: int, times: Sequence[Instant]) -> set[str]:
    """Give the runs that name a dataset and went on at one of the times, earliest first."""
    reader = transaction.reader
    now = AsOf(valid=LAST, system=transaction.recorded_at)
    kinds = (EdgeKind.READS, EdgeKind.WRITES)
    rows = reader.edges_into(node_ids=[dataset_id], kinds=kinds, as_of=now)
    skew = SKEW_MS_MAX * 1000
    first: dict[int, int] = {}
    for row in rows:
        place = bisect_left(times, row.valid.start.plus(micros=-skew))
        if place < len(times):
            first[row.src_id] = place
    ids = [
        one.node_id
        for one in reader.attributes_of(node_ids=first, kind=AttributeKind.RUN, as_of=now)
        for ended in [decode(RunClaim, one.claim).ended or LAST]
        if ended == LAST or times[first[one.node_id]] <= ended.plus(micros=skew)
    ]
    return {node.name for node in reader.named(node_ids=ids).values()}


def _read(reader: Reader, snapshot_id: int) -> Iterator[ScanReport | CommitReport]:
    for kept in reader.events(run_id=report_key(snapshot_id)):
        event = msgspec.json.decode(kept.body)
        report = _report(event)
        metadata = report.get("metadata")
        app_id = metadata.get(_APP_ID) if isinstance(metadata, dict) else None
        kind = _KINDS.get(report.get("report-type"))
        if kind is None or not isinstance(app_id, str):
            continue
        try:
            at = Instant.parse(str(event.get("eventTime")))
        except BadInstantError:
            continue
        yield kind(snapshot_id, app_id, at)


def _report(event: dict[str, Any]) -> dict[str, Any]:
    facets = event.get("dataset", {}).get("facets", {})
    report = facets.get(REPORT_FACET, {}).get("report")
    return report if isinstance(report, dict) else {}
