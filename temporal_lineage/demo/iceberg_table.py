"""Iceberg tables of the demo lake: each write is one commit at a played instant."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update.schema import UpdateSchema

from snapshots.instant import Instant
from temporal_lineage.demo.clock import files_dated, played
from temporal_lineage.demo.written import Written
from temporal_lineage.evidence.commit_signs import STAMP

Row = Mapping[str, Any]


class IcebergTable:
    """One table of the catalog `lake`, known by its address, as in `lake.raw.orders`."""

    def __init__(self, catalog: Catalog, address: str, warehouse: Path) -> None:
        self.address = address
        self.symlink = tuple(address.split(".", maxsplit=1))
        self.location = warehouse.joinpath(*address.split(".")[1:])
        self._catalog = catalog
        self._identifier = self.symlink[1]

    def create(self, schema: Schema, *, at: Instant) -> None:
        """Create the table, without a snapshot."""
        with self._dated(at):
            self._catalog.create_namespace_if_not_exists(self._identifier.split(".")[0])
            self._catalog.create_table(
                self._identifier, schema=schema, location=f"file://{self.location}"
            )

    def is_new(self) -> bool:
        """Tell whether the table has yet to be created."""
        return not self._catalog.table_exists(self._identifier)

    def loaded(self) -> Table:
        """Load the table as it is now."""
        return self._catalog.load_table(self._identifier)

    def version(self) -> str | None:
        """Give the current snapshot id; None before the first snapshot."""
        current = self.loaded().current_snapshot()
        return None if current is None else str(current.snapshot_id)

    def current_version(self) -> str:
        """Give the current snapshot id of a table that has one."""
        return _written(self.loaded().current_snapshot()).version

    def columns(self) -> list[tuple[str, str]]:
        """Give names and types of the current schema's columns."""
        return [(field.name, str(field.field_type)) for field in self.loaded().schema().fields]

    def rows(self) -> list[dict[str, Any]]:
        """Read all rows of the current snapshot."""
        rows: list[dict[str, Any]] = self.loaded().scan().to_arrow().to_pylist()
        return rows

    def append(
        self,
        rows: Sequence[Row],
        *,
        at: Instant,
        stamp: str | None = None,
        branch: str = MAIN_BRANCH,
    ) -> Written:
        """Append rows in one snapshot; the stamp is the id of the run, None for no stamp."""
        with self._dated(at):
            table = self.loaded()
            table.append(_arrow(table, rows), snapshot_properties=_stamped(stamp), branch=branch)
            return _written(table.snapshot_by_name(branch))

    def overwrite(self, rows: Sequence[Row], *, at: Instant) -> Written:
        """Replace all rows; pyiceberg does it with two snapshots in one commit."""
        with self._dated(at):
            table = self.loaded()
            table.overwrite(_arrow(table, rows))
            return _written(table.current_snapshot())

    def upsert(self, rows: Sequence[Row], *, key: str, at: Instant) -> Written:
        """Update and insert by the key column; up to three snapshots in one commit.

        The job knows how many rows it updated and inserted, not what was rewritten for it.
        """
        with self._dated(at):
            table = self.loaded()
            done = table.upsert(_arrow(table, rows), join_cols=[key])
            rows_written = done.rows_updated + done.rows_inserted
            version = _written(table.current_snapshot()).version
            return Written(version=version, rows=rows_written, size=None, files=None)

    def evolve(self, change: Callable[[UpdateSchema], object], *, at: Instant) -> None:
        """Change the schema: a metadata commit without a snapshot."""
        with self._dated(at), self.loaded().update_schema() as update:
            change(update)

    def roll_back(self, *, to: str, at: Instant) -> None:
        """Make an ancestor the current snapshot again."""
        with self._dated(at):
            self.loaded().manage_snapshots().rollback_to_snapshot(int(to)).commit()

    def tag(self, name: str, *, version: str, at: Instant) -> None:
        """Name a snapshot for good."""
        with self._dated(at):
            self.loaded().manage_snapshots().create_tag(int(version), name).commit()

    def branch(self, name: str, *, version: str, at: Instant) -> None:
        """Start a branch at a snapshot."""
        with self._dated(at):
            self.loaded().manage_snapshots().create_branch(int(version), name).commit()

    def expire(self, version: str, *, at: Instant) -> None:
        """Take one snapshot out of the metadata; its files stay where they are."""
        with self._dated(at):
            self.loaded().maintenance.expire_snapshots().by_id(int(version)).commit()

    @contextmanager
    def _dated(self, at: Instant) -> Iterator[None]:
        with files_dated(self.location, at), played(at, seed=self.address):
            yield


def _arrow(table: Table, rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow())


def _stamped(run_id: str | None) -> dict[str, str]:
    return {} if run_id is None else {STAMP: run_id}


def _written(snapshot: Snapshot | None) -> Written:
    if snapshot is None or snapshot.summary is None:
        msg = "a table that was just written to has no snapshot"
        raise AssertionError(msg)
    counts = snapshot.summary.additional_properties
    return Written(
        version=str(snapshot.snapshot_id),
        rows=int(counts.get("added-records", "0")),
        size=int(counts.get("added-files-size", "0")),
        files=int(counts.get("added-data-files", "0")),
    )
