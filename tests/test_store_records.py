"""What the ledger keeps word by word: events, bytes of metadata, and its own harvests."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from snapshots.instant import Instant
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.records import Blob
from temporal_lineage.store.transaction import KeptEvent


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ticks = count(1_000, 10)
    with Ledger.open(ledger_url, clock=lambda: Instant(next(ticks))) as ledger:
        yield ledger


def event(digest: str, run: str, body: str) -> KeptEvent:
    return KeptEvent(digest, run, "test.json", body.encode())


def test_events_are_kept_once_in_the_order_they_arrived(ledger: Ledger) -> None:
    body = '{"name": "\N{SNOWMAN} \\u0000"}'
    with ledger.transaction(source="ingest", note="") as transaction:
        events = [event("d1", "r2", "1"), event("d2", "r1", body), event("d1", "r2", "1")]
        assert transaction.keep_events(events) == {"d1", "d2"}
    with ledger.transaction(source="ingest", note="") as transaction:
        events = [event("d3", "r2", "0"), event("d2", "r1", body)]
        assert transaction.keep_events(events) == {"d3"}
    with ledger.reading() as reader:
        assert [one.body for one in reader.events(run_id="r2")] == ["1", "0"]
        assert [one.tx_id for one in reader.events(run_id="r2")] == [1, 2]
        (kept,) = reader.events(run_id="r1")
        assert (kept.body, kept.source, kept.recorded_at) == (body, "test.json", Instant(1_000))
        assert reader.event_run_ids() == ["r1", "r2"]
        assert reader.event_run_ids(after_tx=1) == ["r2"]


def test_events_known_already_leave_no_trace(ledger: Ledger) -> None:
    for _ in range(2):
        with ledger.transaction(source="ingest", note="") as transaction:
            transaction.keep_events([event("d1", "r1", "{}")])
    with ledger.reading() as reader:
        assert len(reader.transactions(limit=10)) == 1


def test_bytes_are_kept_once_for_each_dataset_and_witness(ledger: Ledger) -> None:
    blobs = [Blob("00001.json", b"\x00\xff" * 500), Blob("00002.json", b"")]
    with ledger.transaction(source="harvest", note="") as transaction:
        assert transaction.keep_blobs(1, blobs) == 2
        assert transaction.keep_blobs(1, [*blobs, Blob("00003.json", b"{}")]) == 1
        assert transaction.keep_blobs(2, blobs[:1]) == 1
    with ledger.reading() as reader:
        assert reader.blobs(dataset_id=1) == [*blobs, Blob("00003.json", b"{}")]
        assert reader.blob_witnesses(dataset_id=2) == {"00001.json"}
        assert reader.blob_witnesses(dataset_id=3) == frozenset()


def test_the_last_harvest_of_a_name_is_found(ledger: Ledger) -> None:
    for head, outcome in (("1", "read"), ("2", "failed")):
        with ledger.transaction(source="harvest", note="") as transaction:
            transaction.note_harvest(
                name="lake.a", dataset_id=7, head=head, outcome=outcome, detail="why"
            )
    with ledger.reading() as reader:
        last = reader.last_harvest(name="lake.a")
        assert last is not None
        assert (last.head, last.outcome, last.recorded_at) == ("2", "failed", Instant(1_010))
        assert [one.head for one in reader.harvests(dataset_id=7)] == ["1", "2"]
        assert reader.last_harvest(name="lake.b") is None
