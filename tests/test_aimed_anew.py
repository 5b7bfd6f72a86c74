"""Deletes aimed anew: files that name data files, written for where these lie by now."""

from __future__ import annotations

from io import BytesIO

import msgspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from catalogs.iceberg.aimed_anew import aimed_anew
from snapshots.errors import UnreadableError, UnsupportedError

NEW = {"s3://a/1": "s3://z/9", "s3://a/2": "s3://z/1"}


def _place(recorded: str) -> str:
    return NEW[recorded]


def test_positions_keep_their_rows_under_new_paths_sorted_as_the_specification_wants() -> None:
    fields = [
        pa.field("file_path", pa.string(), metadata={"PARQUET:field_id": "2147483546"}),
        pa.field("pos", pa.int64(), metadata={"PARQUET:field_id": "2147483545"}),
    ]
    told = pa.table([["s3://a/1", "s3://a/1", "s3://a/2"], [3, 7, 1]], schema=pa.schema(fields))
    body = BytesIO()
    parquet.write_table(told, body)

    anew = parquet.read_table(BytesIO(aimed_anew(body.getvalue(), "parquet", _place, location="x")))

    assert anew.to_pydict() == {"file_path": ["s3://z/1", "s3://z/9", "s3://z/9"], "pos": [1, 3, 7]}
    ids = [field.metadata[b"PARQUET:field_id"] for field in anew.schema]
    assert ids == [b"2147483546", b"2147483545"]


def test_vectors_stay_where_they_are_in_the_file_and_their_footer_names_new_paths() -> None:
    blobs = [
        {"offset": 4, "length": 5, "properties": {"referenced-data-file": "s3://a/2"}},
        {"offset": 9, "length": 1, "properties": {}},
    ]
    body = _puffin(b"PFA1" + b"123456", {"blobs": blobs, "properties": {"made": "here"}})

    anew = aimed_anew(body, "puffin", _place, location="x")

    assert anew[:14] == body[:14]
    size = int.from_bytes(anew[-12:-8], "little")
    footer = msgspec.json.decode(anew[-12 - size : -12])
    assert footer["blobs"][0]["properties"] == {"referenced-data-file": "s3://z/1"}
    assert footer["properties"] == {"made": "here"}
    assert aimed_anew(body, "puffin", lambda path: path, location="x")[:14] == body[:14]


@pytest.mark.parametrize("body", [b"", b"PFA1", b"PFA1" * 5])
def test_what_is_no_puffin_file_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="Puffin"):
        aimed_anew(body, "puffin", _place, location="x")


def test_what_is_no_file_of_positions_or_of_another_format_is_refused() -> None:
    body = BytesIO()
    parquet.write_table(pa.table({"n": [1]}), body)
    for broken in (b"", b"PAR1", body.getvalue()):
        with pytest.raises(UnreadableError, match="no position deletes"):
            aimed_anew(broken, "parquet", _place, location="x")
    with pytest.raises(UnsupportedError, match="orc"):
        aimed_anew(b"", "orc", _place, location="x")


def _puffin(start: bytes, footer: object) -> bytes:
    payload = msgspec.json.encode(footer)
    return start + b"PFA1" + payload + len(payload).to_bytes(4, "little") + b"\0\0\0\0" + b"PFA1"
