"""Receipts: small valid PNG images, written with the standard library alone."""

import struct
import zlib
from pathlib import Path

_WIDTH = 48
_MARGIN = 4
_LINE_HEIGHT = 4
_WHITE, _BLACK = 255, 0
_GREYSCALE_8_BIT = bytes((8, 0, 0, 0, 0))


def write_receipt(path: Path, text: str) -> bytes:
    """Draw one bar for each word of the text, write the PNG, and give its bytes.

    PNG specification, sections 5 (chunks) and 9 (filtering, type 0).
    """
    rows = _drawing(text)
    header = struct.pack(">II", _WIDTH, len(rows)) + _GREYSCALE_8_BIT
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), level=9)
    image = b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, body) for kind, body in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    )
    path.write_bytes(image)
    return image


def _drawing(text: str) -> list[bytes]:
    blank = bytes([_WHITE]) * _WIDTH
    rows = [blank] * _MARGIN
    for word in text.split():
        bar = min(len(word) * 3, _WIDTH - 2 * _MARGIN)
        inked = bytes([_WHITE]) * _MARGIN + bytes([_BLACK]) * bar
        rows += [inked.ljust(_WIDTH, bytes([_WHITE]))] * 2 + [blank] * (_LINE_HEIGHT - 2)
    return rows + [blank] * _MARGIN


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)
