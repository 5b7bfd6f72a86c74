"""A project of ours beside a real peer: the command line as people start it, and its answers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogs.catalog import open_catalog
from catalogs.configuration import Configuration
from catalogs.table import TableSource
from catalogs.table_name import TableName
from snapshots.availability import Gone, LogTruncated
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

COMMAND_SECONDS_MAX = 180


@dataclass(frozen=True)
class Project:
    """A folder with a ledger and a catalog list of its own."""

    folder: Path
    environment: Mapping[str, str]

    @classmethod
    def begun(cls, folder: Path, **environment: str) -> Project:
        """Make the project; `environment` is what its commands see besides ours."""
        folder.mkdir(parents=True, exist_ok=True)
        project = cls(folder, environment)
        project.tl("init")
        return project

    def tl(self, *words: str) -> str:
        """Run a command in a process of its own; a failure shows all it said."""
        done = self._run(*words)
        assert done.returncode == 0, f"tl {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def tried(self, *words: str) -> tuple[int, str]:
        """Run a command that may fail; gives its exit status and all it said."""
        done = self._run(*words)
        return done.returncode, done.stdout + done.stderr

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "temporal_lineage", *words],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS_MAX,
        )

    def add_catalog(self, name: str, properties: Mapping[str, str], *place: str) -> str:
        """Put a catalog on the list, as `tl catalog add` does."""
        pairs = [word for key, value in properties.items() for word in ("-p", f"{key}={value}")]
        return self.tl("catalog", "add", name, *place, *pairs)

    @property
    def session(self) -> Session:
        """The same project through the Python API."""
        home = self.folder / ".temporal-lineage"
        return Session(Workspace(home, str(home / "ledger.db")), clock=wall_clock)

    def table(self, address: str) -> TableSource:
        """Open a table of a catalog where it lies."""
        catalog, *name = address.split(".")
        entry = Configuration(self.folder / ".temporal-lineage").entry(catalog)
        return open_catalog(entry).table(TableName(tuple(name)))

    def rows(self, address: str, snapshot_id: int) -> list[dict[str, Any]]:
        """Read a past state."""
        return rows_of(self.table(address), snapshot_id)


def rows_of(table: TableSource, snapshot_id: int) -> list[dict[str, Any]]:
    """Read the rows of a past state, in the order of their first column."""
    state = table.state(snapshot_id, kept=())
    assert not isinstance(state, Gone | LogTruncated), state
    found = [row for batch in state.batches(columns=None) for row in batch.to_pylist()]
    return sorted(found, key=lambda row: str(next(iter(row.values()))))
