"""Avro: the container files that manifests are, decoded by their own schema. Avro 1.12.

Manifests are mostly column statistics, which no history needs. So the caller says which fields it
wants, and the others are stepped over: that makes this decoder as quick as those of libraries,
and it refuses nothing that the specification allows.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec

from catalogs.iceberg.avro_types import AvroTypes, Wanted
from catalogs.iceberg.avro_values import Decode, decode_long, decode_metadata_map
from catalogs.unpacking import plain_bytes_max
from snapshots.errors import UnreadableError, UnsupportedError

_MAGIC = b"Obj\x01"
_SYNC_BYTES = 16
_BLOCK_BYTES_MAX = 1 << 30
_CHUNK_BYTES = 1 << 18
_NUMBER_BYTES_MAX = 10
_ADVICE = "restore the file from a backup"
_BROKEN = (
    *(LookupError, ValueError, TypeError, OSError, OverflowError, RecursionError),
    *(zlib.error, struct.error),
)


@dataclass(frozen=True, slots=True)
class AvroHeader:
    """What stands before the blocks: the file's metadata, its schema, where the blocks start."""

    metadata: Mapping[str, bytes]
    schema: Any
    sync: bytes
    start: int

    def text(self, key: str) -> str | None:
        """Give an entry of the file's metadata as text; None where it has none."""
        found = self.metadata.get(key)
        return None if found is None else found.decode("utf-8", "replace")


def read_header(body: bytes, *, location: str) -> AvroHeader:
    """Read the header of an Avro container file. Raises UnreadableError where it is none."""
    if not body.startswith(_MAGIC):
        raise UnreadableError(location, "it is no Avro file", _ADVICE)
    try:
        metadata, place = decode_metadata_map(body, len(_MAGIC))
        schema = msgspec.json.decode(metadata["avro.schema"])
    except (IndexError, KeyError, ValueError, RecursionError) as error:
        raise UnreadableError(location, "its Avro header is broken", _ADVICE) from error
    sync = body[place : place + _SYNC_BYTES]
    return AvroHeader(metadata, schema, sync, place + _SYNC_BYTES)


def read_records(
    body: bytes, header: AvroHeader, *, wanted: Wanted, location: str
) -> Iterator[dict[str, Any]]:
    """Yield the records of an Avro container file, logical types as the bare types under them.

    A wanted field that the schema lacks is not in the record. Raises UnreadableError where a block
    is broken or cut off, UnsupportedError for a codec that no Iceberg writer uses.
    """
    unpack = _codec(header.text("avro.codec") or "null", location)
    with sound(location):
        decode = AvroTypes().record_decoder(header.schema, wanted)
        yield from _blocks(body, header, unpack, decode)


def open_stream(file: BinaryIO, *, location: str) -> tuple[AvroHeader, bytes]:
    """Read the header of a large file; give with it the bytes read beyond, where blocks start.

    Raises UnreadableError where it is no Avro file.
    """
    body = b""
    while True:
        chunk = file.read(max(_CHUNK_BYTES, len(body)))
        body += chunk
        try:
            header = read_header(body, location=location)
        except UnreadableError:
            if not chunk or not body.startswith(_MAGIC):
                raise
            continue
        if header.start <= len(body):
            return header, body[header.start :]
        if not chunk:
            raise UnreadableError(location, "its Avro header is broken", _ADVICE)


def stream_records(
    file: BinaryIO, header: AvroHeader, start: bytes, *, wanted: Wanted, location: str
) -> Iterator[list[Any]]:
    """Yield the records of a large file, block by block; `start` is what was read beyond the
    header. Raises as `read_records` does.
    """
    unpack = _codec(header.text("avro.codec") or "null", location)
    with sound(location):
        decode = AvroTypes().record_decoder(header.schema, wanted)
        buffer = start
        while buffer := _filled(file, buffer, 2 * _NUMBER_BYTES_MAX):
            count, place = decode_long(buffer, 0)
            size, place = decode_long(buffer, place)
            end = place + size
            buffer = _filled(file, buffer, end + _SYNC_BYTES)
            if size < 0 or buffer[end : end + _SYNC_BYTES] != header.sync:
                msg = "a block is cut off"
                raise ValueError(msg)
            block, at, records = unpack(buffer[place:end]), 0, []
            for _ in range(count):
                record, at = decode(block, at)
                records.append(record)
            yield records
            buffer = buffer[end + _SYNC_BYTES :]


def _filled(file: BinaryIO, buffer: bytes, size: int) -> bytes:
    """Give at least so many bytes from the start of the buffer on, fewer at the file's end."""
    if size > _BLOCK_BYTES_MAX:
        msg = "a block is too large"
        raise ValueError(msg)
    parts, held = [buffer], len(buffer)
    while held < size and (chunk := file.read(max(_CHUNK_BYTES, size - held))):
        parts.append(chunk)
        held += len(chunk)
    return b"".join(parts)


@contextmanager
def sound(location: str) -> Iterator[None]:
    """Call a file broken where decoding it fails in any way that broken bytes can bring about."""
    try:
        yield
    except _BROKEN as error:
        reason = f"its Avro blocks are broken ({type(error).__name__}: {error})"
        raise UnreadableError(location, reason, _ADVICE) from error


def _blocks(
    body: bytes, header: AvroHeader, unpack: Callable[[bytes], bytes], decode: Decode
) -> Iterator[Any]:
    place = header.start
    while place < len(body):
        count, place = decode_long(body, place)
        size, place = decode_long(body, place)
        end = place + size
        if size < 0 or body[end : end + _SYNC_BYTES] != header.sync:
            msg = "a block is cut off"
            raise ValueError(msg)
        block, at = unpack(body[place:end]), 0
        for _ in range(count):
            record, at = decode(block, at)
            yield record
        place = end + _SYNC_BYTES


def _codec(name: str, location: str) -> Callable[[bytes], bytes]:
    match name:
        case "null":
            return bytes
        case "deflate":
            return _inflate
        case "snappy":
            return _unsnap
        case "zstandard":
            return _unzstd
        case _:
            advice = "rewrite the table's manifests with gzip, the default"
            raise UnsupportedError(location, f"the Avro codec {name}", advice)


def _inflate(block: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=-15)
    plain = inflate.decompress(block, plain_bytes_max(len(block)))
    if not inflate.eof:
        msg = "a compressed block is cut off, or too large"
        raise ValueError(msg)
    return plain


def _unsnap(block: bytes) -> bytes:
    import pyarrow as pa

    # Four bytes of checksum follow; the length of the plain bytes is what Snappy starts with.
    size, shift = 0, 0
    for byte in block:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a variable-length number
            break
    if size > plain_bytes_max(len(block)):
        msg = "a compressed block is too large"
        raise ValueError(msg)
    plain = pa.decompress(block[:-4], decompressed_size=size, codec="snappy", asbytes=True)
    if zlib.crc32(plain) != int.from_bytes(block[-4:], "big"):
        msg = "a block's checksum is wrong"
        raise ValueError(msg)
    return bytes(plain)


def _unzstd(block: bytes) -> bytes:
    import pyarrow as pa

    with pa.input_stream(pa.BufferReader(block), compression="zstd") as stream:
        plain = bytes(stream.read(plain_bytes_max(len(block))))
        if stream.read(1):
            msg = "a compressed block is too large"
            raise ValueError(msg)
    return plain
