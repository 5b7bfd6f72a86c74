"""Deletes aimed anew: files that name data files by where they lay, written for where they lie.

Position delete files hold the whole paths of data files, Puffin files those of the data file of
each deletion vector. Iceberg spec, "Position Delete Files", and the Puffin spec.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import msgspec

from snapshots.errors import UnreadableError, UnsupportedError

Place = Callable[[str], str]
"""Gives the new path of a data file by the recorded one."""

_PATH, _POSITION = "file_path", "pos"
_PARQUET, _PUFFIN = "parquet", "puffin"
_MAGIC = b"PFA1"
_REFERENCED = "referenced-data-file"
_ADVICE = "restore the file from a backup"


def aimed_anew(body: bytes, file_format: str, place: Place, *, location: str) -> bytes:
    """Write a file of deletes with the new paths of what they are about.

    Raises UnsupportedError for formats that are not rewritten here, UnreadableError for a file that
    is none of its format.
    """
    if file_format == _PARQUET:
        return _positions(body, place, location)
    if file_format == _PUFFIN:
        return _vectors(body, place, location)
    advice = "leave out --copy-files, or write its rows with tl reproduce --out"
    raise UnsupportedError(location, f"position deletes in {file_format} to be rewritten", advice)


def _positions(body: bytes, place: Place, location: str) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(BytesIO(body))
        at = table.schema.names.index(_PATH)
        table.schema.names.index(_POSITION)
        told = table.column(at).cast(pa.string()).combine_chunks().dictionary_encode()
    except (pa.ArrowException, ValueError) as error:
        raise UnreadableError(
            location, f"it holds no position deletes: {error}", _ADVICE
        ) from error
    paths = pa.array([place(one) for one in told.dictionary.to_pylist()], pa.string())
    anew = pa.DictionaryArray.from_arrays(told.indices, paths).cast(pa.string())
    table = table.set_column(at, table.schema.field(at).with_type(pa.string()), anew)
    # The specification wants them sorted, and new paths sort otherwise.
    table = table.sort_by([(_PATH, "ascending"), (_POSITION, "ascending")])
    sink = BytesIO()
    parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _vectors(body: bytes, place: Place, location: str) -> bytes:
    """Write a new footer behind the blobs, which stay where they are in the file."""
    size = int.from_bytes(body[-12:-8], "little", signed=True)
    start = len(body) - 12 - size
    flags = body[-8:-4]
    if body[-4:] != _MAGIC or start < len(_MAGIC) or body[start - 4 : start] != _MAGIC:
        raise UnreadableError(location, "it is no Puffin file", _ADVICE)
    if any(flags):
        advice = "write its rows with tl reproduce --out"
        raise UnsupportedError(location, "a compressed Puffin footer", advice)
    try:
        footer: dict[str, Any] = msgspec.json.decode(body[start : start + size])
        for blob in footer["blobs"]:
            told = blob.get("properties", {})
            if _REFERENCED in told:
                told[_REFERENCED] = place(told[_REFERENCED])
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(location, "its Puffin footer is broken", _ADVICE) from error
    payload = msgspec.json.encode(footer)
    length = len(payload).to_bytes(4, "little", signed=True)
    return body[:start] + payload + length + flags + _MAGIC
