"""The stage: the places, tables and run books that every scene plays with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyiceberg.catalog.sql import SqlCatalog

from snapshots.instant import Instant
from temporal_lineage.demo import jobs, schemas
from temporal_lineage.demo.delta_table import DeltaLakeTable
from temporal_lineage.demo.iceberg_table import IcebergTable
from temporal_lineage.demo.run_book import RunBook

CATALOG_NAME = "lake"


@dataclass(frozen=True, slots=True)
class Scene:
    """Something that happens at an instant; scenes are played in the order of their instants."""

    at: Instant
    play: Callable[[Stage, Instant], None]

    @classmethod
    def on(cls, at: str, play: Callable[[Stage, Instant], None]) -> Scene:
        """Name the instant as text, as in `2026-10-14T11:12Z`."""
        return cls(Instant.parse(at), play)


class Stage:
    """The lake while it is being played; `milestones` collects what the story names later."""

    def __init__(self, root: Path, milestones: Mapping[str, str]) -> None:
        self.receipts = root / "receipts"
        self.models = root / "models"
        self.late_events = root / "events" / "late"
        self.milestones = dict(milestones)
        self.runs = RunBook(root / "events" / "daily")
        self.stuck_runs = RunBook(root / "undelivered")
        self.catalog = SqlCatalog(CATALOG_NAME, **catalog_properties(root))
        self.orders = self._iceberg(root, jobs.ORDERS)
        self.customers = self._iceberg(root, jobs.CUSTOMERS)
        self.receipt_text = self._iceberg(root, jobs.RECEIPTS)
        self.orders_clean = self._iceberg(root, jobs.CLEAN)
        self.order_features = self._iceberg(root, jobs.ORDER_FEATURES)
        self.training_set = self._iceberg(root, jobs.TRAINING_SET)
        delta = root / "delta"
        self.payments = DeltaLakeTable(delta, jobs.PAYMENTS, schemas.PAYMENTS, "settled_on")
        self.customer_features = DeltaLakeTable(
            delta, jobs.CUSTOMER_FEATURES, schemas.CUSTOMER_FEATURES, None
        )
        self.scores = DeltaLakeTable(delta, jobs.SCORES, schemas.SCORES, None)

    def note(self, milestone: str, value: Instant | str | int) -> None:
        """Remember a version, run id or instant; what happens again keeps its first value."""
        self.milestones.setdefault(milestone, str(value))

    def _iceberg(self, root: Path, address: str) -> IcebergTable:
        return IcebergTable(self.catalog, address, root / "warehouse")


@contextmanager
def staged(root: Path, milestones: Mapping[str, str]) -> Iterator[Stage]:
    """Open the stage, and close its catalog in the end."""
    stage = Stage(root, milestones)
    try:
        yield stage
    finally:
        stage.catalog.close()


def catalog_properties(root: Path) -> dict[str, str]:
    """Give the properties with which `load_catalog("lake", ...)` of pyiceberg opens the lake."""
    return {
        "type": "sql",
        "uri": f"sqlite:///{root / 'catalog.db'}",
        "warehouse": f"file://{root / 'warehouse'}",
    }
