"""Delta tables of a few commits at told times, the runs beside them, and a session to ask."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import delta_logs
from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from snapshots.instant import Instant
from temporal_lineage.intake.ingest import ingest_openlineage
from temporal_lineage.session import Session
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.workspace import Workspace

Json = dict[str, Any]


def run_id(number: int) -> str:
    """Give the id of a run."""
    return f"00000000-0000-4000-8000-{number:012d}"


def dataset(namespace: str, name: str, version: str | None = None, **facets: Json) -> Json:
    """Name a dataset in an event, with the version facet if one is told."""
    if version is not None:
        facets["version"] = {"_producer": "p", "_schemaURL": "s", "datasetVersion": version}
    return {"namespace": namespace, "name": name, "facets": facets}


def event(
    kind: str,
    at: str,
    run: int,
    job: str = "job",
    *,
    reads: Sequence[Json] = (),
    writes: Sequence[Json] = (),
) -> Json:
    """Write an event of a run."""
    return {
        "eventTime": at,
        "eventType": kind,
        "producer": "https://example.org/p",
        "run": {"runId": run_id(run)},
        "job": {"namespace": "n", "name": job},
        "inputs": list(reads),
        "outputs": list(writes),
    }


class Shop:
    """A folder catalog `lake` and a ledger; the clock stands where it was set, and creeps."""

    def __init__(self, folder: Path) -> None:
        """Keep all in this folder."""
        self.lake = folder / "lake"
        self.lake.mkdir(parents=True)
        self.home = folder / "home"
        self.home.mkdir()
        place = {"location": str(self.lake)}
        Configuration(self.home).add(CatalogEntry("lake", CatalogKind.FOLDER, place, "test"))
        self.now = Instant.parse("2026-10-01")
        self.session = Session(
            Workspace(self.home, str(self.home / "ledger.db")), clock=self._clock
        )
        self._files = 0
        self._open: Ledger | None = None

    def path(self, name: str) -> Path:
        """Give the folder of the table `lake.s.<name>`."""
        return self.lake / "s" / name

    def told(self, name: str, version: str | None = None, **facets: Json) -> Json:
        """Name the table `lake.s.<name>` in an event, by its path."""
        return dataset("file", str(self.path(name)), version, **facets)

    def commit(
        self,
        name: str,
        version: int,
        at: str,
        *columns: str,
        table_id: str | None = None,
        **commit: object,
    ) -> None:
        """Write a commit that adds a file; the columns are named where the schema changes."""
        table_id = table_id or name
        actions: list[Json] = [{"commitInfo": {"operation": "WRITE", "on": at, **commit}}]
        if version == 0 or columns:
            fields: list[Mapping[str, object]] = [
                delta_logs.column(one, "long") for one in columns or ("a",)
            ]
            actions += [delta_logs.protocol(), delta_logs.metadata(*fields, table_id=table_id)]
        actions.append(delta_logs.add(f"{table_id}-{version}.parquet"))
        millis = Instant.parse(at).micros // 1000
        delta_logs.write(self.path(name), version, *actions, millis=millis)

    def table(self, name: str, *times: str, table_id: str | None = None) -> None:
        """Write a table with a commit at each time."""
        for version, at in enumerate(times):
            self.commit(name, version, at, table_id=table_id)

    def harvest(self, *targets: str, at: str) -> None:
        """Harvest at a time of the ledger's."""
        self.now = Instant.parse(at)
        report = self.session.harvest(targets)
        assert not [one for one in report.tables if one.error], report

    def tell(self, *events: Json) -> None:
        """Ingest events, together."""
        self._files += 1
        file = self.home / f"{self._files}.ndjson"
        file.write_text("".join(json.dumps(one) + "\n" for one in events))
        if self._open is None:
            assert not self.session.ingest_openlineage([str(file)]).rejected
        else:
            assert not ingest_openlineage(self._open, [str(file)]).refused

    @contextmanager
    def staying_open(self) -> Iterator[Ledger]:
        """Ingest through one open ledger, as a server does; harvests open their own."""
        with Ledger.open(self.session.workspace.ledger, clock=self._clock) as ledger:
            self._open = ledger
            yield ledger
        self._open = None

    def _clock(self) -> Instant:
        self.now = self.now.plus(micros=1000)
        return self.now
