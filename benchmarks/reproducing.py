"""Reproducing: a state written again and proven, beside a plain scan by the same library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import write_deltalake
from pyarrow import parquet

from benchmarks.measuring import take_turns, timed
from benchmarks.rows import Row, longer, within
from catalogs.catalog import open_path
from catalogs.fingerprint.identities import identities
from catalogs.fingerprint.rows import fingerprint_of
from snapshots.availability import Gone, LogTruncated
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

if TYPE_CHECKING:
    from benchmarks.sizes import Size
    from catalogs.table import TableState

NOTES = """\
One Delta table of six columns (two whole numbers, a double, an instant, a text, a decimal), in
eight data files or more.
*Fingerprint* digests rows that are in memory; the goal is ten million a second.
*Scan and fingerprint* reads all rows through our reader and digests them; the peer reads the same
files with pyarrow's `ParquetFile` and does nothing with them.
*Reproduce* takes a lock with a fingerprint, proves the files, writes the rows as Parquet with
digest and fingerprint, and proves these; the peer reads with `ParquetFile` and writes with
`ParquetWriter`, with the same compression."""

_FILES_MIN = 8
_FILE_ROWS_MAX = 4_000_000
_ROWS_A_SECOND = 10_000_000
_LETTERS = 1_000_000


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Measure fingerprints, scans and reproductions."""
    trial = Trial(folder, size.reproduced_rows)
    count = f"{size.reproduced_rows:,} rows"
    (seconds,) = take_turns(timed(trial.fingerprint), rounds=size.rounds)
    yield within(
        f"fingerprint {trial.memory_rows:,} rows of six columns in memory",
        ours=seconds,
        seconds_max=trial.memory_rows / _ROWS_A_SECOND,
    )
    ours, peer = take_turns(timed(trial.scan), timed(trial.plain_scan), rounds=size.rounds)
    yield longer(
        f"scan and fingerprint {count}", ours=ours, peer=peer, peer_name="pyarrow scan", goal=1.2
    )
    ours, peer = take_turns(timed(trial.reproduce), timed(trial.plain_copy), rounds=size.rounds)
    yield longer(
        f"reproduce {count} from a lock, proven",
        ours=ours,
        peer=peer,
        peer_name="pyarrow scan and write",
        goal=1.2,
    )


class Trial:
    """The table, its lock, and every contender's work; each writes to a new place."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder = folder
        self.table = folder / "lake" / "events"
        files = max(_FILES_MIN, -(-rows // _FILE_ROWS_MAX))
        for number in range(files):
            write_deltalake(self.table, _rows(rows // files, seed=number), mode="append")
        self._paths = sorted(self.table.glob("*.parquet"))
        self.size_bytes = sum(path.stat().st_size for path in self._paths)
        self._session = Session(
            Workspace(folder / "home", str(folder / "home" / "ledger.db")), clock=wall_clock
        )
        self._session.harvest([str(self.table)])
        address = f"dataset:file/{self.table}@{files - 1}"
        self.lock = folder / "events.lock"
        told = self._session.lock(address, out=self.lock, fingerprint=True)
        self._expected = next(iter(told.fingerprints.values()))[0]
        self._state = _state(self.table, files - 1)
        self._named = identities(self._state.schema, self._state.identity_of)
        self._memory = list(self._state.only([self._state.files[0].key]).batches(columns=None))
        self.memory_rows = sum(batch.num_rows for batch in self._memory)
        self._number = 0

    def fingerprint(self) -> None:
        """Digest what is in memory."""
        assert fingerprint_of(self._memory, self._named).rows == self.memory_rows

    def scan(self) -> None:
        """Read all rows as a reproduction does, and digest them."""
        batches = self._state.batches(columns=None)
        assert str(fingerprint_of(batches, self._named)) == self._expected

    def plain_scan(self) -> None:
        """Read all rows, and do nothing with them."""
        for path in self._paths:
            for _ in parquet.ParquetFile(path).iter_batches():
                pass

    def reproduce(self) -> None:
        """Prove, write and prove again."""
        answer = self._session.reproduce(str(self.lock), out=self._new())
        assert answer.verdict == "reproducible"

    def plain_copy(self) -> None:
        """Read and write with the library alone."""
        schema = parquet.read_schema(self._paths[0])
        with parquet.ParquetWriter(self._new(), schema, compression="zstd") as writer:
            for path in self._paths:
                for batch in parquet.ParquetFile(path).iter_batches():
                    writer.write_batch(batch)

    def _new(self) -> Path:
        self._number += 1
        return self.folder / f"out-{self._number}"


def _state(table: Path, version: int) -> TableState:
    state = open_path(str(table), {}).state(version, kept=())
    assert not isinstance(state, LogTruncated | Gone)
    return state


def _rows(count: int, *, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    unscaled = np.zeros((count, 2), np.int64)
    unscaled[:, 0] = random.integers(0, 1_000_000, count)
    amounts = pa.Array.from_buffers(
        pa.decimal128(12, 2), count, [None, pa.py_buffer(unscaled.tobytes())]
    )
    names = pa.array(random.integers(0, _LETTERS, count)).cast(pa.string())
    return pa.table(
        {
            "id": pa.array(np.arange(count) + seed * count),
            "user": pa.array(random.integers(0, 1_000_000, count).astype(np.int32)),
            "price": pa.array(random.random(count) * 100),
            "at": pa.array(random.integers(0, 10**15, count)).cast(pa.timestamp("us", "UTC")),
            "name": pc.binary_join_element_wise("customer", names, "-"),
            "amount": amounts,
        }
    )
