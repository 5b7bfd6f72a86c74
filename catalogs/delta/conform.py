"""Conforming: columns of a data file brought to the types and names the table's schema gives them.

This module imports pyarrow; it is loaded only when rows are read.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from catalogs.delta.types import Column, DeltaType, ListType, MapType, Primitive, StructType
from catalogs.variants import assembled, is_shredded
from snapshots.errors import UnsupportedError

_ARROW: dict[str, Any] = {
    "string": pa.string(),
    "long": pa.int64(),
    "integer": pa.int32(),
    "short": pa.int16(),
    "byte": pa.int8(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "void": pa.null(),
    "null": pa.null(),
    # A variant's two parts as they lie in the file: decoding them is the reader's business.
    "variant": pa.struct([pa.field("metadata", pa.binary()), pa.field("value", pa.binary())]),
}
_VARIANT = StructType(
    tuple(
        Column(name, Primitive("binary"), False, None, None, {}, None, None)
        for name in ("metadata", "value")
    )
)
_FIELD_ID = b"PARQUET:field_id"


def arrow_type(of: DeltaType, *, location: str) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Give the Arrow type of a Delta type. Raises UnsupportedError for one there is none for."""
    match of:
        case StructType():
            return pa.struct(arrow_fields(of, location=location))
        case ListType():
            element = arrow_type(of.element, location=location)
            return pa.list_(pa.field("element", element, nullable=not of.required))
        case MapType():
            key = arrow_type(of.key, location=location)
            value = arrow_type(of.value, location=location)
            return pa.map_(key, pa.field("value", value, nullable=not of.required))
        case Primitive(name):
            return _primitive(name, location)


def arrow_fields(of: StructType, *, location: str) -> list[Any]:
    """Give the Arrow fields of columns, by their names in the table."""
    return [
        pa.field(
            column.name, arrow_type(column.type, location=location), nullable=not column.required
        )
        for column in of.columns
    ]


def place_of(column: Column, fields: Any, *, by_id: bool) -> int | None:  # noqa: ANN401
    """Find a column among the fields of a file or struct; None where the file is older than it.

    By field id where the table is mapped so and the file has ids; else by the physical name, or
    the table's own, letter case ignored where that decides, as Delta's names are. Raises ValueError
    where several would do.
    """
    if by_id and column.mapping_id is not None:
        ids = [(field.metadata or {}).get(_FIELD_ID) for field in fields]
        if any(one is not None for one in ids):
            wanted = str(column.mapping_id).encode()
            return ids.index(wanted) if wanted in ids else None
    name = column.physical_name or column.name
    names = [str(field.name) for field in fields]
    if name in names:
        return names.index(name)
    folded = [at for at, one in enumerate(names) if one.casefold() == name.casefold()]
    if len(folded) > 1:
        msg = f"it holds {', '.join(names[at] for at in folded)}: which is {name}, nothing tells"
        raise ValueError(msg)
    return folded[0] if folded else None


def conformed(array: Any, of: DeltaType, target: Any, *, by_id: bool, location: str) -> Any:  # noqa: ANN401
    """Bring an array to a type: fields found, added and named, widened types cast.

    Raises ValueError where the file holds another kind of thing.
    """
    shape = array.storage if isinstance(array, pa.ExtensionArray) else array
    match of:
        case Primitive("variant"):
            return _variant(shape, target, location)
        case StructType():
            return _struct(shape, of, target, by_id=by_id, location=location)
        case ListType():
            return _list(shape, of, target, by_id=by_id, location=location)
        case MapType():
            return _map(shape, of, target, by_id=by_id, location=location)
        case Primitive(name):
            return _cast(shape, name, target)


def _primitive(name: str, location: str) -> Any:  # noqa: ANN401
    bare, _, arguments = name.partition("(")
    if bare == "decimal" and (found := _decimal(arguments.rstrip(")") or "10,0")) is not None:
        return found
    if bare in {"char", "varchar"}:
        return pa.string()
    if bare in {"geometry", "geography"}:
        return pa.binary()  # well-known binary, as it lies in the file
    if name not in _ARROW:
        advice = "read the other columns, or use a reader that has it"
        raise UnsupportedError(location, f"the column type {name}", advice)
    return _ARROW[name]


def _decimal(arguments: str) -> Any:  # noqa: ANN401
    """Give a decimal type; None where precision and scale are none, or beyond Delta's 38."""
    precision, _, scale = arguments.partition(",")
    try:
        return pa.decimal128(int(precision), int(scale or 0))
    except (ValueError, OverflowError):
        return None


