"""Recovery plans: the fewest pieces from which a forgotten state is put together, in order."""

from __future__ import annotations

from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from snapshots.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


class Piece(StrEnum):
    """A kind of metadata that a state is put together from."""

    METADATA_FILE = "metadata-file"
    MANIFEST_LIST = "manifest-list"
    MANIFEST = "manifest"
    FILE_LIST = "file-list"
    """What sets the files of one snapshot apart from those of another, as a ledger keeps it."""
    SCHEMA = "schema"
    """How files are read: schemas, partition specs and name mapping, as a ledger keeps them."""
    CHECKPOINT = "checkpoint"
    COMMIT = "commit"


class Keeper(StrEnum):
    """Who still has a piece."""

    LEDGER = "ledger"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class RecoveryStep:
    """Pieces of one kind that one keeper has, by path or by name, in the order they are applied."""

    piece: Piece
    keeper: Keeper
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecoveryPlan:
    """How a state is put together that its table no longer tells; `how` says it in words.

    The plan is the smallest: without any one of its pieces the state would not be known. `lost`
    says what no piece tells any more; where that is nothing, the state is as it was committed.
    """

    how: str
    steps: tuple[RecoveryStep, ...]
    lost: tuple[str, ...]


def steps_of(pieces: Iterable[tuple[Piece, Keeper, str]]) -> tuple[RecoveryStep, ...]:
    """Join neighbours of one kind and keeper into one step.

    >>> one = (Piece.COMMIT, Keeper.LEDGER, "0.json")
    >>> [len(step.names) for step in steps_of([one, one, (Piece.COMMIT, Keeper.TABLE, "2.json")])]
    [2, 1]
    """
    return tuple(
        RecoveryStep(piece, keeper, tuple(name for _, _, name in group))
        for (piece, keeper), group in groupby(pieces, key=lambda one: one[:2])
    )
