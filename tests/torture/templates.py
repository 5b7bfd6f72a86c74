"""Templates: a project of small tables, and the ledgers that the works start from."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from benchmarks.pipelines import Pipeline
from torture.contents import OLDEST
from torture.ledgers import Ledgers
from torture.works import WORKS, Place

PIPELINE = Pipeline(layers=3, width=4, versions=6, kept=4)
REAL_COMMITS = 8


def make_project(project: Path) -> None:
    """Write the tables: Delta logs of a pipeline and its events, and real tables of both formats.

    Starts threads: only for a child.
    """
    import pyarrow as pa
    from deltalake import write_deltalake
    from pyiceberg.catalog.sql import SqlCatalog

    from benchmarks.lakes import write_lake
    from catalogs.configuration import CatalogEntry, CatalogKind, Configuration

    lake = write_lake(project, PIPELINE)
    rows = pa.table({"id": pa.array(range(500), pa.int64()), "name": ["a"] * 500})
    for _ in range(REAL_COMMITS):
        write_deltalake(str(project / "real" / "orders"), rows, mode="append")
    uri, warehouse = f"sqlite:///{project}/catalog.db", f"file://{project}/warehouse"
    catalog = SqlCatalog("ice", uri=uri, warehouse=warehouse)
    catalog.create_namespace("s")
    for name in ("a", "b"):
        table = catalog.create_table(f"s.{name}", schema=rows.schema)
        for _ in range(3):
            table.append(rows)
    catalog.close()
    configuration = Configuration(project / "home")
    for name, folder in (("lake", lake.tables), ("real", project / "real")):
        place = {"location": str(folder)}
        configuration.add(CatalogEntry(name, CatalogKind.FOLDER, place, "torture"))
    properties = {"type": "sql", "uri": uri, "warehouse": warehouse}
    configuration.add(CatalogEntry("ice", CatalogKind.PYICEBERG, properties, "torture"))


def make_templates(project: Path, ledgers: Ledgers, names: Collection[str]) -> dict[str, str]:
    """Make the ledgers that works start from, of these names; `new` is none. Only for a child."""
    out = project / "out"
    made = {"harvested": ledgers.new()}
    WORKS["harvest"].run(Place(project, made["harvested"], out, since=0))
    if "kept" in names:
        made["kept"] = ledgers.copy(made["harvested"])
        _keep_events(Place(project, made["kept"], out, since=1))
    if "old" in names:
        full = ledgers.copy(made["harvested"])
        WORKS["ingest"].run(Place(project, full, out, since=1))
        made["old"] = ledgers.new()
        _write_as_before(full, made["old"])
    return made


def _keep_events(place: Place) -> None:
    """Keep the events, a few in each transaction, and link none."""
    from temporal_lineage.capture.openlineage import read_events
    from temporal_lineage.capture.openlineage_events import CapturedEvent
    from temporal_lineage.intake.admission import kept
    from temporal_lineage.store.ledger import Ledger

    body = (place.project / "events.ndjson").read_bytes()
    read = read_events(body, source="torture")
    events = [kept(one) for one in read if isinstance(one, CapturedEvent)]
    with Ledger.open(place.ledger, clock=place.clock()) as ledger:
        for first in range(0, len(events), 4):
            with ledger.transaction(source="torture", note="") as transaction:
                transaction.keep_events(events[first : first + 4])


def _write_as_before(full: str, old: str) -> None:
    """Write what a ledger holds into one of the oldest schema version."""
    from alembic import command
    from alembic.config import Config

    from temporal_lineage.store.engines import POSTGRES_SCHEMA, make_engine
    from temporal_lineage.store.location import sqlite_path
    from temporal_lineage.store.migrate import MIGRATIONS
    from temporal_lineage.store.tables import metadata

    source, target = (make_engine(one, wait_ms_max=1_000) for one in (full, old))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with source.connect() as reading, target.begin() as writing:
        if sqlite_path(old) is None:
            writing.exec_driver_sql(f"CREATE SCHEMA {POSTGRES_SCHEMA}")
        config.attributes["connection"] = writing
        command.upgrade(config, OLDEST)
        for table in metadata.sorted_tables:
            if table.name in _YOUNGER:
                continue
            columns = [one for one in table.columns if (table.name, one.name) != ("file", "masks")]
            rows: list[dict[str, Any]] = [
                dict(row)
                for row in reading.execute(table.select().with_only_columns(*columns)).mappings()
            ]
            if rows:
                writing.execute(table.insert(), rows)
    for engine in (source, target):
        engine.dispose()


_YOUNGER = {"former_place", "linked"}
