"""Pieces of metadata inside a lock: what finds a state that its table has forgotten."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING

from catalogs.table import RawCommit
from temporal_lineage.locks.lock import LockedPiece

if TYPE_CHECKING:
    from collections.abc import Iterable

PIECE_BYTES_MAX = 256 * 1024 * 1024
"""Longer ones are hostile: a lock of 64 MiB could hold a thousand times that."""


def packed(kept: Iterable[RawCommit]) -> tuple[LockedPiece, ...]:
    """Write pieces as a lock holds them, the same each time."""
    return tuple(
        LockedPiece(one.witness, base64.b64encode(zlib.compress(one.body, 9)).decode())
        for one in kept
    )


def unpacked(pieces: Iterable[LockedPiece]) -> tuple[RawCommit, ...]:
    """Read pieces back. Raises ValueError for what `packed` did not write."""
    return tuple(RawCommit(one.name, _body(one)) for one in pieces)


def _body(one: LockedPiece) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        body = unpacking.decompress(base64.b64decode(one.body, validate=True), PIECE_BYTES_MAX)
    except (ValueError, zlib.error) as error:
        raise ValueError(f"the piece {one.name} cannot be unpacked") from error
    if not unpacking.eof:
        raise ValueError(f"the piece {one.name} is cut, or too large")
    return body
