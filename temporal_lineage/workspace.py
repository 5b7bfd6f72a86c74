"""Workspaces: where the ledger and the catalog list of a project or a user lie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError
from snapshots.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """A folder for the catalog list, and the ledger: a SQLite file or a database URL."""

    folder: Path
    ledger: str


def find_workspace(*, ledger: str | None, cwd: Path, environ: Mapping[str, str]) -> Workspace:
    """Find the workspace: the nearest project folder upwards, else the user's own.

    `ledger` (the option) wins over the environment variable, which wins over the folder's file.
    """
    folder = next(
        (here / FOLDER for here in (cwd, *cwd.parents) if (here / FOLDER).is_dir()),
        _user_folder(environ),
    )
    chosen = ledger or environ.get(LEDGER_VARIABLE) or str(folder / "ledger.db")
    return Workspace(folder, chosen)


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


def _user_folder(environ: Mapping[str, str]) -> Path:
    data = environ.get("XDG_DATA_HOME")
    home = Path(data) if data else Path("~/.local/share").expanduser()
    return home / "temporal-lineage"
