"""Writing: the calls of a run whose commits carry its id. DESIGN 4.4, outputs rung 1."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from temporal_lineage.sdk.read import Read
from temporal_lineage.sdk.recorder import Recorder
from temporal_lineage.sdk.stamped import Stamped
from temporal_lineage.sdk.tables import (
    delta_properties,
    native_iceberg,
    open_delta,
    open_iceberg,
    place_of_delta,
)
from temporal_lineage.sdk.watching import DeltaWatch, IcebergWatch

if TYPE_CHECKING:
    from deltalake import CommitProperties

    from temporal_lineage.sdk.iceberg import IcebergTable
    from temporal_lineage.sdk.recorder import Watch


class WriteCalls(Recorder):
    """What a run writes through."""

    def iceberg(self, table: object) -> IcebergTable:
        """Give a pyiceberg Table whose scans are pinned and recorded, and whose commits stamped.

        `table` is a Table, or the address of one in a pyiceberg catalog. `append`, `overwrite`,
        `delete`, `upsert`, `dynamic_partition_overwrite`, `add_files` and `transaction` stamp.
        """
        from temporal_lineage.sdk.iceberg import IcebergTable

        native = native_iceberg(table, self.session)
        opened = open_iceberg(native, self.session)
        watch = IcebergWatch(native, opened.named, self.run_id)

        def stamp(told: Any) -> dict[str, str]:  # noqa: ANN401
            return {**(told or {}), **self.stamp}

        def begin() -> None:
            self.touches(opened.target)
            self.will_write(watch)

        return IcebergTable(
            native,
            recorder=self,
            opened=opened,
            argument="snapshot_properties",
            stamp=stamp,
            before=begin,
            after=lambda: self._committed(watch),
            parts=frozenset({"transaction"}),
        )

    def delta(self, table: object) -> Stamped:
        """Give a DeltaTable whose commits are stamped: `delete`, `update`, `merge`, `restore`, ...

        `table` is a DeltaTable or a path. Read through `read_delta`: what a DeltaTable reads by
        itself is not recorded.
        """
        native: Any = table
        if isinstance(table, str | os.PathLike):
            from deltalake import DeltaTable

            native = DeltaTable(os.fspath(table))
        opened = open_delta(native, self.session)
        watch = self._delta_watch(opened.source, opened.named)

        def begin() -> None:
            self.touches(opened.target)
            self.will_write(watch)

        return Stamped(
            native,
            argument="commit_properties",
            stamp=self._stamped_properties,
            before=begin,
            after=lambda: self._committed(watch),
            parts=frozenset({"optimize", "alter"}),
        )

    def write_delta(self, table: Any, rows: Any, **options: Any) -> None:  # noqa: ANN401 - as write_deltalake has them
        """Write rows as `deltalake.write_deltalake` does, in a commit that carries the run's id.

        `table` is a path, which need not be there yet, or a DeltaTable; `options` are those of
        `write_deltalake`: `mode`, `partition_by`, `predicate`, `commit_properties`, ...
        """
        from deltalake import write_deltalake

        properties = delta_properties(options.get("storage_options"))
        opened = place_of_delta(table, self.session, properties)
        watch = self._delta_watch(opened.source, opened.named)
        self.touches(opened.target)
        self.will_write(watch)
        stamped = self._stamped_properties(options.pop("commit_properties", None))
        if isinstance(rows, Read):
            rows = rows.batches()
        try:
            write_deltalake(table, rows, commit_properties=stamped, **options)
        finally:
            self._committed(watch)

    def _committed(self, watch: Watch) -> None:
        if self.committed(watch):
            self.progressed(at_once=False)

    def _delta_watch(self, source: Any, named: Any) -> DeltaWatch:  # noqa: ANN401
        return DeltaWatch(source, named, self.run_id)

    def _stamped_properties(self, told: CommitProperties | None) -> CommitProperties:
        from deltalake import CommitProperties

        if told is None:
            return CommitProperties(custom_metadata=dict(self.stamp))
        return CommitProperties(
            custom_metadata={**(told.custom_metadata or {}), **self.stamp},
            max_commit_retries=told.max_commit_retries,
            app_transactions=told.app_transactions,
        )
