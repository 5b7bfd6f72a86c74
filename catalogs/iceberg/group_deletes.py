"""Group deletes: which of the rows found in a file are gone from all states with the same deletes.

Delete files are opened when the first file with a match asks for them; a table whose deletes
touch no match has none of them read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from catalogs.iceberg.data_files import DataFiles
from catalogs.iceberg.deletes import Deletes
from catalogs.iceberg.equality import EqualityDeletes
from catalogs.iceberg.file_schema import FieldNames
from catalogs.iceberg.key_columns import KeyColumn, KeyColumns
from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.metadata import TableMetadata
from catalogs.iceberg.projection import project
from catalogs.iceberg.reach import Reach
from catalogs.iceberg.search_files import Found
from snapshots.files import FileContent


class GroupDeletes:
    """The deletes that some states share."""

    def __init__(
        self,
        entries: Sequence[ManifestEntry],
        *,
        metadata: TableMetadata,
        known: FieldNames,
        files: DataFiles,
    ) -> None:
        """Take the deletes, and the data files that any of the states has."""
        self._entries = entries
        self._metadata = metadata
        self._known = known
        self._files = files
        self.ids = frozenset(
            one
            for entry in entries
            if entry.content is FileContent.EQUALITY_DELETES
            for one in entry.equality_ids
        )
        """The fields that equality deletes compare by."""

    def hidden(self, data: ManifestEntry, found: Found) -> int:
        """Count those of the found rows of a data file that the deletes hide.

        Raises UnreadableError where a delete file is broken, UnsupportedError where it cannot be
        told what a delete means.
        """
        if not self._entries:
            return 0
        gone = pa.repeat(pa.scalar(False), len(found.positions))
        positions = self._positions.positions(data)
        if positions is not None:
            gone = pc.or_(gone, pc.is_in(found.positions, value_set=positions))
        own = pa.arange(0, len(found.positions))
        for one in self._equalities.applying(data) if self.ids else ():
            keys = {key.field_id: found.keys[key.field_id] for key in one.columns}
            gone = pc.or_(gone, pc.is_in(own, value_set=one.places(keys)))
        return int(pc.sum(gone).as_py() or 0)

    @cached_property
    def _reach(self) -> Reach:
        return Reach(self._metadata)

    @cached_property
    def _positions(self) -> Deletes:
        return Deletes(self._entries, files=self._files, reach=self._reach)

    @cached_property
    def _equalities(self) -> EqualityDeletes:
        return EqualityDeletes(
            self._entries,
            files=self._files,
            reach=self._reach,
            keys=KeyColumns(self._metadata),
            read=self._read_keys,
        )

    def _read_keys(
        self, entry: ManifestEntry, columns: Sequence[KeyColumn]
    ) -> Iterator[Sequence[pa.RecordBatch]]:
        with self._files.fragment(entry) as fragment:
            for _, batches in project(
                fragment,
                schemas=[one.schema for one in columns],
                known=self._known,
                constants={},
                needed=frozenset(one.field_id for one in columns),
                held=(),
                format_version=self._metadata.format_version,
                location=self._files.found(entry),
            ):
                yield batches
