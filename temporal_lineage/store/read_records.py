"""Questions about the ledger itself: transactions, harvests, kept events and bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from snapshots.instant import Instant
from temporal_lineage.store.read_base import Reads, listed, listed_texts
from temporal_lineage.store.records import ArrivedEvent, Blob, Harvest, TransactionRow
from temporal_lineage.store.runner import Row

TX_MAX = 2**31 - 1
"""No transaction has a greater number: PostgreSQL keeps them in four bytes."""

EVENT_RUNS_AT_ONCE = 1_000
"""Of how many runs the events are in memory at once: one may be some megabytes."""


class RecordReads(Reads):
    """Ask what the ledger did, and for what it keeps word by word."""

    def uuid(self) -> str:
        """Give the ledger's own identity."""
        ((uuid,),) = self._runner.rows("uuid", {})
        return str(uuid)

    def system_bounds(self) -> tuple[Instant, Instant] | None:
        """Give the instants of the first and last transaction; None before the first."""
        ((first, last),) = self._runner.rows("system_bounds", {})
        return None if first is None else (Instant(first), Instant(last))

    def transactions(self, *, limit: int) -> list[TransactionRow]:
        """Give the latest transactions, newest first."""
        return _transactions(self._runner.rows("transactions", {"limit": limit}))

    def transactions_between(
        self, *, after: Instant, until: Instant, limit: int
    ) -> list[TransactionRow]:
        """Give the latest transactions recorded after one instant and until another."""
        bounds = {"after": after.micros, "until": until.micros, "limit": limit}
        return _transactions(self._runner.rows("transactions_between", bounds))

    def harvests(self, *, dataset_id: int) -> list[Harvest]:
        """Give every harvest of a dataset, oldest first."""
        rows = self._runner.rows("harvests", {"dataset_id": dataset_id})
        return [_harvest(row) for row in rows]

    def last_harvest(self, *, name: str) -> Harvest | None:
        """Give the last harvest of a table by the name it was asked for; None if there is none."""
        rows = self._runner.rows("last_harvest", {"name": name, "limit": 1})
        return _harvest(rows[0]) if rows else None

    def events(self, *, run_id: str) -> list[ArrivedEvent]:
        """Give the events of a run in the order they arrived."""
        return _arrived(self._runner.rows("events", {"run_id": run_id}))

    def events_of(self, *, run_ids: Iterable[str]) -> Iterator[ArrivedEvent]:
        """Yield the events of several runs, of EVENT_RUNS_AT_ONCE together as they arrived."""
        asked = list(run_ids)
        for start in range(0, len(asked), EVENT_RUNS_AT_ONCE):
            part = listed_texts(asked[start : start + EVENT_RUNS_AT_ONCE])
            yield from _arrived(self._runner.rows("events_of", {"run_ids": part}))

    def event_run_ids(self, *, after_tx: int = 0, upto_tx: int = TX_MAX) -> list[str]:
        """Give the runs that have events which arrived in these transactions, by name."""
        rows = self._runner.rows("event_run_ids", {"after_tx": after_tx, "upto_tx": upto_tx})
        return sorted({run_id for (run_id,) in rows})

    def runs_arrived(self, *, tx_ids: Sequence[int]) -> int:
        """Count the runs of which events arrived in these transactions."""
        ((count,),) = self._runner.rows("runs_arrived", {"tx_ids": listed(tx_ids)})
        return int(count)

    def linked_upto(self) -> int:
        """Give the transaction up to which all kept events are linked; 0 before the first."""
        ((upto,),) = self._runner.rows("linked_upto", {})
        return upto or 0

    def events_after(self, *, after_tx: int, limit: int) -> list[tuple[int, int]]:
        """Give the first transactions after one that kept events, and how many each kept."""
        rows = self._runner.rows("events_after", {"after_tx": after_tx, "limit": limit})
        return [(tx_id, count) for tx_id, count in rows]

    def blobs(self, *, dataset_id: int) -> list[Blob]:
        """Give the bytes kept of a dataset, in the order they were kept."""
        import zlib

        rows = self._runner.rows("blobs", {"dataset_id": dataset_id})
        return [Blob(witness, zlib.decompress(body)) for witness, body in rows]

    def blob_witnesses(self, *, dataset_id: int) -> frozenset[str]:
        """Give the names of what is kept of a dataset, without the bytes."""
        rows = self._runner.rows("blob_witnesses", {"dataset_id": dataset_id})
        return frozenset(witness for (witness,) in rows)


def _arrived(rows: Iterable[Row]) -> list[ArrivedEvent]:
    import zlib

    return [
        ArrivedEvent(
            event_id, run, source, zlib.decompress(body).decode(), Instant(recorded_at), tx
        )
        for event_id, run, source, body, recorded_at, tx in rows
    ]


def _harvest(row: Row) -> Harvest:
    harvest_id, name, dataset_id, head, outcome, detail, recorded_at, tx = row
    return Harvest(harvest_id, name, dataset_id, head, outcome, detail, Instant(recorded_at), tx)


def _transactions(rows: Sequence[Row]) -> list[TransactionRow]:
    return [
        TransactionRow(tx, Instant(recorded_at), source, note)
        for tx, recorded_at, source, note in rows
    ]
