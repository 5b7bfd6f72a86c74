"""Writing the ledger's own records: harvests, events and bytes, kept word by word."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from temporal_lineage.store.records import ReceivedEvent
from temporal_lineage.store.write_base import Writes, digest


class RecordWrites(Writes):
    """Keep what was seen, once."""

    def keep_blobs(self, *, dataset_id: int, blobs: Iterable[tuple[str, bytes]]) -> int:
        """Keep bytes of a dataset with the name of their witness; returns how many were new."""
        wanted = {
            digest(str(dataset_id).encode(), witness.encode(), body): (witness, body)
            for witness, body in blobs
        }
        kept = {mark for (mark,) in self._found("blobs_by_digest", "digests", wanted)}
        new = [
            (
                self._next("blob"),
                mark,
                dataset_id,
                witness,
                self._stamped(),
                zlib.compress(body),
            )
            for mark, (witness, body) in wanted.items()
            if mark not in kept
        ]
        columns = ("blob_id", "digest", "dataset_id", "witness", "tx_id", "body")
        self._session.insert("blob", columns, new)
        return len(new)

    def keep_events(self, events: Iterable[ReceivedEvent]) -> int:
        """Keep events in the order given; returns how many were new.

        An event is known by its text, whoever hands it over.
        """
        wanted = {digest(event.body.encode()): event for event in events}
        kept = {mark for (mark,) in self._found("events_by_digest", "digests", wanted)}
        new = [
            (
                self._next("event"),
                mark,
                event.run_id,
                self._stamped(),
                event.source,
                zlib.compress(event.body.encode()),
            )
            for mark, event in wanted.items()
            if mark not in kept
        ]
        columns = ("event_id", "digest", "run_id", "tx_id", "source", "body")
        self._session.insert("event", columns, new)
        return len(new)

    def note_harvest(
        self, *, name: str, dataset_id: int, head: str, outcome: str, detail: str
    ) -> None:
        """Note that a table was looked at; `dataset_id` is 0 where it could not be identified."""
        tx = self._stamped()
        self._session.insert(
            "harvest",
            ("harvest_id", "name", "dataset_id", "tx_id", "head", "outcome", "detail"),
            [(self._next("harvest"), name, dataset_id, tx, head, outcome, detail)],
        )
