"""Rows: the fingerprint of Arrow batches, added up on all processors in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from catalogs.fingerprint.columns import struct_sums
from catalogs.fingerprint.identities import Identity
from catalogs.fingerprint.mixing import closed, tagged
from snapshots.fingerprint import NO_ROWS, Fingerprint, Tag

PIECE_ROWS = 65_536
"""Rows are digested in pieces as long as the batches that Parquet's readers give: of shorter ones,
two threads spend more time on waiting for each other's turn to run Python than they save.
"""

_WAITING_MAX = 16


class Fingerprinting:
    """Takes batches, and gives the fingerprint of all their rows; a context manager."""

    def __init__(self, identities: Mapping[str, Identity]) -> None:
        """Take the identities of the columns that batches will have."""
        self._identities = identities
        self._total = NO_ROWS
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, "fingerprint")
        self._waiting: deque[Future[Fingerprint]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def add(self, batch: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        """Take a batch. Raises UnsupportedError for a type that no fingerprint covers."""
        for start in range(0, batch.num_rows, PIECE_ROWS):
            piece = batch.slice(start, PIECE_ROWS)
            self._waiting.append(self._pool.submit(batch_fingerprint, piece, self._identities))
            if len(self._waiting) > _WAITING_MAX:
                self._total += self._waiting.popleft().result()

    def passing(self, batches: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """Give the same batches, each of which is taken when it passes."""

        def passed() -> Iterator[Any]:
            for batch in batches:
                self.add(batch)
                yield batch

        return pa.RecordBatchReader.from_batches(batches.schema, passed())

    def total(self) -> Fingerprint:
        """Give the fingerprint of all that was taken so far."""
        while self._waiting:
            self._total += self._waiting.popleft().result()
        return self._total


def fingerprint_of(batches: Iterable[Any], identities: Mapping[str, Identity]) -> Fingerprint:
    """Give the fingerprint of the rows of some batches; one after the other is read."""
    with Fingerprinting(identities) as sums:
        for batch in batches:
            sums.add(batch)
        return sums.total()


def batch_fingerprint(batch: Any, identities: Mapping[str, Identity]) -> Fingerprint:  # noqa: ANN401
    """Give the fingerprint of the rows of one batch."""
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    sums = struct_sums(columns, identities, batch.num_rows)
    first, second = closed(tagged(0, Tag.ROW), *sums)
    return Fingerprint(batch.num_rows, int(np.add.reduce(first)), int(np.add.reduce(second)))
