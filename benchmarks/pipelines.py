"""Pipelines: layers of Delta tables, each commit made by a run that read the layer before.

Every table is committed once an hour and keeps the rows of its last commits only, as a table with
a retention does. All of it follows from the numbers given: the same tables, the same events, and
the same truth about what went into what.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.delta_logs import FILE_BYTES, ROWS, Commit, write_log
from snapshots.instant import Instant

READ = 3
"""How many tables a run reads."""

_FIRST = 1_767_225_600_000_000  # 2026-01-01T00:00Z
_HOUR = 3_600_000_000
_STEP = 300_000_000
_RUN_BEFORE = 60_000_000
_RUN_AFTER = 2_000_000
_PRODUCER = "https://github.com/OpenLineage/OpenLineage/tree/1.30.0/integration/spark"
_COLUMNS = ("id", "customer", "amount", "day")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a layer; its address in the catalog `lake` is its name."""

    layer: int
    place: int

    def __str__(self) -> str:
        """Write the address that people type."""
        return f"lake.l{self.layer}.t{self.place:03d}"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a table: a state, and the commit that made it."""

    table: Table
    number: int

    @property
    def at(self) -> Instant:
        """When it was committed: a layer some minutes after the one it reads."""
        return Instant(_FIRST + self.number * _HOUR + self.table.layer * _STEP)

    def __str__(self) -> str:
        """Write the address that people type."""
        return f"{self.table}@{self.number}"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """So many layers, of so many tables, of so many versions."""

    layers: int
    width: int
    versions: int
    kept: int
    """How many commits' rows live in a state."""

    def tables(self) -> Iterator[Table]:
        """Yield every table, the first layer first."""
        for layer in range(self.layers):
            for place in range(self.width):
                yield Table(layer, place)

    def commits(self) -> Iterator[Version]:
        """Yield every commit in the order of time."""
        for number in range(self.versions):
            for table in self.tables():
                yield Version(table, number)

    def read_by(self, commit: Version) -> tuple[Version, ...]:
        """Give the states that the commit's run read: none in the first layer."""
        table = commit.table
        if table.layer == 0:
            return ()
        # Tables further up are read by few, or by all: either way every layer fans out.
        places = dict.fromkeys((table.place * READ + shift) % self.width for shift in range(READ))
        return tuple(Version(Table(table.layer - 1, place), commit.number) for place in places)

    def living_in(self, state: Version) -> tuple[Version, ...]:
        """Give the commits whose rows live in the state."""
        first = max(0, state.number - self.kept + 1)
        return tuple(Version(state.table, number) for number in range(first, state.number + 1))

    def write(self, folder: Path) -> None:
        """Write every table's log below a warehouse folder."""
        for table in self.tables():
            root = _root(folder, table)
            write_log(root, [self._commit(Version(table, one)) for one in range(self.versions)])

    def events(self, folder: Path) -> Iterator[bytes]:
        """Yield START and COMPLETE of each commit's run, as the Spark listener sends them."""
        for commit in self.commits():
            yield self._event("START", commit, commit.at.plus(micros=-_RUN_BEFORE), folder)
            yield self._event("COMPLETE", commit, commit.at.plus(micros=_RUN_AFTER), folder)

    def _commit(self, version: Version) -> Commit:
        gone = version.number - self.kept
        return Commit(
            micros=version.at.micros,
            columns=_COLUMNS if version.number == 0 else None,
            adds=_file(version.number),
            removes=[_file(gone)] if gone >= 0 else [],
        )

    def _event(self, kind: str, commit: Version, at: Instant, folder: Path) -> bytes:
        started = kind == "START"
        output = _dataset(folder, commit.table)
        if not started:
            output["facets"] = _version(commit)
            statistics = {"rowCount": ROWS, "size": FILE_BYTES, "fileCount": 1}
            output["outputFacets"] = {"outputStatistics": {"_producer": _PRODUCER} | statistics}
        inputs = [
            _dataset(folder, one.table) | ({"facets": _version(one)} if started else {})
            for one in self.read_by(commit)
        ]
        event = {
            "eventType": kind,
            "eventTime": at.isoformat(),
            "producer": _PRODUCER,
            "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_OID, str(commit)))},
            "job": {"namespace": "spark", "name": f"make_{commit.table}"},
            "inputs": inputs,
            "outputs": [output],
        }
        return json.dumps(event).encode()


def _root(folder: Path, table: Table) -> Path:
    return folder / f"l{table.layer}" / f"t{table.place:03d}"


def _file(number: int) -> str:
    return f"part-{number:05d}.snappy.parquet"


def _dataset(folder: Path, table: Table) -> dict[str, object]:
    return {"namespace": "file", "name": str(_root(folder, table))}


def _version(version: Version) -> dict[str, object]:
    return {"version": {"_producer": _PRODUCER, "datasetVersion": str(version.number)}}
