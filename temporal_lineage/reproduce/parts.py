"""Parts: how the rows of one portion are spread over files, the same way each time."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.files import FileContent
from temporal_lineage.locks.making import files_of, tool
from temporal_lineage.reproduce.folder import file_name
from temporal_lineage.reproduce.look import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalogs.engines.engine import Engine
    from catalogs.table import TableState
    from temporal_lineage.linking.taken import TakenPortion
    from temporal_lineage.reproduce.kept_files import SeenFile
    from temporal_lineage.reproduce.rows import RowForm

PART_BYTES_MAX = 256 * 1024 * 1024
"""Data files are read together up to so many bytes. What is finished of a reproduction that was
killed is a whole number of parts."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of rows to write: `name` in the folder, and the keys of the data files it is from.

    `keys` are None where the whole state is in this one part.
    """

    name: str
    keys: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Piece:
    """All parts of one portion of one input, or the one copy of a file; `place` counts portions."""

    seen: Seen | SeenFile
    place: int
    taken: TakenPortion | None
    parts: tuple[Part, ...]


def pieces_of(
    seen: Sequence[Seen | SeenFile], *, form: RowForm, bytes_max: int, engine: Engine
) -> tuple[Piece, ...]:
    """Name every file that is to be written. What was taken in several portions is kept apart.

    A state of which the engine reads no parts is one part, however large it is.
    """
    named: list[str] = []
    found = []
    for one in seen:
        address = one.input.address
        if not isinstance(one, Seen):
            named.append(file_name(address, taken=named, ending=""))
            found.append(Piece(one, 0, None, (Part(named[-1], None),)))
            continue
        for place, taken in enumerate(one.input.portions or (None,)):
            named.append(file_name(address, taken=named, ending=f".{form.value}"))
            whole = not engine.reads_parts(one.state)
            groups = list(_groups(one.state, sys.maxsize if whole else bytes_max))
            parts: tuple[Part, ...] = (Part(named[-1], None),)
            if len(groups) > 1:
                # Engines read a folder of this kind as one table.
                parts = tuple(
                    Part(f"{named[-1]}/part-{number:05}.{form.value}", keys)
                    for number, keys in enumerate(groups, start=1)
                )
            found.append(Piece(one, place, taken, parts))
    return tuple(found)


def plan_digest(pieces: Sequence[Piece], *, form: RowForm) -> str:
    """Digest what is to be written and by whom: who finds it again may go on with it."""
    import pyarrow as pa

    told: list[object] = [tool(), pa.__version__, form.value]
    for piece in pieces:
        one = piece.seen
        files = files_of(one.state).sha256 if isinstance(one, Seen) else ""
        taken = (piece.taken.columns, piece.taken.where) if piece.taken else None
        names = [(part.name, part.keys) for part in piece.parts]
        told.append([one.input.identity, one.input.version, files, taken, names])
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _groups(state: TableState, bytes_max: int) -> Iterator[tuple[str, ...]]:
    """Join neighbouring data files as long as they are not too large together."""
    keys: list[str] = []
    size = 0
    for file in state.files:
        if file.content is not FileContent.DATA:
            continue
        if keys and size + file.size_bytes > bytes_max:
            yield tuple(keys)
            keys, size = [], 0
        keys.append(file.key)
        size += file.size_bytes
    yield tuple(keys)
