"""Tables that change, expire and are vacuumed while they are harvested: a harvest is of one state.

Real writers, pyiceberg and delta-rs, work in processes of their own without a pause.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from deltalake import DeltaTable

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from small_lake import delta_table, iceberg_table, sql_catalog, sqlite
from snapshots.instant import Instant
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

COMMITS = 27
HARVESTS_MIN = 3

ICEBERG = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from pyiceberg.types import LongType
from small_lake import ROWS, sql_catalog

catalog = sql_catalog(Path(sys.argv[1]), name="lake")
for number in range(int(sys.argv[2])):
    table = catalog.load_table("s.t")
    if number % 7 == 3:
        table.overwrite(ROWS)
    elif number % 7 == 5 and len(table.history()) > 4:
        old = [one.snapshot_id for one in table.history()[:-3]]
        there = {one.snapshot_id for one in table.metadata.snapshots}
        table.maintenance.expire_snapshots().by_ids([one for one in old if one in there]).commit()
    elif number % 7 == 6:
        with table.update_schema() as update:
            update.add_column(f"c{number}", LongType())
    else:
        table.append(ROWS.select(["id", "name"]))
"""

DELTA = """
import sys
from deltalake import DeltaTable, write_deltalake
from small_lake import ROWS

root = sys.argv[1]
for number in range(int(sys.argv[2])):
    table = DeltaTable(root)
    if number % 9 == 4:
        table.delete("id = 1")
    elif number % 9 == 5:
        table.optimize.compact()
    elif number % 9 == 6:
        table.vacuum(0, dry_run=False, enforce_retention_duration=False)
    elif number % 9 == 7:
        table.create_checkpoint()
        table.cleanup_metadata()
    else:
        write_deltalake(root, ROWS, mode="append")
"""


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session over one table of each format."""
    catalog = sql_catalog(tmp_path / "iceberg", name="lake")
    iceberg_table(catalog, "s", "t", commits=1)
    catalog.close()
    delta_table(tmp_path / "delta" / "t", commits=1)
    configuration = Configuration(tmp_path / "home")
    place = {"location": str(tmp_path / "delta")}
    configuration.add(CatalogEntry("delta", CatalogKind.FOLDER, place, "test"))
    uri, warehouse = sqlite(tmp_path / "iceberg"), f"file://{tmp_path / 'iceberg' / 'wh'}"
    properties = {"type": "sql", "uri": uri, "warehouse": warehouse}
    configuration.add(CatalogEntry("lake", CatalogKind.PYICEBERG, properties, "test"))
    return Session(Workspace(tmp_path / "home", str(tmp_path / "ledger.db")), clock=wall_clock)


@contextmanager
def writer(program: str, place: Path) -> Iterator[subprocess.Popen[str]]:
    """Let a program write to a table, as quickly as it can."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program, str(place), str(COMMITS)],
        cwd=Path(__file__).parent,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_harvest_of_tables_in_motion_is_of_states_that_were(
    tmp_path: Path, session: Session
) -> None:
    harvests = 0
    seen: dict[str, dict[int, Instant]] = {"lake.s.t": {}, "delta.t": {}}
    with (
        writer(ICEBERG, tmp_path / "iceberg") as iceberg,
        writer(DELTA, tmp_path / "delta" / "t") as delta,
    ):
        while iceberg.poll() is None or delta.poll() is None or harvests < HARVESTS_MIN:
            failed = [one for one in session.harvest().tables if one.error is not None]
            assert failed == []
            harvests += 1
            for name, known in seen.items():
                now = {one.snapshot_id: one.committed_at for one in session.log(name).lines}
                # What was known once is known still, as it was.
                assert known.items() <= now.items()
                seen[name] = now
        for process in (iceberg, delta):
            _, errors = process.communicate()
            assert process.returncode == 0, errors
    session.harvest()
    assert session.ledger_check().breaches == ()
    catalog = sql_catalog(tmp_path / "iceberg", name="lake")
    table = catalog.load_table("s.t")
    at = session.at("lake.s.t")
    assert at.snapshot_ids == (table.metadata.current_snapshot_id,)
    there = {one.snapshot_id for one in table.metadata.snapshots}
    catalog.close()
    assert there <= {one.snapshot_id for one in session.log("lake.s.t").lines}
    assert session.at("delta.t").snapshot_ids == (
        DeltaTable(str(tmp_path / "delta" / "t")).version(),
    )
