"""Delta tables of the demo lake: each write is one commit at a played instant."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake

from snapshots.instant import Instant
from temporal_lineage.demo.clock import files_below, files_dated
from temporal_lineage.demo.delta_times import replay_commits
from temporal_lineage.demo.iceberg_table import Row
from temporal_lineage.demo.written import Written
from temporal_lineage.evidence.commit_signs import STAMP


class DeltaLakeTable:
    """One table below the folder `delta`, known by its address, as in `delta.raw.payments`."""

    def __init__(
        self, folder: Path, address: str, schema: pa.Schema, partition: str | None
    ) -> None:
        self.address = address
        self.symlink = tuple(address.split(".", maxsplit=1))
        self.location = folder.joinpath(*address.split(".")[1:])
        self._schema = schema
        self._partitions = [] if partition is None else [partition]

    def loaded(self) -> DeltaTable:
        """Load the table as it is now."""
        return DeltaTable(self.location)

    def version(self) -> str | None:
        """Give the newest version; None before the first commit."""
        return str(self.loaded().version()) if self._commits() else None

    def current_version(self) -> str:
        """Give the newest version of a table that has one."""
        return str(self.loaded().version())

    def columns(self) -> list[tuple[str, str]]:
        """Give names and types of the columns."""
        if not self._commits():
            return []
        schema = json.loads(self.loaded().schema().to_json())
        return [(field["name"], field["type"]) for field in schema["fields"]]

    def rows(self) -> list[dict[str, Any]]:
        """Read all rows of the newest version."""
        rows: list[dict[str, Any]] = self.loaded().to_pyarrow_table().to_pylist()
        return rows

    def append(self, rows: Sequence[Row], *, at: Instant, stamp: str | None = None) -> Written:
        """Append rows, creating the table first; the stamp is the run's id, None for no stamp."""
        with self._dated(at):
            write_deltalake(
                self.location,
                self._arrow(rows),
                mode="append",
                partition_by=self._partitions,
                commit_properties=_stamped(stamp),
            )
        return self._written()

    def replace_where(self, predicate: str, rows: Sequence[Row], *, at: Instant) -> Written:
        """Overwrite the rows that the predicate picks."""
        with self._dated(at):
            write_deltalake(
                self.location,
                self._arrow(rows),
                mode="overwrite",
                predicate=predicate,
                partition_by=self._partitions,
            )
        return self._written()

    def merge(
        self, rows: Sequence[Row], *, key: str, at: Instant, stamp: str | None = None
    ) -> Written:
        """Update the rows that match by key, and insert the others."""
        with self._dated(at):
            self.loaded().merge(
                self._arrow(rows),
                predicate=f"old.{key} = new.{key}",
                source_alias="new",
                target_alias="old",
                commit_properties=_stamped(stamp),
            ).when_matched_update_all().when_not_matched_insert_all().execute()
        return self._written()

    def update(self, predicate: str, updates: Mapping[str, str], *, at: Instant) -> Written:
        """Set columns to SQL expressions in the rows that the predicate picks."""
        with self._dated(at):
            self.loaded().update(predicate=predicate, updates=dict(updates))
        return self._written()

    def compact(self, *, at: Instant) -> Written:
        """Rewrite small files as one: OPTIMIZE."""
        with self._dated(at):
            self.loaded().optimize.compact()
        return self._written()

    def vacuum(self, *, at: Instant) -> None:
        """Delete every file that the newest version does not read: VACUUM RETAIN 0 HOURS."""
        with self._dated(at):
            self.loaded().vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)

    def _arrow(self, rows: Sequence[Row]) -> pa.Table:
        return pa.Table.from_pylist(list(rows), schema=self._schema)

    def _commits(self) -> list[Path]:
        return sorted(self.location.glob("_delta_log/*.json"))

    @contextmanager
    def _dated(self, at: Instant) -> Iterator[None]:
        known = files_below(self.location)
        with files_dated(self.location, at):
            yield
        replay_commits([path for path in self._commits() if path not in known], at=at)

    def _written(self) -> Written:
        commit = self._commits()[-1]
        actions = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines()]
        adds = [action["add"] for action in actions if "add" in action]
        return Written(
            version=str(int(commit.stem)),
            rows=sum(json.loads(add["stats"])["numRecords"] for add in adds),
            size=sum(add["size"] for add in adds),
            files=len(adds),
        )


def _stamped(run_id: str | None) -> CommitProperties | None:
    return None if run_id is None else CommitProperties(custom_metadata={STAMP: run_id})
