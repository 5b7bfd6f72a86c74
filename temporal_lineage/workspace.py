"""Workspaces: where the ledger and the catalog list of a project or a user lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = ".temporal-lineage"
"""A folder of this name makes its parent a project."""

LEDGER_VARIABLE = "TEMPORAL_LINEAGE_LEDGER"


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


def _user_folder(environ: Mapping[str, str]) -> Path:
    data = environ.get("XDG_DATA_HOME")
    home = Path(data) if data else Path("~/.local/share").expanduser()
    return home / "temporal-lineage"
