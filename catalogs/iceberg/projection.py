"""Projection: the rows of one data or delete file under schemas of the table. Iceberg spec,
"Column Projection".

pyiceberg's own projection turns null lists of structs, and null maps to structs, into empty ones;
so those two are done here.
"""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyiceberg.io.pyarrow import ArrowAccessor, ArrowProjectionVisitor, schema_to_pyarrow
from pyiceberg.schema import Schema, visit_with_partner
from pyiceberg.types import (
    FixedType,
    ListType,
    MapType,
    NestedField,
    StructType,
    TimestampNanoType,
    TimestampType,
    TimestamptzNanoType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

from catalogs.iceberg.file_schema import NANOSECONDS_SINCE, FieldNames, file_schema, unidentified
from catalogs.iceberg.fragment import Fragment, as_batch
from catalogs.iceberg.lowered_types import is_part
from catalogs.iceberg.null_columns import null_column
from catalogs.variants import assembled, is_shredded
from snapshots.errors import UnsupportedError

_UUID_BYTES = 16
_INSTANTS = (TimestampType, TimestamptzType, TimestampNanoType, TimestamptzNanoType)


def project(
    fragment: Fragment,
    *,
    schemas: Sequence[Schema],
    known: FieldNames,
    constants: Mapping[int, Any],
    needed: Collection[int],
    held: Collection[int],
    format_version: int,
    location: str,
) -> Iterator[tuple[int, list[pa.RecordBatch]]]:
    """Yield the rows of a file in order: the position of the first of a batch, and that batch once
    under each of the schemas.

    Columns are found by field id, or by the name mapping where the file has no ids; a column that
    the file lacks takes its value from `constants`, else its initial default, else null. Raises
    UnsupportedError where nothing tells which column is which, or the file lacks a struct of
    `held`, in which a constant belongs; LookupError where it lacks a field of `needed`; ValueError
    where a column cannot be had, and what Arrow raises.
    """
    physical = fragment.physical_schema
    found = file_schema(physical, known, format_version=format_version, location=location)
    _refuse_doubt(schemas, found, unidentified(physical, known), location)
    lacking = sorted(set(needed) - found.field_ids)
    if lacking:
        msg = f"field with id {lacking[0]}"
        raise LookupError(msg)
    if not found.field_ids.issuperset(held):
        # Whether the struct is null there, or has the partition's value in it, readers differ.
        feature = "a data file without the struct that its partition column is in"
        raise UnsupportedError(location, feature, "rewrite the file with all columns in it")
    ids = {field.field_id for wanted in schemas for field in wanted.fields}
    present = Schema(*(field for field in found.fields if field.field_id in ids))
    # The file's whole columns are read: nested fields are chosen while projecting, by their ids.
    batches = fragment.to_batches(columns=[field.name for field in present.fields])
    missing = {key: value for key, value in constants.items() if key not in found.field_ids}
    visitor = _Projection(
        present,
        format_version < NANOSECONDS_SINCE,
        projected_missing_fields=missing,
        allow_timestamp_tz_mismatch=True,
    )
    start = 0
    for batch in batches:
        whole = _compact(batch)
        accessor = ArrowAccessor(present)
        rows = [visit_with_partner(wanted, whole, visitor, accessor) for wanted in schemas]
        yield start, [as_batch(one) for one in rows]
        start += batch.num_rows


def _refuse_doubt(
    schemas: Sequence[Schema], found: Schema, names: Collection[str], location: str
) -> None:
    """Refuse a file in which a column without id may be a field that is not found by its id."""
    if not names:
        return
    for wanted in schemas:
        for field_id in sorted(wanted.field_ids - found.field_ids):
            name = wanted.find_field(field_id).name
            if name in names:
                feature = f"a data file in which {name} has no field id, though others have one"
                raise UnsupportedError(location, feature, "rewrite the file with a writer of ids")


class _Projection(ArrowProjectionVisitor):
    """Keeps null lists and maps null, and rebuilds each from its projected values."""

    def struct(
        self,
        struct: StructType,
        struct_array: pa.Array | None,
        field_results: builtins.list[pa.Array | None],
    ) -> pa.Array | None:
        is_variant = bool(struct.fields) and is_part(struct.fields[0].field_id)
        if is_variant and struct_array is not None and is_shredded(struct_array.type):
            return assembled(struct_array)
        if struct_array is not None:
            results = zip(struct.fields, field_results, strict=True)
            field_results = [_or_nulls(one, found, len(struct_array)) for one, found in results]
        return super().struct(struct, struct_array, field_results)

    def _cast_if_needed(self, field: NestedField, values: pa.Array) -> pa.Array:
        """Bring values to a field's type; files say the same in more ways than pyiceberg takes."""
        kind, types = field.field_type, pa.types
        if not kind.is_primitive:
            return values
        if types.is_dictionary(values.type):
            values = values.dictionary_decode()
        stored = values.type
        if isinstance(kind, TimeType) and (types.is_int64(stored) or types.is_time32(stored)):
            return values.cast(pa.time64("us"))  # ORC has numbers
        if isinstance(kind, FixedType) and types.is_binary(stored):
            return values.cast(pa.binary(len(kind)))  # ORC has bytes of any length
        if isinstance(kind, UUIDType) and not isinstance(stored, pa.UuidType):
            return pa.ExtensionArray.from_storage(pa.uuid(), values.cast(pa.binary(_UUID_BYTES)))
        if isinstance(kind, _INSTANTS) and not types.is_null(stored):
            if types.is_date32(stored) and isinstance(kind, TimestampType | TimestampNanoType):
                return values.cast(schema_to_pyarrow(kind, include_field_ids=False))
            if not types.is_timestamp(stored):
                msg = f"it holds {stored} where the table has {kind}"
                raise ValueError(msg)
            has_zone = isinstance(kind, TimestamptzType | TimestamptzNanoType)
            if has_zone and stored.tz is not None:
                values = values.cast(pa.timestamp(stored.unit, "UTC"))
        return super()._cast_if_needed(field, values)

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


def _or_nulls(field: NestedField, found: pa.Array | None, count: int) -> pa.Array | None:
    """Give a struct that the file lacks as nulls; all else is left to pyiceberg."""
    if found is not None or field.required or not isinstance(field.field_type, StructType):
        return found
    return null_column(schema_to_pyarrow(field.field_type, include_field_ids=False), count)


def _compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Copy a slice, so that offsets start at zero: Arrow cannot mask a sliced list."""
    if not any(column.offset for column in batch.columns):
        return batch
    return batch.take(pa.arange(0, batch.num_rows))
