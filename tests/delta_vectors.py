"""Deletion vectors of Delta tables, written as files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyroaring import BitMap

_MAGIC = 1681511377


def stored_vector(root: Path, name: str, rows: Sequence[int]) -> dict[str, Any]:
    """Write a vector of row numbers below 2^32 into a file, and give what an add says of it."""
    blob = struct.pack("<iqI", _MAGIC, 1, 0) + BitMap(rows).serialize()
    body = b"\1" + struct.pack(">i", len(blob)) + blob + struct.pack(">I", zlib.crc32(blob))
    (root / name).write_bytes(body)
    told = {"storageType": "p", "pathOrInlineDv": str(root / name), "offset": 1}
    return told | {"sizeInBytes": len(blob), "cardinality": len(set(rows))}
