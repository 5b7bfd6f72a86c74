"""Run records in the ledger: all events of runs, gathered anew from what was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, RunEvent
from temporal_lineage.evidence.runs import gather, passed_on
from temporal_lineage.linking.event_keys import set_aside_among

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from temporal_lineage.capture.openlineage_events import EngineKey
    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.records import ArrivedEvent


class RunRecords:
    """Run records, loaded when they are asked for and then kept."""

    def __init__(self, reader: Reader) -> None:
        """Load through this reader."""
        self._reader = reader
        self._records: dict[str, RunRecord] = {}
        self._looked_up: set[str] = set()

    def of(self, run_ids: Iterable[str]) -> list[RunRecord]:
        """Give the records of runs, by run id; without those of no event or set aside.

        Parents are loaded too: Spark tells an application's id of the application's run only.
        """
        asked = sorted(set(run_ids))
        wanted = [run_id for run_id in asked if run_id not in self._looked_up]
        fresh: list[RunEvent] = []
        while wanted:
            self._looked_up.update(wanted)
            aside = set_aside_among(self._reader, wanted)
            told = [run_id for run_id in wanted if run_id not in aside]
            found = [event for run_id in told for event in self._events(run_id)]
            fresh += found
            parents = {event.parent.run_id for event in found if event.parent}
            wanted = sorted(parents - self._looked_up)
        if fresh:
            self._records |= gather(fresh, self._records)
        return [self._records[run_id] for run_id in asked if run_id in self._records]

    def keys_for_children(self, record: RunRecord) -> frozenset[EngineKey]:
        """Give the engine keys that the children of a run have from it and its ancestors."""
        return passed_on(record, self._records)

    def _events(self, run_id: str) -> Iterator[RunEvent]:
        yield from run_events(self._reader.events(run_id=run_id))


def run_events(kept: Iterable[ArrivedEvent]) -> Iterator[RunEvent]:
    """Read kept events again; those that are of no run are left out."""
    for one in kept:
        for found in read_events(one.body.encode(), source=one.source):
            if isinstance(found, CapturedEvent) and isinstance(found.event, RunEvent):
                yield found.event
