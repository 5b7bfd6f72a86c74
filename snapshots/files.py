"""Data files: what each commit added to and removed from a table."""

from dataclasses import dataclass
from enum import StrEnum

from snapshots.snapshot import Effect


class FileContent(StrEnum):
    """What a file of a table holds."""

    DATA = "data"
    POSITION_DELETES = "position-deletes"
    EQUALITY_DELETES = "equality-deletes"
    DELETION_VECTOR = "deletion-vector"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file, or one masked form of it, that a table's states are made of.

    `key` is what the format counts as one logical file: the path, and for Delta the deletion
    vector that masks it. `path` is the whole path or URL. `rows` is None where unrecorded.
    `masks` is the key of the one data file that a delete file hides rows of; None where it may
    hide those of several, and for data.
    """

    key: str
    path: str
    content: FileContent
    size_bytes: int
    rows: int | None
    masks: str | None


@dataclass(frozen=True, slots=True)
class AlteredFile(DataFile):
    """A file that is there, and not with the size it was committed with."""


@dataclass(frozen=True, slots=True)
class AddedFile:
    """A file that a commit brought in.

    `origin` is the snapshot that first wrote it, which may be an expired one; None where nobody
    remembers, as with the files of a checkpoint whose commits are gone.
    """

    file: DataFile
    origin: int | None


@dataclass(frozen=True, slots=True)
class CommitFiles:
    """The difference in files between a snapshot and its parent.

    `removed` holds file keys. With `parent_id` None every live file of the state is in `added`.
    """

    snapshot_id: int
    parent_id: int | None
    effect: Effect
    added: tuple[AddedFile, ...]
    removed: tuple[str, ...]
