"""Bodies of requests: read up to a limit, unpacked up to the same limit, and no further."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

_GZIP = zlib.MAX_WBITS | 16
_DRAINED_TIMES = 16
"""How many times the limit is read and thrown away, so that the sender gets to our answer."""


class RefusedBodyError(Exception):
    """A body that is not taken; `status` and `reason` are what the sender is told."""

    def __init__(self, status: int, reason: str, rest: bytes, size: int) -> None:
        """Keep the status, the reason, the beginning of the body, and how long it was."""
        self.status = status
        self.reason = reason
        self.rest = rest
        self.size = size
        super().__init__(reason)


async def read_body(chunks: AsyncIterator[bytes], *, encoding: str, bytes_max: int) -> bytes:
    """Read a body and unpack it; memory stays within twice the limit, whatever is sent.

    Raises RefusedBodyError for one that is too long (413), packed in a way that we do not know
    (415), or not what its encoding says (400).
    """
    how = encoding.strip().lower()
    if how not in {"", "identity", "gzip", "x-gzip"}:
        raise RefusedBodyError(415, f"Content-Encoding {encoding} is not known; send gzip", b"", 0)
    raw = await _all(chunks, bytes_max)
    return raw if how in {"", "identity"} else _unpacked(raw, bytes_max)


async def _all(chunks: AsyncIterator[bytes], bytes_max: int) -> bytes:
    kept, length = bytearray(), 0
    async for chunk in chunks:
        length += len(chunk)
        if length <= bytes_max:
            kept += chunk
        elif length > bytes_max * _DRAINED_TIMES:
            break
    if length > bytes_max:
        raise _too_long(bytes_max, bytes(kept), length)
    return bytes(kept)


def _unpacked(raw: bytes, bytes_max: int) -> bytes:
    """Unpack gzip, several members one behind the other too."""
    parts, length, rest = [], 0, raw
    while rest:
        unpacker = zlib.decompressobj(_GZIP)
        try:
            part = unpacker.decompress(rest, bytes_max - length + 1)
        except zlib.error as error:
            raise RefusedBodyError(400, f"the body is no gzip: {error}", raw, len(raw)) from error
        length += len(part)
        parts.append(part)
        if length > bytes_max:
            raise _too_long(bytes_max, b"".join(parts)[:bytes_max], length)
        if not unpacker.eof:
            raise RefusedBodyError(400, "the body is no gzip: it ends too early", raw, len(raw))
        rest = unpacker.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _too_long(bytes_max: int, start: bytes, size: int) -> RefusedBodyError:
    reason = f"the body is longer than {bytes_max} bytes, unpacked; send fewer events at once"
    return RefusedBodyError(413, reason, start, size)
