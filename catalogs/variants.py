"""Variants: shredded ones put together again, value by value. Parquet format, "Variant Encoding"
and "Variant Shredding".

A shredded variant keeps a part of its value in typed columns. Assembling it gives the one value
that both parts describe, in the binary encoding, under the metadata it was written with.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from catalogs.variant_objects import Names, array_of, fields_of, names_of, object_of

_TYPED = "typed_value"
_NULL = b"\x00"
_SHORT_MAX = 63
_DECIMALS = ((9, 8, 4), (18, 9, 8), (38, 10, 16))
"""Digits at most, the number of the primitive type, and its bytes."""

Assemble = Callable[[Mapping[str, Any] | None, Names], bytes | None]
"""Makes a value of a group's two parts; None where the value is missing."""

Encode = Callable[[Any, Names], bytes]


def is_shredded(kind: pa.DataType) -> bool:
    """Tell whether the parts of a variant hold a typed one."""
    return bool(pa.types.is_struct(kind) and kind.get_field_index(_TYPED) >= 0)


def assembled(array: pa.StructArray) -> pa.StructArray:
    """Put shredded variants together: structs of `metadata` and `value` alone.

    Raises ValueError for parts that no one value is described by, and for types unknown here.
    """
    make = _assembler(array.type)
    metadata: list[bytes | None] = []
    values: list[bytes | None] = []
    cached: dict[bytes, Names] = {}
    for row in array.cast(_plain(array.type)).to_pylist():
        told = None if row is None else row["metadata"]
        metadata.append(told)
        if told is None:
            values.append(None)
            continue
        if told not in cached:
            cached[told] = names_of(told)
        values.append(make(row, cached[told]) or _NULL)
    return pa.StructArray.from_arrays(
        [pa.array(metadata, pa.binary()), pa.array(values, pa.binary())],
        names=["metadata", "value"],
        mask=array.is_null() if array.null_count else None,
    )


def _assembler(group: pa.StructType) -> Assemble:
    """Make what assembles one group of `value` and `typed_value`."""
    at = group.get_field_index(_TYPED)
    kind = group.field(at).type if at >= 0 else None
    if kind is not None and pa.types.is_struct(kind):
        return _object_assembler(kind)
    typed = None if kind is None else _encoder(kind)

    def assemble(parts: Mapping[str, Any] | None, names: Names) -> bytes | None:
        if parts is None:
            return None
        value: bytes | None = parts.get("value")
        own = parts.get(_TYPED)
        if own is None or typed is None:
            return value
        if value is not None:
            raise _contradiction()
        return typed(own, names)

    return assemble


def _object_assembler(kind: pa.StructType) -> Assemble:
    inside = {field.name: _assembler(field.type) for field in kind}

    def assemble(parts: Mapping[str, Any] | None, names: Names) -> bytes | None:
        if parts is None:
            return None
        value: bytes | None = parts.get("value")
        own = parts.get(_TYPED)
        if own is None:
            return value
        found = {} if value is None else fields_of(value, names)
        for name, make in inside.items():
            made = make(own[name], names)
            if name in found:
                raise _contradiction()
            if made is not None:
                found[name] = made
        return object_of(found, names)

    return assemble


def _encoder(kind: pa.DataType) -> Encode:
    """Make what encodes the typed values that are no objects."""
    types = pa.types
    if types.is_list(kind) or types.is_large_list(kind):
        element = _assembler(kind.value_type)
        return lambda values, names: array_of([element(one, names) or _NULL for one in values])
    if types.is_decimal(kind):
        return lambda value, _: _decimal(value, kind.precision, kind.scale)
    plain = next((make for tells, make in _PLAIN_ENCODERS if tells(kind)), None)
    if plain is not None:
        return lambda value, _: plain(value)
    number, packing = _number(kind)
    return lambda value, _: _primitive(number) + struct.pack(packing, value)


def _number(kind: pa.DataType) -> tuple[int, str]:
    """Give the number of a primitive type of fixed size, and how it is packed."""
    if pa.types.is_timestamp(kind) and kind.unit in {"us", "ns"}:
        first = 12 if kind.unit == "us" else 18
        return (first + 1 if kind.tz is None else first), "<q"
    if kind not in _NUMBERS:
        msg = f"a variant is shredded into {kind}, which no variant can hold"
        raise ValueError(msg)
    return _NUMBERS[kind]


def _plain(kind: pa.DataType) -> pa.DataType:
    """Give the type whose Python values are exact: times become the numbers they are."""
    types = pa.types
    if types.is_struct(kind):
        return pa.struct([one.with_type(_plain(one.type)) for one in kind])
    if types.is_list(kind) or types.is_large_list(kind):
        make = pa.list_ if types.is_list(kind) else pa.large_list
        return make(kind.value_field.with_type(_plain(kind.value_type)))
    if types.is_date32(kind):
        return pa.int32()
    return pa.int64() if types.is_timestamp(kind) or types.is_time64(kind) else kind


def _primitive(number: int) -> bytes:
    return bytes([number << 2])


def _string(body: bytes) -> bytes:
    if len(body) <= _SHORT_MAX:
        return bytes([len(body) << 2 | 1]) + body
    return _primitive(16) + struct.pack("<I", len(body)) + body


def _decimal(value: Decimal, precision: int, scale: int) -> bytes:
    number, size = next((one, size) for most, one, size in _DECIMALS if precision <= most)
    sign, digits, exponent = value.as_tuple()
    unscaled = int("".join(map(str, digits)) + "0" * (int(exponent) + scale))
    body = (-unscaled if sign else unscaled).to_bytes(size, "little", signed=True)
    return _primitive(number) + bytes([scale]) + body


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_uuid(kind: pa.DataType) -> bool:
    return isinstance(kind, pa.UuidType) or kind == pa.binary(16)


def _contradiction() -> ValueError:
    return ValueError("a shredded variant says two things of one value")


_PLAIN_ENCODERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], bytes]], ...] = (
    (pa.types.is_boolean, lambda value: _primitive(1 if value else 2)),
    (_is_text, lambda text: _string(text.encode())),
    (_is_bytes, lambda body: _primitive(15) + struct.pack("<I", len(body)) + body),
    (_is_uuid, lambda value: _primitive(20) + bytes(getattr(value, "bytes", value))),
)
_NUMBERS: dict[pa.DataType, tuple[int, str]] = {
    pa.int8(): (3, "<b"),
    pa.int16(): (4, "<h"),
    pa.int32(): (5, "<i"),
    pa.int64(): (6, "<q"),
    pa.float64(): (7, "<d"),
    pa.date32(): (11, "<i"),
    pa.float32(): (14, "<f"),
    pa.time64("us"): (17, "<q"),
}
