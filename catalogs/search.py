"""Searches: which files of a table hold rows of a condition, and which of its states have them.

A file is read once, however many states it is part of. What deletes hide from a state is not in
that state, and is in the file all the same: both are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from catalogs.moved import below, normal

if TYPE_CHECKING:
    from catalogs.sifting import Candidate

Watch = Callable[[int, int], None]
"""Is told how many files were looked at, and how many there are."""


class FileRole(StrEnum):
    """What a file is to its table."""

    DATA = "data"
    EQUALITY_DELETES = "equality-deletes"
    CHANGES = "change-data"
    ORPHAN = "orphan"


class Look(StrEnum):
    """How far a file was looked at: what is known to hold nothing needs no reading.

    An engine counted the rows of what is read by one, and met none.

    One that is gone holds nothing in its place; copies that a store keeps of it are not looked for.
    """

    READ = "read"
    READ_BY_ENGINE = "engine"
    RULED_OUT_BY_PARTITION = "partition"
    RULED_OUT_BY_STATISTICS = "statistics"
    RULED_OUT_BY_FOOTER = "footer"
    RULED_OUT_BY_BLOOM = "bloom"
    NO_SUCH_COLUMN = "no-such-column"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies below a table's root: sizes by normal path, None where it could not be listed."""

    root: str
    sizes: Mapping[str, int] | None

    def settled(self, path: str, size_bytes: int, look: Look) -> Look | None:
        """Say what is true of a file that metadata rules out.

        It is gone where it is not there. None where another file is there by its name: what was
        recorded tells nothing of that one, and it has to be read.
        """
        place = normal(path)
        if self.sizes is None or below(place, normal(self.root)) is None:
            return look
        found = self.sizes.get(place)
        if found is None:
            return Look.GONE
        return look if found == size_bytes else None


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A file that was examined; `size_bytes` is the recorded size."""

    path: str
    role: FileRole
    size_bytes: int
    look: Look


@dataclass(frozen=True, slots=True)
class Holding:
    """A file that holds matching rows.

    `rows` counts those in the file, `live` those that each state still has, by snapshot id: 0 where
    deletes hide all of them. Both are empty of states for files that no state is made of.
    """

    path: str
    role: FileRole
    size_bytes: int
    rows: int
    live: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Unexamined:
    """What could not be looked at, with the reason: it may hold anything.

    `place` is the path of a file, or a state as `@8823423`. `states` are those concerned.
    """

    place: str
    reason: str
    states: tuple[int, ...]


class Sieve(Protocol):
    """Whoever counts the rows of files."""

    @property
    def name(self) -> str:
        """Its name, as `--engine` takes it."""

    def sift(self, files: Iterator[Candidate]) -> Mapping[str, int]:
        """Count the matching rows of each file, by its place; a file left out is to be read here.

        Raises EngineFailedError where a file was not read, or not all of its rows.
        """


@dataclass(frozen=True, slots=True)
class SearchedColumn:
    """A column of the condition, as it is found in files.

    `field_id` is None where the format has none. `current` is false for one that was dropped.
    `namesakes` are the ids of other columns that had this name once: they were not searched.
    """

    name: str
    field_id: int | None
    current: bool
    namesakes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search of one table found, and all that it looked at.

    `states` are those whose files are all known; one of them may still have unexamined files.
    `forgotten` are those of which nothing tells what they were made of: what is left of their
    files lies among the orphans. `broken` are states that lack a file which is gone.
    `beside` are places of data outside the table's folder, in which orphans were not looked for.
    `sieve` counted the rows of the files that were read by an engine.
    """

    columns: tuple[SearchedColumn, ...]
    states: tuple[int, ...]
    forgotten: tuple[int, ...]
    broken: frozenset[int]
    holding: tuple[Holding, ...]
    looked_at: tuple[LookedAt, ...]
    unexamined: tuple[Unexamined, ...]
    beside: tuple[str, ...]
    sieve: str
