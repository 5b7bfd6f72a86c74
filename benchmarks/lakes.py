"""Lakes: a pipeline's tables and events on disk, and a session over them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.pipelines import Pipeline
    from temporal_lineage.session import Session

NAME = "lake"


@dataclass(frozen=True, slots=True)
class Lake:
    """A folder with Delta tables, and the file of the events of the runs that wrote them."""

    tables: Path
    events: Path


def write_lake(folder: Path, pipeline: Pipeline) -> Lake:
    """Write tables and events."""
    lake = Lake(folder / "tables", folder / "events.ndjson")
    pipeline.write(lake.tables)
    lake.events.write_bytes(b"".join(one + b"\n" for one in pipeline.events(lake.tables)))
    return lake


def harvested(lake: Lake, folder: Path) -> Session:
    """Make a new ledger in a folder, and harvest the tables into it."""
    from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
    from temporal_lineage.session import Session, wall_clock
    from temporal_lineage.workspace import Workspace

    properties = {"location": str(lake.tables)}
    Configuration(folder).add(CatalogEntry(NAME, CatalogKind.FOLDER, properties, origin=""))
    session = Session(Workspace(folder, str(folder / "ledger.db")), clock=wall_clock)
    report = session.harvest([NAME])
    assert all(one.error is None for one in report.tables), report.tables
    return session
