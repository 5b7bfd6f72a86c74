"""Unpacking: how many bytes compressed ones of others may become, so that no file is a bomb."""

from __future__ import annotations

PLAIN_BYTES_MAX = 1 << 30
"""However many there were packed."""

PLAIN_BYTES_FREE = 64 * 1024 * 1024
"""So many are never too many."""

EXPANSION_MAX = 200
"""Beyond that, how many times as many: metadata and manifests become 5 to 50 times as long, bombs
a thousand times."""


def plain_bytes_max(packed_bytes: int) -> int:
    """Give how many bytes a compressed text or block may become.

    >>> plain_bytes_max(10) // 2**20, plain_bytes_max(2**20) // 2**20
    (64, 200)
    """
    return min(PLAIN_BYTES_MAX, max(PLAIN_BYTES_FREE, packed_bytes * EXPANSION_MAX))
