"""Origins in the ledger: whose rows the files of a commit hold, where that is not plain to see.

Most files hold the rows of the commit that wrote them, which the ledger knows of every file. What
a compaction, a rewrite or a restore brought in holds those of others: that is a claim about the
commit's version node, so that a later harvest can go on from there.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.files import FileContent
from snapshots.lives import Origins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from snapshots.files import DataFile
    from snapshots.lives import FileLife, Origin

Ranges = tuple[tuple[int, int], ...]
"""Version nodes as first and last of each run, in order; 0 stands for before the history."""

NOBODY = Origins(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Holders:
    """The commits whose rows some files hold, by version node."""

    sure: Ranges
    possible: Ranges


@dataclass(frozen=True, slots=True)
class FileGroup:
    """Files of one commit that hold rows of the same commits.

    `holders` is None where each file holds the rows of the commit that wrote it, and no others.
    """

    keys: tuple[str, ...]
    holders: Holders | None


@dataclass(frozen=True, slots=True)
class OriginsClaim:
    """Whose rows the files hold that began to live at a commit.

    `others` is meant for all files with rows that no group names; None is as in a group.
    """

    groups: tuple[FileGroup, ...]
    others: Holders | None


def origins_claim(
    began: Iterable[FileLife], *, number: Callable[[Origin], int]
) -> OriginsClaim | None:
    """Tell whose rows the files hold that began at one commit; None where it is plain of all.

    `number` gives the version node of a commit.
    """
    groups: dict[Origins | None, list[str]] = defaultdict(list)
    for life in began:
        if holds_rows(life.file):
            own = life.origins == written_by(life.origin)
            groups[None if own else life.origins].append(life.file.key)
    if set(groups) <= {None}:
        return None
    # The largest group needs no names.
    most = max(groups, key=lambda one: len(groups[one]))
    holders = {one: None if one is None else _holders(one, number) for one in groups}
    return OriginsClaim(
        tuple(FileGroup(tuple(keys), holders[one]) for one, keys in groups.items() if one != most),
        holders[most],
    )


class KeptOrigins:
    """The origins of files, from the claims of the commits at which they began to live."""

    def __init__(
        self, claims: Mapping[int, OriginsClaim], *, commit: Callable[[int], Origin]
    ) -> None:
        """Take the claims by version node; `commit` gives the snapshot of a version node."""
        self._commit = commit
        self._read: dict[Holders, Origins] = {}
        self._claims = {
            node_id: ({key: group.holders for group in one.groups for key in group.keys}, one)
            for node_id, one in claims.items()
        }

    def of(self, file: DataFile, *, born_at: int, origin: Origin) -> Origins:
        """Give the origins of a file that began to live at a version node."""
        if not holds_rows(file):
            return NOBODY
        if born_at not in self._claims:
            return written_by(origin)
        by_key, claim = self._claims[born_at]
        holders = by_key.get(file.key, claim.others)
        return written_by(origin) if holders is None else self._origins(holders)

    def _origins(self, holders: Holders) -> Origins:
        if holders not in self._read:
            self._read[holders] = Origins(self._among(holders.sure), self._among(holders.possible))
        return self._read[holders]

    def _among(self, ranges: Ranges) -> frozenset[Origin]:
        return frozenset(
            self._commit(number) for first, last in ranges for number in range(first, last + 1)
        )


def holds_rows(file: DataFile) -> bool:
    """Tell whether rows of somebody live in a file: it masks none, and is not empty."""
    return file.content is FileContent.DATA and file.rows != 0


def written_by(origin: Origin) -> Origins:
    """Give the origins of a file that holds its writer's rows alone."""
    return Origins(frozenset({origin}), frozenset())


def _holders(origins: Origins, number: Callable[[Origin], int]) -> Holders:
    return Holders(
        _ranges(number(one) for one in origins.sure),
        _ranges(number(one) for one in origins.possible),
    )


def _ranges(numbers: Iterable[int]) -> Ranges:
    """Write numbers as runs: the commits of one table are numbered one after the other."""
    runs: list[tuple[int, int]] = []
    for one in sorted(numbers):
        if runs and runs[-1][1] == one - 1:
            runs[-1] = (runs[-1][0], one)
        else:
            runs.append((one, one))
    return tuple(runs)
