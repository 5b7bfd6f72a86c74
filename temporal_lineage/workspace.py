"""Workspaces: where the ledger and the catalog list of a project or a user lie."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError
from snapshots.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FOLDER = ".temporal-lineage"
"""A folder of this name makes its parent a project."""

LEDGER_VARIABLE = "TEMPORAL_LINEAGE_LEDGER"


class CannotMakeProjectError(TemporalLineageError):
    """A folder in which no project can be made."""

    def __init__(self, folder: Path, reason: str) -> None:
        """Keep the folder and what the system said."""
        self.folder = folder
        self.reason = reason
        super().__init__(f"no project can be made in {folder}: {reason}; name another folder")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A place for the catalog list, and the ledger: a SQLite file or a database URL."""

    place: str | os.PathLike[str]
    ledger: str

    @property
    def folder(self) -> Path:
        """The place as a path; what only asks the ledger does not load what makes paths."""
        from pathlib import Path

        return Path(self.place)


def find_workspace(*, ledger: str | None, cwd: str, environ: Mapping[str, str]) -> Workspace:
    """Find the workspace: the nearest project folder upwards, else the user's own.

    `ledger` (the option) wins over the environment variable, which wins over the folder's file.
    """
    place = next(
        (there for here in _upwards(cwd) if os.path.isdir(there := os.path.join(here, FOLDER))),
        None,
    ) or _user_folder(environ)
    chosen = ledger or environ.get(LEDGER_VARIABLE) or os.path.join(place, "ledger.db")
    return Workspace(place, chosen)


def make_project(folder: Path) -> Path:
    """Make a folder a project; one that is a project already stays as it is.

    Returns the folder inside it that holds the workspace. Raises CannotMakeProjectError.
    """
    home = folder / FOLDER
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotMakeProjectError(folder, reason) from error
    return home


def _upwards(folder: str) -> Iterator[str]:
    """Yield a folder, the one that it lies in, and so on up to the root."""
    yield folder
    while (above := os.path.dirname(folder)) != folder:
        yield (folder := above)


def _user_folder(environ: Mapping[str, str]) -> str:
    home = environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(home, "temporal-lineage")
