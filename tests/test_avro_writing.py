"""Avro writing: what is written is read back, and the same records give the same bytes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from catalogs.iceberg.avro import read_header, read_records
from catalogs.iceberg.avro_writing import container

KIND = {
    "type": "record",
    "name": "r",
    "fields": [
        {"name": "number", "type": ["null", "long"]},
        {"name": "small", "type": "int"},
        {"name": "text", "type": "string"},
        {"name": "flag", "type": "boolean"},
        {"name": "real", "type": "double"},
        {"name": "raw", "type": "bytes"},
        {"name": "fixed", "type": {"type": "fixed", "name": "f", "size": 4}},
        {"name": "ids", "type": ["null", {"type": "array", "items": "int"}]},
        {
            "name": "inner",
            "type": {
                "type": "record",
                "name": "i",
                "fields": [{"name": "a", "type": ["null", "string"]}],
            },
        },
    ],
}
LONGS = st.integers(-(2**63), 2**63 - 1)
INTS = st.integers(-(2**31), 2**31 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.none() | LONGS,
            "small": INTS,
            "text": TEXTS,
            "flag": st.booleans(),
            "real": st.floats(allow_nan=False),
            "raw": st.binary(),
            "fixed": st.binary(min_size=4, max_size=4),
            "ids": st.none() | st.lists(INTS),
            "inner": st.fixed_dictionaries({"a": st.none() | TEXTS}),
        }
    )
)


@given(RECORDS)
def test_what_is_written_is_read_back(records: list[dict[str, Any]]) -> None:
    body = container(KIND, records, metadata={"content": "data"})
    header = read_header(body, location="x")
    assert header.text("content") == "data"
    assert list(read_records(body, header, wanted={}, location="x")) == records
    assert container(KIND, records, metadata={"content": "data"}) == body


def test_many_records_go_into_several_blocks() -> None:
    kind = {"type": "record", "name": "r", "fields": [{"name": "n", "type": "long"}]}
    records = [{"n": number} for number in range(2_500)]
    body = container(kind, records, metadata={})
    header = read_header(body, location="x")
    assert list(read_records(body, header, wanted={}, location="x")) == records
    assert body.count(header.sync) == 4
