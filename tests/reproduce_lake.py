"""A small lake for the tests of reproduction: real tables, a real ledger, events of runs."""

import itertools
import json
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
from click.testing import CliRunner, Result
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.table import Table

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from snapshots.instant import Instant
from temporal_lineage.cli.entry import run
from temporal_lineage.reproduce.answer import ReproduceAnswer, ReproduceInput
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

_IDS = itertools.count(1)


class Lake:
    """Iceberg tables of the catalog `lake`, Delta tables of the folder `delta`, and a ledger."""

    def __init__(self, root: Path) -> None:
        """Make an empty one."""
        self.root = root
        self.delta = root / "delta"
        self.delta.mkdir()
        workspace = Workspace(root / "workspace", str(root / "workspace" / "ledger.db"))
        self.session = Session(workspace, clock=wall_clock)
        self.configuration = Configuration(workspace.folder)
        folder = {"location": str(self.delta)}
        self.configuration.add(CatalogEntry("delta", CatalogKind.FOLDER, folder, ""))

    @cached_property
    def catalog(self) -> Catalog:
        """The catalog `lake`, made and configured when it is first used."""
        properties = {
            "type": "sql",
            "uri": f"sqlite:///{self.root}/catalog.db",
            "warehouse": f"file://{self.root}/warehouse",
        }
        catalog: Catalog = load_catalog("lake", **properties)
        catalog.create_namespace("raw")
        self.configuration.add(CatalogEntry("lake", CatalogKind.PYICEBERG, properties, ""))
        return catalog

    def iceberg(self, name: str = "orders") -> Table:
        """Make `lake.raw.<name>`."""
        return self.catalog.create_table(f"raw.{name}", schema=orders(0).schema)

    def append(self, table: Table, *, rows: int = 3) -> str:
        """Append rows to an Iceberg table; gives the snapshot id."""
        table.append(orders(rows))
        return current(table)

    def write_delta(self, name: str = "orders", *, rows: int = 3, mode: Any = "append") -> str:  # noqa: ANN401 - deltalake's literals
        """Write to `delta.<name>`; gives the version."""
        write_deltalake(self.delta / name, orders(rows), mode=mode)
        return str(self.delta_table(name).version())

    def delta_table(self, name: str = "orders") -> DeltaTable:
        """Open `delta.<name>`."""
        return DeltaTable(self.delta / name)

    def vacuum(self, name: str = "orders") -> None:
        """Delete every file that the newest version does not read."""
        self.delta_table(name).vacuum(
            retention_hours=0, enforce_retention_duration=False, dry_run=False
        )

    def harvest(self) -> None:
        """Harvest everything; a failure is the test's."""
        report = self.session.harvest()
        assert [one.error for one in report.tables if one.error] == []

    def trained(
        self,
        version: str,
        *reads: tuple[str, str | None],
        started: Instant | None = None,
        only_from: str | None = None,
    ) -> str:
        """Tell the ledger of a run that read these locations and made a model version.

        The run ends now; `only_from` is the one location that its explicit lineage names.
        """
        run_id = str(UUID(int=next(_IDS), version=4))
        inputs = [
            {"namespace": "file", "name": place, "facets": _version_facet(read)}
            for place, read in reads
        ]
        model: dict[str, Any] = {
            "namespace": "model",
            "name": "fraud",
            "facets": _version_facet(version),
        }
        now = wall_clock()
        events = [
            _event("START", run_id, started or now, inputs, []),
            _event("COMPLETE", run_id, now.plus(micros=1000), inputs, [model]),
        ]
        if only_from is not None:
            model["facets"]["lineage"] = {
                "_producer": "https://test",
                "_schemaURL": "",
                "inputs": [{"type": "DATASET", "namespace": "file", "name": only_from}],
            }
        path = self.root / f"{run_id}.ndjson"
        path.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
        self.session.ingest_openlineage([str(path)])
        return run_id

    def tl(self, *arguments: str) -> Result:
        """Run the command line in this workspace."""
        from temporal_lineage.cli.root import tl

        return CliRunner().invoke(tl, list(arguments), obj=self.session)

    def tl_status(self, *arguments: str) -> int:
        """Run the command line as a user does; gives the exit status."""
        return run(arguments, session=self.session)


def orders(rows: int) -> pa.Table:
    """Make rows."""
    return pa.table(
        {
            "id": pa.array(range(rows), pa.int64()),
            "name": pa.array([f"order {number}" for number in range(rows)], pa.string()),
        }
    )


def current(table: Table) -> str:
    """Give the current snapshot's id."""
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return str(snapshot.snapshot_id)


def only(answer: ReproduceAnswer) -> ReproduceInput:
    """Give the one input of an answer."""
    (one,) = answer.inputs
    return one


def local(path: str) -> Path:
    """Turn a path of an answer into one of this machine."""
    return Path(path.removeprefix("file://"))


def _version_facet(version: str | None) -> dict[str, Any]:
    if version is None:
        return {}
    return {"version": {"_producer": "https://test", "_schemaURL": "", "datasetVersion": version}}


def _event(
    kind: str, run_id: str, at: Instant, inputs: list[Any], outputs: list[Any]
) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventTime": at.isoformat(),
        "producer": "https://test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id, "facets": {}},
        "job": {"namespace": "train", "name": "fraud", "facets": {}},
        "inputs": inputs,
        "outputs": outputs,
    }
