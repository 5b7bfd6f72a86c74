"""Shredded variants come back as the one value that their parts describe.

What is expected was written with `variant_to_parquet_variant` of DuckDB 2.0.1.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from catalogs.variants import assembled, is_shredded

NO_NAMES = b"\x01\x00\x00"
ABCD = b"\x01\x04\x00\x01\x02\x03\x04abcd"
INT = pa.struct([("value", pa.binary()), ("typed_value", pa.int32())])
TEXT = pa.struct([("value", pa.binary()), ("typed_value", pa.string())])
INTS = pa.struct([("value", pa.binary()), ("typed_value", pa.list_(INT))])
OBJECT = pa.struct([("a", INT), ("b", TEXT), ("c", INTS)])


def test_objects_are_put_together_of_their_typed_fields_and_the_rest() -> None:
    missing = {"value": None, "typed_value": None}
    numbers = [{"value": None, "typed_value": n} for n in (1, 2, 3)]
    typed = {
        "a": {"value": None, "typed_value": 1},
        "b": {"value": None, "typed_value": "x"},
        "c": {"value": None, "typed_value": numbers},
    }
    rest = b"\x02\x01\x03\x00\x01\x00"  # {"d": null}
    rows = [
        {"metadata": ABCD, "value": rest, "typed_value": typed},
        {"metadata": ABCD, "value": None, "typed_value": dict.fromkeys("abc", missing)},
        {"metadata": ABCD, "value": b"\x14*\x00\x00\x00", "typed_value": None},
        {"metadata": ABCD, "value": None, "typed_value": None},
        None,
    ]
    found = _assembled(OBJECT, rows)
    one = b"\x14\x01\x00\x00\x00"
    array = b"\x03\x03\x00\x05\n\x0f\x14\x01\x00\x00\x00\x14\x02\x00\x00\x00\x14\x03\x00\x00\x00"
    whole = b"\x02\x04\x00\x01\x02\x03\x00\x05\x07\x1c\x1d" + one + b"\x05x" + array + b"\x00"
    assert [one and one["value"] for one in found] == [
        whole,
        b"\x02\x00\x00",
        b"\x14*\x00\x00\x00",
        b"\x00",
        None,
    ]


@pytest.mark.parametrize(
    ("kind", "value", "encoded"),
    [
        (pa.bool_(), True, b"\x04"),
        (pa.bool_(), False, b"\x08"),
        (pa.int8(), -1, b"\x0c\xff"),
        (pa.int64(), 0, b"\x18" + bytes(8)),
        (pa.float32(), 0.5, b"\x38\x00\x00\x00\x3f"),
        (pa.decimal128(9, 2), Decimal("-0.01"), b"\x20\x02\xff\xff\xff\xff"),
        (
            pa.decimal128(38, 2),
            Decimal("12345678901234567890.12"),
            b"\x28\x02\x14: \xd8\x0b;\x12\xedB" + bytes(7),
        ),
        (pa.date32(), date(1969, 1, 1), b"\x2c\x93\xfe\xff\xff"),
        (
            pa.timestamp("us"),
            datetime(1912, 1, 1, 0, 0, 0, 1),  # noqa: DTZ001 - a type without a zone
            b"\x34\x01\xa0\xe0\x83\x46\x7f\xf9\xff",
        ),
        (pa.timestamp("us", "UTC"), datetime(1970, 1, 1, tzinfo=UTC), b"\x30" + bytes(8)),
        (pa.string(), "x" * 63, b"\xfd" + b"x" * 63),
        (pa.string(), "x" * 64, b"\x40\x40\x00\x00\x00" + b"x" * 64),
        (pa.binary(), b"ab", b"\x3c\x02\x00\x00\x00ab"),
        (pa.binary(16), bytes(range(16)), b"\x50" + bytes(range(16))),
    ],
)
def test_typed_values_are_encoded_as_their_type(
    kind: pa.DataType,
    value: Any,  # noqa: ANN401
    encoded: bytes,
) -> None:
    row = {"metadata": NO_NAMES, "value": None, "typed_value": value}
    assert _assembled(kind, [row])[0]["value"] == encoded


def test_many_fields_and_long_values_take_wider_numbers() -> None:
    names = [f"f{number:03d}" for number in range(300)]
    text = "".join(names).encode()
    ends = b"".join((4 * at).to_bytes(2, "little") for at in range(301))
    metadata = b"\x41" + (300).to_bytes(2, "little") + ends + text
    kind = pa.struct([(name, TEXT) for name in names])
    typed = {name: {"value": None, "typed_value": name} for name in names}
    found = _assembled(kind, [{"metadata": metadata, "value": None, "typed_value": typed}])
    value = found[0]["value"]
    assert value[:5] == bytes([(1 << 4 | 1 << 2 | 1) << 2 | 2]) + (300).to_bytes(4, "little")
    assert value.endswith(b"".join(b"\x11" + name.encode() for name in names))


@pytest.mark.parametrize(
    ("kind", "row", "reason"),
    [
        (pa.int32(), {"value": b"\x00", "typed_value": 1}, "two things"),
        (OBJECT, {"value": b"\x00", "typed_value": {}}, "holds another value beside it"),
        (
            OBJECT,
            {
                "value": b"\x02\x01\x00\x00\x01\x00",
                "typed_value": {"a": {"typed_value": 1}},
            },
            "two things",
        ),
        (pa.uint8(), {"value": None, "typed_value": 1}, "uint8"),
        (
            pa.struct([("unknown", INT)]),
            {"value": None, "typed_value": {"unknown": {"typed_value": 1}}},
            "unknown, which its metadata does not name",
        ),
    ],
)
def test_parts_that_no_one_value_is_described_by_are_refused(
    kind: pa.DataType, row: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        _assembled(kind, [{"metadata": ABCD, **row}])


def _assembled(kind: pa.DataType, rows: list[Any]) -> list[Any]:
    group = pa.struct([("metadata", pa.binary()), ("value", pa.binary()), ("typed_value", kind)])
    assert is_shredded(group)
    found: list[Any] = assembled(pa.array(rows, group)).to_pylist()
    return found
