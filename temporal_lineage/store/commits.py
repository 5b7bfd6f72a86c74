"""Commits in the ledger: where states stand in their table's lines, and what lives in them.

A line is a branch of a table's history, numbered by whoever writes it; positions count its
states in commit order. Rows and files live in the states of a line from `start` up to, not
including, `stop`. All of it is derived from what the formats say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.records import NamedTuple

if TYPE_CHECKING:
    from snapshots.files import DataFile

OPEN = 2**63 - 1
"""The position where nothing stops: still live in the newest state of the line."""

BEFORE_HISTORY = 0
"""Stands for the commits that are older than anything the history remembers."""


class Place(NamedTuple):
    """A state, a version node, stands here; `files_known` tells whether its files are kept."""

    node_id: int
    dataset_id: int
    line: int
    position: int
    files_known: bool


class Contribution(NamedTuple):
    """Rows of the commit, a version node or BEFORE_HISTORY, are live from `start` on.

    `stop` is OPEN, or where they stop. DESIGN 4.3.
    """

    dataset_id: int
    commit_id: int
    line: int
    start: int
    stop: int
    certainty: str


class ContributionEnd(NamedTuple):
    """The commit's open contribution to a line stops here."""

    dataset_id: int
    commit_id: int
    line: int
    stop: int


class FileLife(NamedTuple):
    """A file is part of the states of a line from `start` on; `stop` is OPEN, or where it ends.

    `origin_id` is the version node that first wrote it, BEFORE_HISTORY where nobody remembers.
    """

    dataset_id: int
    file: DataFile
    origin_id: int
    line: int
    start: int
    stop: int


class FileEnd(NamedTuple):
    """The file with this key leaves the states of a line here."""

    dataset_id: int
    key: str
    line: int
    stop: int
