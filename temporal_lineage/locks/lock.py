"""Locks: what a run, a model or a table state was made from, complete in itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporal_lineage.questions.runs.show import RunCode
from temporal_lineage.reproduce.answer import Known, MadeBy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.files import DataFile

LOCK_VERSION = 2
"""Grows when a field changes its meaning. Version 1 was what `--out` wrote in the beginning."""


@dataclass(frozen=True, slots=True)
class LockedField:
    """A field of a schema, nested ones included; `name` is its path from the top."""

    id: int
    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class LockedSchema:
    """The schema that a state was written under; of Delta its id is a version of the table."""

    id: int
    fields: tuple[LockedField, ...]


@dataclass(frozen=True, slots=True)
class LockedFiles:
    """The files that an input is made of, by a digest over all of them."""

    count: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LockedPortion:
    """What was taken of a state.

    `columns` are null for all, else in the order they were asked for, with the ids of their
    `fields`; `where` is null for all rows. `rows` is null where nobody counted them, `fingerprint`
    where nobody computed it.
    """

    columns: tuple[str, ...] | None
    fields: tuple[int, ...] | None
    where: str | None
    rows: int | None
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class LockedPiece:
    """A piece of metadata that finds a state again: `body` is in base64 what zlib made of it."""

    name: str
    body: str


@dataclass(frozen=True, slots=True)
class LockedState:
    """A state of a table; `metadata` is the file that defines it, null where none is known.

    `kept` are the lists of its files where its table has forgotten the state; empty where the
    table tells it, and then left out.
    """

    address: str
    identity: str
    format: str
    location: str
    version: str
    metadata: str | None
    known: Known
    schema: LockedSchema
    files: LockedFiles
    taken: tuple[LockedPortion, ...]
    kept: tuple[LockedPiece, ...]


@dataclass(frozen=True, slots=True)
class LockedContent:
    """A file or folder, its version the digest of what it holds."""

    address: str
    identity: str
    location: str
    version: str
    known: Known
    count: int
    size_bytes: int


LockedInput = LockedState | LockedContent


@dataclass(frozen=True, slots=True)
class LockedWritten:
    """The state of a table that a run wrote, and the version before it; null for the first one."""

    address: str
    identity: str
    format: str
    location: str
    version: str
    before: str | None
    metadata: str | None


@dataclass(frozen=True, slots=True)
class LockedRun:
    """The code, the parameters and the surroundings of the run behind a target.

    `code` is null where no event told where it lies. Values that may be secrets are masked, and of
    environment variables only the names are known. `dialect` is that of the queries; `wrote` is
    what running them again is compared with, null where there are none or it is not known. Both
    are left out of a lock where they say nothing.
    """

    code: RunCode | None
    queries: tuple[str, ...]
    dialect: str
    wrote: LockedWritten | None
    parameters: Mapping[str, str]
    environment: Mapping[str, str]
    packages: Mapping[str, str]
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lock:
    """All that went into a target, as it was believed at one point in both times.

    `made_by` and `run` are null for a table state, which is its own input, and where no run claims
    the target. Times are texts as answers write them.
    """

    tool: str
    target: str
    as_of: str
    as_known: str
    made_by: MadeBy | None
    run: LockedRun | None
    inputs: tuple[LockedInput, ...]


def file_set_digest(files: Iterable[DataFile]) -> str:
    """Digest the set of files of a state: SHA-256 over one line a file, the lines sorted.

    A line is the JSON array of key, size in bytes and content, without spaces, in ASCII. Equal
    digests mean the same bytes, as far as names and sizes tell.

    >>> file_set_digest([])[:8]
    'e3b0c442'
    """
    lines = sorted(
        json.dumps([file.key, file.size_bytes, file.content.value], separators=(",", ":"))
        for file in files
    )
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