def _variant(array: Any, target: Any, location: str) -> Any:  # noqa: ANN401
    whole = assembled(array) if is_shredded(array.type) else array
    return _struct(whole, _VARIANT, target, by_id=False, location=location)


def _struct(array: Any, of: StructType, target: Any, *, by_id: bool, location: str) -> Any:  # noqa: ANN401
    if not pa.types.is_struct(array.type):
        raise _mismatch(array.type, "struct")
    found = list(array.type)
    children = []
    for column, field in zip(of.columns, target, strict=True):
        at = place_of(column, found, by_id=by_id)
        child = (
            pa.nulls(len(array), field.type)
            if at is None
            else conformed(array.field(at), column.type, field.type, by_id=by_id, location=location)
        )
        children.append(child)
    mask = array.is_null() if array.null_count else None
    return pa.StructArray.from_arrays(children, fields=list(target), mask=mask)


def _list(array: Any, of: ListType, target: Any, *, by_id: bool, location: str) -> Any:  # noqa: ANN401
    types = pa.types
    if types.is_fixed_size_list(array.type) or types.is_large_list(array.type):
        array = array.cast(pa.list_(array.type.value_field))
    if not types.is_list(array.type):
        raise _mismatch(array.type, "list")
    if not len(array):
        return pa.nulls(0, target)
    offsets, first, count = _spans(array)
    values = array.values.slice(first, count)
    values = conformed(values, of.element, target.value_type, by_id=by_id, location=location)
    return pa.ListArray.from_arrays(offsets, values, type=target, mask=_nulls(array))


def _map(array: Any, of: MapType, target: Any, *, by_id: bool, location: str) -> Any:  # noqa: ANN401
    if not pa.types.is_map(array.type):
        raise _mismatch(array.type, "map")
    if not len(array):
        return pa.nulls(0, target)
    offsets, first, count = _spans(array)
    keys, values = array.keys.slice(first, count), array.items.slice(first, count)
    keys = conformed(keys, of.key, target.key_type, by_id=by_id, location=location)
    values = conformed(values, of.value, target.item_type, by_id=by_id, location=location)
    return pa.MapArray.from_arrays(offsets, keys, values, type=target, mask=_nulls(array))


def _spans(array: Any) -> tuple[Any, int, int]:  # noqa: ANN401
    """Give the offsets of lists counted from zero, and the part of their values that is meant.

    A batch can be a slice of a longer one: its offsets then start in the middle of the values.
    """
    offsets = array.offsets
    first = offsets[0].as_py()
    return pc.subtract(offsets, first), first, offsets[-1].as_py() - first


def _nulls(array: Any) -> Any:  # noqa: ANN401
    return array.is_null() if array.null_count else None


def _cast(array: Any, name: str, target: Any) -> Any:  # noqa: ANN401
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.type == target:
        return array
    if not _may_become(array.type, target):
        raise _mismatch(array.type, name)
    # Finer than microseconds does not exist in Delta; files of old writers have nanoseconds.
    return array.cast(target, safe=not pa.types.is_timestamp(array.type))


def _may_become(source: Any, target: Any) -> bool:  # noqa: ANN401
    """Tell whether a reader may take the one for the other: the same kind, or a widened one."""
    types = pa.types
    if types.is_null(source):
        return True
    if types.is_integer(source):
        return bool(
            types.is_integer(target) or types.is_float64(target) or types.is_decimal(target)
        )
    if types.is_floating(source):
        return bool(types.is_floating(target) and source.bit_width <= target.bit_width)
    if types.is_date(source):
        return bool(types.is_date(target) or target == _ARROW["timestamp_ntz"])
    if _is_text(source):
        return _is_text(target)
    same = (types.is_decimal, types.is_timestamp, types.is_boolean)
    return any(kind(source) and kind(target) for kind in same)


def _is_text(of: Any) -> bool:  # noqa: ANN401
    types = pa.types
    kinds = (
        *(types.is_string, types.is_large_string, types.is_string_view, types.is_binary),
        *(types.is_large_binary, types.is_binary_view, types.is_fixed_size_binary),
    )
    return any(kind(of) for kind in kinds)


def _mismatch(found: Any, wanted: str) -> ValueError:  # noqa: ANN401
    return ValueError(f"it holds {found} where the table has {wanted}")
