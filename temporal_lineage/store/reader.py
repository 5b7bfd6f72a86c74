"""Readers: every question the ledger's tables can answer, at one moment of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from temporal_lineage.store.location import sqlite_file
from temporal_lineage.store.read_attributes import AttributeReads
from temporal_lineage.store.read_commits import CommitReads
from temporal_lineage.store.read_edges import EdgeReads
from temporal_lineage.store.read_nodes import NodeReads
from temporal_lineage.store.read_reach import ReachReads
from temporal_lineage.store.read_records import RecordReads
from temporal_lineage.store.records import (
    ArrivedEvent,
    Asserted,
    Believed,
    Blob,
    Containing,
    Contributor,
    EdgeRow,
    Harvest,
    LiveFile,
    Node,
    Placed,
    TransactionRow,
)
from temporal_lineage.store.runner import Runner

__all__ = (
    "ArrivedEvent",
    "Asserted",
    "Believed",
    "Blob",
    "Containing",
    "Contributor",
    "EdgeRow",
    "Harvest",
    "LiveFile",
    "Node",
    "Placed",
    "Reader",
    "TransactionRow",
    "open_reader",
)


class Reader(NodeReads, AttributeReads, EdgeReads, ReachReads, CommitReads, RecordReads):
    """Asks a Runner, and turns its rows into values."""

    def __init__(self, runner: Runner) -> None:
        """Read through this runner."""
        self._runner = runner


@contextmanager
def open_reader(url: str) -> Iterator[Reader]:
    """Open a ledger, a SQLite file or a database URL, for reading.

    A SQLite file is read with the standard library alone. Raises LedgerMissingError,
    LedgerTooNewError, LedgerDamagedError or LedgerUnreachableError.
    """
    file = sqlite_file(url)
    if file is not None:
        from temporal_lineage.store.light import light_runner

        with light_runner(file) as runner:
            yield Reader(runner)
    else:
        from temporal_lineage.store.ledger import full_reader

        with full_reader(url) as reader:
            yield reader
