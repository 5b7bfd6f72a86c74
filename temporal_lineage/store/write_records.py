"""Writing the ledger's own records: harvests, events and bytes, kept word by word."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Protocol

from temporal_lineage.store.digest import digest
from temporal_lineage.store.records import KeptEvent
from temporal_lineage.store.write_base import Writes


class Witnessed(Protocol):
    """Bytes and where they were found: a Blob, or a reader's RawCommit."""

    @property
    def witness(self) -> str:
        """Give the name of the file."""

    @property
    def body(self) -> bytes:
        """Give what it holds."""


class RecordWrites(Writes):
    """Keep what was seen, once."""

    def keep_blobs(self, dataset_id: int, blobs: Iterable[Witnessed]) -> int:
        """Keep bytes of a dataset with the name of their witness; returns how many were new."""
        dataset = str(dataset_id).encode()
        wanted = {digest(dataset, one.witness.encode(), one.body): one for one in blobs}
        kept = {mark for (mark,) in self._found("blobs_by_digest", "digests", wanted)}
        new = [
            (
                self._next("blob"),
                mark,
                dataset_id,
                one.witness,
                self._stamped(),
                zlib.compress(one.body),
            )
            for mark, one in wanted.items()
            if mark not in kept
        ]
        columns = ("blob_id", "digest", "dataset_id", "witness", "tx_id", "body")
        self._session.insert("blob", columns, new)
        return len(new)

    def keep_events(self, events: Iterable[KeptEvent]) -> frozenset[str]:
        """Keep events in the order given; returns the digests of those that are new."""
        wanted: dict[str, KeptEvent] = {}
        for event in events:
            wanted.setdefault(event.digest, event)
        kept = {mark for (mark,) in self._found("events_by_digest", "digests", wanted)}
        new = [event for mark, event in wanted.items() if mark not in kept]
        rows = [
            (
                self._next("event"),
                event.digest,
                event.run_id,
                self._stamped(),
                event.source,
                zlib.compress(event.body),
            )
            for event in new
        ]
        columns = ("event_id", "digest", "run_id", "tx_id", "source", "body")
        self._session.insert("event", columns, rows)
        return frozenset(event.digest for event in new)

    def mark_linked(self, upto_tx: int) -> None:
        """Note that the events of all transactions up to this one are linked."""
        self._session.insert("linked", ("upto_tx", "tx_id"), [(upto_tx, self._stamped())])

    def note_harvest(
        self, *, name: str, dataset_id: int, head: str, outcome: str, detail: str = ""
    ) -> None:
        """Note that a table was looked at; `dataset_id` is 0 where it could not be identified."""
        tx = self._stamped()
        self._session.insert(
            "harvest",
            ("harvest_id", "name", "dataset_id", "tx_id", "head", "outcome", "detail"),
            [(self._next("harvest"), name, dataset_id, tx, head, outcome, detail)],
        )
