"""Run records in the ledger: all events of runs, gathered anew from what was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, RunEvent
from temporal_lineage.evidence.runs import gather

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.records import ArrivedEvent


class RunRecords:
    """Run records, loaded when they are asked for and then kept."""

    def __init__(self, reader: Reader) -> None:
        """Load through this reader."""
        self._reader = reader
        self._records: Mapping[str, RunRecord] = {}

    def of(self, run_ids: Iterable[str]) -> list[RunRecord]:
        """Give the records of runs, by run id; those without any event are left out.

        Parents are loaded too: Spark tells an application's id of the application's run only.
        """
        asked = sorted(set(run_ids))
        wanted = [run_id for run_id in asked if run_id not in self._records]
        events = [event for record in self._records.values() for event in record.events]
        seen = {*self._records, *wanted}
        while wanted:
            fresh = [event for run_id in wanted for event in self._events(run_id)]
            events += fresh
            wanted = sorted({event.parent.run_id for event in fresh if event.parent} - seen)
            seen.update(wanted)
        self._records = gather(events)
        return [self._records[run_id] for run_id in asked if run_id in self._records]

    def _events(self, run_id: str) -> Iterator[RunEvent]:
        yield from run_events(self._reader.events(run_id=run_id))


def run_events(kept: Iterable[ArrivedEvent]) -> Iterator[RunEvent]:
    """Read kept events again; those that are of no run are left out."""
    for one in kept:
        for found in read_events(one.body.encode(), source=one.source):
            if isinstance(found, CapturedEvent) and isinstance(found.event, RunEvent):
                yield found.event
