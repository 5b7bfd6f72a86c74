"""Projection: the rows of one data or delete file under schemas of the table. Iceberg spec,
"Column Projection".

pyiceberg's own projection turns null lists of structs, and null maps to structs, into empty ones;
so those two are done here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pyiceberg.io.pyarrow import ArrowAccessor, ArrowProjectionVisitor, pyarrow_to_schema
from pyiceberg.schema import Schema, visit_with_partner
from pyiceberg.table.name_mapping import NameMapping
from pyiceberg.types import ListType, MapType

from snapshots.errors import UnsupportedError

_ID_KEYS = frozenset({b"PARQUET:field_id", b"iceberg.id"})
NANOSECONDS_SINCE = 3
"""The format version from which nanoseconds are a type of their own; before, they are cut."""


def project(
    fragment: ds.Fragment,
    *,
    schemas: Sequence[Schema],
    name_mapping: NameMapping | None,
    constants: Mapping[int, Any],
    needed: Collection[int],
    format_version: int,
    location: str,
) -> Iterator[tuple[int, list[pa.RecordBatch]]]:
    """Yield the rows of a file in order: the position of the first of a batch, and that batch once
    under each of the schemas.

    Columns are found by field id, or by the name mapping where the file has no ids; a column that
    the file lacks takes its value from `constants`, else its initial default, else null. Raises
    UnsupportedError where nothing tells which column is which, LookupError where the file lacks a
    field of `needed`, ValueError where a column cannot be had, and what Arrow raises.
    """
    if name_mapping is None and not _has_ids(fragment.physical_schema):
        feature = "data files without field ids, where the table has no name mapping"
        advice = "set the table property schema.name-mapping.default"
        raise UnsupportedError(location, feature, advice)
    cut = format_version < NANOSECONDS_SINCE
    file_schema = _schema_of(fragment.physical_schema, name_mapping, format_version)
    lacking = sorted(set(needed) - file_schema.field_ids)
    if lacking:
        msg = f"field with id {lacking[0]}"
        raise LookupError(msg)
    ids = {field.field_id for wanted in schemas for field in wanted.fields}
    present = Schema(*(field for field in file_schema.fields if field.field_id in ids))
    # The file's whole columns are read: nested fields are chosen while projecting, by their ids.
    batches = fragment.to_batches(columns=[field.name for field in present.fields])
    missing = {key: value for key, value in constants.items() if key not in file_schema.field_ids}
    visitor = _Projection(
        present,
        cut,
        projected_missing_fields=missing,
        allow_timestamp_tz_mismatch=True,
    )
    start = 0
    for batch in batches:
        whole = _compact(batch)
        accessor = ArrowAccessor(present)
        rows = [visit_with_partner(wanted, whole, visitor, accessor) for wanted in schemas]
        yield start, [pa.RecordBatch.from_struct_array(one) for one in rows]
        start += batch.num_rows


class _Projection(ArrowProjectionVisitor):
    """Keeps null lists and maps null, and rebuilds each from its projected values."""

    def list(
        self, list_type: ListType, list_array: pa.Array | None, value_array: pa.Array | None
    ) -> pa.Array | None:
        if list_array is None or value_array is None:
            return None
        if isinstance(list_array, pa.FixedSizeListArray):
            list_array = list_array.cast(pa.list_(list_array.type.value_field))
        field = list_type.element_field
        values = self._cast_if_needed(field, value_array)
        is_large = isinstance(list_array, pa.LargeListArray)
        make = pa.LargeListArray if is_large else pa.ListArray
        kind = (pa.large_list if is_large else pa.list_)(self._construct_field(field, values.type))
        nulls = list_array.is_null() if list_array.null_count else None
        return make.from_arrays(list_array.offsets, values, type=kind, mask=nulls)

    def map(
        self,
        map_type: MapType,
        map_array: pa.Array | None,
        key_result: pa.Array | None,
        value_result: pa.Array | None,
    ) -> pa.Array | None:
        if map_array is None or key_result is None or value_result is None:
            return None
        keys = self._cast_if_needed(map_type.key_field, key_result)
        values = self._cast_if_needed(map_type.value_field, value_result)
        kind = pa.map_(
            self._construct_field(map_type.key_field, keys.type),
            self._construct_field(map_type.value_field, values.type),
        )
        nulls = map_array.is_null() if map_array.null_count else None
        return pa.MapArray.from_arrays(map_array.offsets, keys, values, type=kind, mask=nulls)


def _schema_of(
    physical: pa.Schema, name_mapping: NameMapping | None, format_version: int
) -> Schema:
    cut = format_version < NANOSECONDS_SINCE
    return pyarrow_to_schema(
        _in_microseconds(physical) if cut else physical,
        name_mapping,
        downcast_ns_timestamp_to_us=cut,
        format_version=max(1, min(format_version, 3)),  # type: ignore[arg-type]
    )


def _in_microseconds(schema: pa.Schema) -> pa.Schema:
    """Say that nanoseconds are microseconds, as they are going to be: else pyiceberg warns."""
    return pa.schema([_field_in_microseconds(field) for field in schema], schema.metadata)


def _field_in_microseconds(field: pa.Field) -> pa.Field:
    kind = field.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return field.with_type(pa.timestamp("us", kind.tz))
    if pa.types.is_struct(kind):
        return field.with_type(pa.struct([_field_in_microseconds(one) for one in kind]))
    if pa.types.is_map(kind):
        inside = (_field_in_microseconds(one) for one in (kind.key_field, kind.item_field))
        return field.with_type(pa.map_(*inside))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        make = pa.list_ if pa.types.is_list(kind) else pa.large_list
        return field.with_type(make(_field_in_microseconds(kind.value_field)))
    return field


def _has_ids(schema: pa.Schema) -> bool:
    return all(_ID_KEYS & set(field.metadata or ()) for field in schema)


def _compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Copy a slice, so that offsets start at zero: Arrow cannot mask a sliced list."""
    if not any(column.offset for column in batch.columns):
        return batch
    return batch.take(pa.arange(0, batch.num_rows))
