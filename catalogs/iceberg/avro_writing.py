"""Avro writing: container files of the few types that manifests are made of. Avro 1.12."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from hashlib import md5
from typing import Any

_BLOCK_RECORDS_MAX = 1_000


def container(kind: Any, records: Iterable[Any], *, metadata: Mapping[str, str]) -> bytes:  # noqa: ANN401 - Avro schemas are JSON
    """Write records of one Avro type as a container file, the same bytes each time."""
    header = {"avro.schema": json.dumps(kind), "avro.codec": "deflate", **metadata}
    parts = [b"Obj\x01", _long(len(header))]
    parts += (_text(name) + _text(value) for name, value in header.items())
    parts.append(_long(0))
    # The marker between blocks may be any bytes that data will hardly hold.
    sync = md5(b"".join(parts), usedforsecurity=False).digest()
    parts.append(sync)
    waiting: list[bytes] = []
    for record in records:
        waiting.append(_encoded(kind, record))
        if len(waiting) == _BLOCK_RECORDS_MAX:
            parts.append(_block(waiting, sync))
            waiting = []
    if waiting:
        parts.append(_block(waiting, sync))
    return b"".join(parts)


def _block(records: list[bytes], sync: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-15)
    packed = deflate.compress(b"".join(records)) + deflate.flush()
    return _long(len(records)) + _bytes(packed) + sync


def _encoded(kind: Any, value: Any) -> bytes:  # noqa: ANN401
    if isinstance(kind, list):  # a union, here always of null and one type
        branch = next(n for n, one in enumerate(kind) if (one == "null") == (value is None))
        return _long(branch) + _encoded(kind[branch], value)
    name = kind if isinstance(kind, str) else kind["type"]
    match name:
        case "record":
            return b"".join(_encoded(one["type"], value[one["name"]]) for one in kind["fields"])
        case "array":
            items = [_encoded(kind["items"], one) for one in value]
            return (_long(len(items)) + b"".join(items) if items else b"") + _long(0)
        case _:
            return _PLAIN[name](value)


def _long(value: int) -> bytes:
    number = (value << 1) ^ (value >> 63)
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte, the eighth says that more follow
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _bytes(value: bytes) -> bytes:
    return _long(len(value)) + value


def _text(value: str) -> bytes:
    return _bytes(value.encode())


_PLAIN: dict[str, Callable[[Any], bytes]] = {
    "null": lambda _: b"",
    "boolean": lambda value: bytes([value]),
    "int": _long,
    "long": _long,
    "float": lambda value: struct.pack("<f", value),
    "double": lambda value: struct.pack("<d", value),
    "bytes": _bytes,
    "string": _text,
    "fixed": bytes,
}
