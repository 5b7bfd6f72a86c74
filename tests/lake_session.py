"""Sessions in tests: a home, a ledger, and a folder of tables known as `lake`."""

from pathlib import Path

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace


def lake_session(folder: Path, ledger: str) -> Session:
    """Open a session that knows the tables below `lake` in a folder."""
    session = Session(Workspace(folder / "home", ledger), clock=wall_clock)
    entry = CatalogEntry("lake", CatalogKind.FOLDER, {"location": str(folder / "lake")}, "test")
    Configuration(session.workspace.folder).add(entry)
    return session
