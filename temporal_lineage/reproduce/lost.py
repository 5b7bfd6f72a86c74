"""What is lost of a state: files, rows, bytes, by whose act, and whether it can be made again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapshots.instant import Instant


class CanRebuild(StrEnum):
    """Whether a run could be run again on what it read."""

    YES = "yes"
    """Every state that it read can be read, or be made again itself."""
    NO = "no"
    """Some state that it read is lost, and cannot be made again."""
    UNKNOWN = "unknown"
    """No run claims the commit, or what it read is not known, not to be verified, or too far."""


@dataclass(frozen=True, slots=True)
class RebuildInput:
    """A state that a run read, the verdict on it, and whether it can be had again.

    A readable one can; of another, `rebuilds` are the runs that could make again what is lost.
    """

    address: str
    verdict: str
    can: CanRebuild
    rebuilds: tuple[Rebuild, ...]


@dataclass(frozen=True, slots=True)
class Rebuild:
    """The commits of one run that wrote what is lost, and whether it could be run again.

    `run`, `job` and `code` are None where nobody knows them; `why` says what stands in the way,
    None where nothing does.
    """

    commits: tuple[str, ...]
    run: str | None
    job: str | None
    code: str | None
    can: CanRebuild
    why: str | None
    inputs: tuple[RebuildInput, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """What is gone of a state: `files` of `of` files, their bytes and rows.

    `rows` is None where the table does not record them. `since`, `act`, `user` and `run` tell of
    the commit that took them, each None where nobody knows. `can` tells whether all of it could be
    made again by the runs in `rebuilds`, as far as these were looked for.
    """

    files: int
    of: int
    size_bytes: int
    rows: int | None
    since: Instant | None
    act: str | None
    user: str | None
    run: str | None
    can: CanRebuild
    rebuilds: tuple[Rebuild, ...]


def all_of(told: list[CanRebuild]) -> CanRebuild:
    """Tell whether all can be made again: one that cannot decides, then one that nobody knows.

    >>> all_of([CanRebuild.YES, CanRebuild.UNKNOWN]), all_of([])
    (<CanRebuild.UNKNOWN: 'unknown'>, <CanRebuild.UNKNOWN: 'unknown'>)
    """
    if CanRebuild.NO in told:
        return CanRebuild.NO
    return CanRebuild.YES if told and set(told) == {CanRebuild.YES} else CanRebuild.UNKNOWN
