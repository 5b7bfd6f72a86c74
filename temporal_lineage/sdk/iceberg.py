"""Iceberg tables of a run: pyiceberg's own, with scans that are pinned and recorded."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import DataScan

from catalogs.portion import BadFilterError, Portion
from catalogs.row_filter import filter_text
from temporal_lineage.sdk.stamped import Stamped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pyiceberg.table import FileScanTask
    from pyiceberg.table.metadata import TableMetadata

    from temporal_lineage.sdk.recorder import Recorder
    from temporal_lineage.sdk.tables import OpenTable

_log = logging.getLogger("temporal_lineage.sdk")


class IcebergTable(Stamped):
    """A pyiceberg Table: `scan` pins and records, commits are stamped, all else passes through."""

    def __init__(
        self,
        table: Any,  # noqa: ANN401 - a pyiceberg Table
        *,
        recorder: Recorder,
        opened: OpenTable,
        **stamping: Any,  # noqa: ANN401 - as Stamped has them
    ) -> None:
        """Stand before this table for this run."""
        super().__init__(table, **stamping)
        self._recorder = recorder
        self._opened = opened

    def scan(self, *args: Any, **kwargs: Any) -> DataScan:  # noqa: ANN401 - as Table.scan has them
        """Scan as `Table.scan` does, one snapshot and its own schema for columns and filter.

        The snapshot is settled now; what is recorded is what is planned or read of it.
        """
        plain = self._target.scan(*args, **kwargs)
        return RecordedScan(note=self._note, **_arguments_of(plain))

    def _note(
        self, snapshot_id: int, portion: Portion, fields: tuple[tuple[str, str], ...]
    ) -> None:
        run = self._recorder
        run.records.read(self._opened.named, str(snapshot_id), fields=fields, portion=portion)
        run.touches(self._opened.target)
        run.progressed(at_once=False)


class RecordedScan(DataScan):
    """A scan of one settled snapshot, noted when its files are planned.

    pyiceberg binds a filter to the table's current schema whatever snapshot is read; here the
    metadata's current snapshot and schema are those of the snapshot itself.
    """

    def __init__(self, *, note: Callable[..., None], **arguments: Any) -> None:  # noqa: ANN401
        """Settle the snapshot."""
        metadata = arguments["table_metadata"]
        wanted = arguments.get("snapshot_id")
        chosen = metadata.current_snapshot_id if wanted is None else wanted
        super().__init__(
            **{
                **arguments,
                "table_metadata": _as_of_snapshot(metadata, chosen),
                "snapshot_id": chosen,
            }
        )
        self.note = note

    def update(self, **overrides: Any) -> RecordedScan:  # noqa: ANN401 - as pyiceberg has it
        """Give a scan like this one, but for what is overridden."""
        return RecordedScan(note=self.note, **{**_arguments_of(self), **overrides})

    def use_ref(self, name: str) -> RecordedScan:
        """Scan what a branch or tag names. Raises ValueError for an unknown one, as pyiceberg."""
        found = self.table_metadata.snapshot_by_name(name)
        if found is None:
            msg = f"Cannot scan unknown ref={name}"
            raise ValueError(msg)
        return self.update(snapshot_id=found.snapshot_id)

    def plan_files(self) -> Iterable[FileScanTask]:
        """Plan the files of the scan, and note what it takes."""
        if self.snapshot_id is not None:
            schema = self.table_metadata.schema()
            fields = tuple((one.name, str(one.field_type)) for one in schema.fields)
            self.note(self.snapshot_id, self._portion(), fields)
        return super().plan_files()

    def _portion(self) -> Portion:
        columns = None if "*" in self.selected_fields else tuple(self.selected_fields)
        if isinstance(self.row_filter, AlwaysTrue):
            return Portion(columns, None)
        try:
            return Portion(columns, filter_text(self.row_filter))
        except BadFilterError as error:
            _log.warning("a filter is recorded as none, so as more rows than were read: %s", error)
            return Portion(columns, None)


def _as_of_snapshot(metadata: TableMetadata, snapshot_id: int | None) -> TableMetadata:
    found = None if snapshot_id is None else metadata.snapshot_by_id(snapshot_id)
    if found is None:
        return metadata
    schema_id = metadata.current_schema_id if found.schema_id is None else found.schema_id
    return metadata.model_copy(
        update={"current_snapshot_id": snapshot_id, "current_schema_id": schema_id}
    )


def _arguments_of(scan: DataScan) -> dict[str, Any]:
    names = (
        "table_metadata",
        "io",
        "row_filter",
        "selected_fields",
        "case_sensitive",
        "snapshot_id",
        "options",
        "limit",
        "catalog",
        "table_identifier",
    )
    return {name: getattr(scan, name) for name in names}
