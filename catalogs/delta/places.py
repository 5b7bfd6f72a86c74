"""Places: where the file of an earlier harvest lies now, when its table may have moved since."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from catalogs.delta.log import DeltaLog
from catalogs.delta.paths import located, vector_file
from snapshots.files import DataFile, FileContent

_VECTOR = re.compile(r"(?P<storage_type>[a-z])(?P<path_or_inline>.*?)(@\d+)?", re.DOTALL)


def place_of(file: DataFile, log: DeltaLog) -> str:
    """Give where a file lies, by its key: the path recorded with it is that of its harvest."""
    if file.content is FileContent.DELETION_VECTOR:
        match = _VECTOR.fullmatch(file.key)
        vector = _Vector(match["storage_type"], match["path_or_inline"]) if match else None
        return (vector_file(log.root, vector, log.moved) if vector else None) or file.path
    name = next((one for one in _names(file.key) if _may_be(one, file.path)), None)
    return file.path if name is None else located(log.root, name, log.moved)


@dataclass(frozen=True, slots=True)
class _Vector:
    """What a key tells of a deletion vector."""

    storage_type: str
    path_or_inline: str


def _names(key: str) -> Iterator[str]:
    """Yield what the path in a key can be, the longest first: a vector's id may follow it."""
    yield key
    for mark in reversed([at for at, letter in enumerate(key) if letter == "#"]):
        yield key[:mark]


def _may_be(name: str, path: str) -> bool:
    last = name.rpartition("/")[2]
    return bool(last) and path.rpartition("/")[2] == last
