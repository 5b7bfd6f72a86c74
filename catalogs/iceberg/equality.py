"""Equality deletes: rows that are gone because a newer delete file has their key. Iceberg spec,
"Scan Planning" and "Equality Delete Files".

Deletes of the same columns and the same partition become one frame: each key, with the highest
sequence number it was deleted at. So a data file is compared once, however many delete files a
streaming writer left, and the memory it takes is that of the delete files' keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from catalogs.iceberg.data_files import DataFiles
from catalogs.iceberg.key_columns import DISPUTED_BITS, KeyColumn, KeyColumns
from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.reach import Partition, Reach, number_of
from snapshots.errors import UnreadableError, UnsupportedError
from snapshots.files import FileContent

_NUMBER = "number"
_PLACE = "place"
_ADVICE = "restore the file from a backup"
_UNSAFE = "engines differ on these: rewrite the table's deletes with the engine that wrote them"

ReadKeys = Callable[[ManifestEntry, Sequence[KeyColumn]], Iterator[Sequence[pa.RecordBatch]]]
"""Reads a delete file in batches, each once under the schema of every key column."""

_Scope = tuple[Partition | None, tuple[int, ...]]
"""The partition reached, None where that is the whole table, and the field ids compared by."""


_ById = dict[tuple[int, ...], list[ManifestEntry]]


@dataclass(frozen=True, slots=True)
class DeletedKeys:
    """The keys that delete rows of one data file."""

    columns: tuple[KeyColumn, ...]
    frame: pl.DataFrame
    location: str
    """Where one of the delete files lies, for errors."""

    def places(self, keys: Mapping[int, pa.Array]) -> pa.Array:
        """Give the places of the rows that are gone; `keys` are the rows' values by field id.

        Raises UnsupportedError where engines differ on whether a row is gone.
        """
        values = {_name(one): keys[one.field_id] for one in self.columns}
        rows = pl.DataFrame(pa.table(values)).with_row_index(_PLACE)
        found = _matching(rows, self.frame, list(values))
        floats = [_name(one) for one in self.columns if one.is_floating]
        if floats and not found.equals(_leniently(rows, self.frame, list(values), floats)):
            kinds = " and ".join(sorted({one.kind for one in self.columns if one.is_floating}))
            feature = f"equality deletes by a {kinds} of NaN or of zeros with different signs"
            raise UnsupportedError(self.location, feature, _UNSAFE)
        return found.to_arrow().cast(pa.int64())


def _matching(rows: pl.DataFrame, deleted: pl.DataFrame, names: list[str]) -> pl.Series:
    found = rows.join(deleted, on=names, how="semi", nulls_equal=True, maintain_order="left")
    return found[_PLACE]


def _leniently(
    rows: pl.DataFrame, deleted: pl.DataFrame, names: list[str], floats: list[str]
) -> pl.Series:
    """Match as engines do that compare as IEEE 754 does: 0 equals -0, and NaN nothing."""
    zero, minus_zero, nan = DISPUTED_BITS
    one_zero = [pl.col(name).replace(minus_zero, zero) for name in floats]
    not_nan = pl.all_horizontal(pl.col(name).ne_missing(nan) for name in floats)
    plain = deleted.filter(not_nan).with_columns(one_zero)
    return _matching(rows.with_columns(one_zero), plain, names)


class EqualityDeletes:
    """The equality deletes of one state, each read once, when the first data file asks for it."""

    def __init__(
        self,
        entries: Sequence[ManifestEntry],
        *,
        files: DataFiles,
        reach: Reach,
        keys: KeyColumns,
        read: ReadKeys,
    ) -> None:
        """Sort the state's equality deletes by what they apply to; leave out what applies nowhere.

        Raises UnreadableError where that cannot be told; UnsupportedError where a delete file that
        applies cannot be read, or compares by what cannot be compared.
        """
        self._files = files
        self._reach = reach
        self._read = read
        self._scopes = defaultdict[Partition | None, _ById](lambda: defaultdict(list))
        self._columns: dict[tuple[int, ...], tuple[KeyColumn, ...]] = {}
        self._frames: dict[_Scope, pl.DataFrame] = {}
        deletes = [one for one in entries if one.content is FileContent.EQUALITY_DELETES]
        data = [one for one in entries if one.content is FileContent.DATA] if deletes else []
        in_partition = defaultdict[Partition, list[ManifestEntry]](list)
        for one in data:
            in_partition[reach.partition(one)].append(one)
        oldest: dict[Partition | None, int] = {}
        for entry in deletes:
            partition = None if reach.is_global(entry) else reach.partition(entry)
            near = data if partition is None else in_partition.get(partition, [])
            if partition not in oldest and near:
                oldest[partition] = min(number_of(one) for one in near)
            if near and oldest[partition] < number_of(entry):
                files.refuse_format(entry)
                ids = self._resolved(entry, files.found(entry), keys)
                self._scopes[partition][ids].append(entry)

    def applying(self, data: ManifestEntry) -> tuple[DeletedKeys, ...]:
        """Give what deletes rows of a data file: the deletes strictly newer than it.

        Raises UnreadableError where a delete file is broken.
        """
        found = []
        own = self._reach.partition(data) if self._scopes else None
        for partition in dict.fromkeys((own, None)):
            for ids, entries in self._scopes.get(partition, {}).items():
                if all(number_of(one) <= number_of(data) for one in entries):
                    continue
                frame = self._frame((partition, ids)).filter(pl.col(_NUMBER) > number_of(data))
                if frame.height:
                    location = self._files.found(entries[0])
                    found.append(DeletedKeys(self._columns[ids], frame, location))
        return tuple(found)

    def _resolved(self, entry: ManifestEntry, location: str, keys: KeyColumns) -> tuple[int, ...]:
        if not entry.equality_ids:
            reason = "its manifest does not say which columns it deletes by"
            raise UnreadableError(location, reason, _ADVICE)
        ids = tuple(sorted(set(entry.equality_ids)))
        self._columns[ids] = tuple(keys.column(one, location=location) for one in ids)
        return ids

    def _frame(self, scope: _Scope) -> pl.DataFrame:
        """Read the delete files of a scope: every key once, with the newest number it has."""
        if scope not in self._frames:
            partition, ids = scope
            columns = self._columns[ids]
            names = [_name(one) for one in columns]
            parts = [
                pl.DataFrame(pa.table(_key_arrays(names, columns, batches)))
                .unique()
                .with_columns(pl.lit(number_of(entry), pl.Int64).alias(_NUMBER))
                for entry in self._scopes[partition][ids]
                for batches in self._read(entry, columns)
            ]
            whole = pl.concat(parts) if parts else pl.DataFrame(schema={_NUMBER: pl.Int64})
            self._frames[scope] = whole.group_by(names).agg(pl.max(_NUMBER)) if parts else whole
        return self._frames[scope]


def _key_arrays(
    names: Sequence[str], columns: Sequence[KeyColumn], batches: Sequence[pa.RecordBatch]
) -> dict[str, pa.Array]:
    return {
        name: column.values(batch)
        for name, column, batch in zip(names, columns, batches, strict=True)
    }


def _name(column: KeyColumn) -> str:
    return f"field {column.field_id}"
