"""The file of an adjacency: a header that says what it is of, then arrays to be mapped into memory.

The header is one JSON object, after eight bytes that name the format and eight that tell its
length. A digest of all that follows it finds what a disk or a copy has broken.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from snapshots.records import dataclass
from temporal_lineage.adjacency.segment import Segment

if TYPE_CHECKING:
    from pathlib import Path

    from temporal_lineage.adjacency.segment import Numbers

_FORMAT = b"tlflows1"
_START = 16
_ALIGNED = 64


class Position(msgspec.Struct, frozen=True):
    """How far a ledger was read: its last transaction then, and when that was recorded.

    Two ledgers of one origin that went different ways since differ in the instant.
    """

    ledger: str
    tx: int
    recorded_at: int


class _Header(msgspec.Struct, frozen=True):
    """`arrays` are of name, type, and number of elements, in the order in which they follow."""

    position: Position
    digest: str
    arrays: list[tuple[str, str, int]]


class UnusableError(Exception):
    """A file that cannot be used, and why; never seen outside of this package."""


class Arrays(NamedTuple):
    """All that is kept: nodes by their ledger numbers, ascending, with names, and their edges.

    The name of a node is a part of the text `names`, in UTF-8: from its `name_start`, in
    characters, to that of the next one. `name_start` has an element more than there are nodes.
    """

    node_id: Numbers
    name_start: Numbers
    names: Any
    edges: Segment


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file holds, mapped into memory."""

    position: Position
    arrays: Arrays


def write(path: Path, position: Position, arrays: Arrays) -> int:
    """Write a file whole, in place of one that may be there; gives its size in bytes."""
    import xxhash

    named = dict(_named(arrays))
    blocks = [_padded(one.tobytes()) for one in named.values()]
    digest = xxhash.xxh3_128()
    for block in blocks:
        digest.update(block)
    listed = [(name, one.dtype.str, len(one)) for name, one in named.items()]
    header = msgspec.json.encode(_Header(position, digest.hexdigest(), listed))
    header += b" " * (-(_START + len(header)) % _ALIGNED)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            file.write(_FORMAT + len(header).to_bytes(_START - len(_FORMAT), "little") + header)
            file.writelines(blocks)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path.stat().st_size


def read_position(path: Path) -> Position:
    """Read what a file is of. Raises FileNotFoundError, and UnusableError where it is no such."""
    with path.open("rb") as file:
        return _header(file.read(1 << 16)).position


def read(path: Path) -> Kept:
    """Map a file into memory. Raises FileNotFoundError, and UnusableError where it is broken."""
    import numpy as np
    import xxhash

    with path.open("rb") as file:
        if path.stat().st_size == 0:
            raise UnusableError("it is empty")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    header = _header(mapped[: 1 << 16])
    start = _START + int.from_bytes(mapped[len(_FORMAT) : _START], "little")
    if xxhash.xxh3_128(memoryview(mapped)[start:]).hexdigest() != header.digest:
        raise UnusableError("it is damaged")
    found: dict[str, Any] = {}
    for name, kind, count in header.arrays:
        found[name] = np.frombuffer(mapped, np.dtype(kind), count, start)
        start += found[name].nbytes
        start += -start % _ALIGNED
    edges = Segment(**{name: found[name] for name in Segment._fields})
    arrays = Arrays(found["node_id"], found["name_start"], found["names"], edges)
    return Kept(header.position, arrays)


def _header(start: bytes) -> _Header:
    length = int.from_bytes(start[len(_FORMAT) : _START], "little")
    if not start.startswith(_FORMAT):
        raise UnusableError("it is of another format")
    try:
        return msgspec.json.decode(start[_START : _START + length], type=_Header)
    except msgspec.DecodeError as error:
        raise UnusableError("it is damaged") from error


def _named(arrays: Arrays) -> list[tuple[str, Any]]:
    edges = arrays.edges._asdict()
    return [
        *edges.items(),
        *((name, one) for name, one in arrays._asdict().items() if name != "edges"),
    ]


def _padded(block: bytes) -> bytes:
    return block + bytes(-len(block) % _ALIGNED)
