"""Stand-ins: a state as a table of its own, which an engine opens without knowing the state's past.

Its metadata names exactly the files of the state, so that no engine resolves a snapshot. It stands
beside nothing: the files stay where they are.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalogs.table import NewTable, TableState
from snapshots.errors import UnreadableError
from snapshots.instant import Instant


@contextmanager
def stand_in(state: TableState, *, parent: Path | None) -> Iterator[Path]:
    """Write a stand-in below `parent`, the system's folder for passing files where it is None.

    Raises UnsupportedError where no table can be made of the state, UnreadableError where the
    folder cannot be written.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="temporal-lineage-", dir=parent)).resolve()
    except OSError as error:
        advice = "name a folder that can be written"
        raise UnreadableError(str(parent), str(error.strerror), advice) from error
    try:
        folder.chmod(0o755)  # an engine may be another user
        new = NewTable(str(folder), None, f"@{state.snapshot_id}", Instant(0))
        for name, body in state.as_table(new):
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(body)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
