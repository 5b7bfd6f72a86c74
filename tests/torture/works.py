"""Works: harvest, ingest, link, migrate and reproduce, each over a template that stays as it is."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.instant import Instant
from torture.contents import NOW_FROM

if TYPE_CHECKING:
    from temporal_lineage.session import Session

LINKED_AT_ONCE = 16
BATCH_EVENTS = 24
"""Small steps, so that many kills fall between two of them."""

REPRODUCED = "real.orders"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a work is done: the project with its tables, the ledger, the folder for what it writes.

    `since` tells its clock from others that worked there: it goes on from one to the next.
    """

    project: Path
    ledger: str
    out: Path
    since: int

    def session(self) -> Session:
        """Open a session."""
        from temporal_lineage.session import Session
        from temporal_lineage.workspace import Workspace

        return Session(Workspace(self.project / "home", self.ledger), clock=self.clock())

    def clock(self) -> Callable[[], Instant]:
        """Give a clock that creeps."""
        ticks = 0

        def now() -> Instant:
            nonlocal ticks
            ticks += 1
            return Instant(NOW_FROM + self.since * 60_000_000 + ticks)

        return now


@dataclass(frozen=True, slots=True)
class Work:
    """What is done, and on which template: the name of the ledger that it starts from."""

    name: str
    template: str
    run: Callable[[Place], None]


def _harvest(place: Place) -> None:
    report = place.session().harvest(jobs=2)
    failed = [one for one in report.tables if one.error]
    assert not failed, failed


def _ingest(place: Place) -> None:
    from temporal_lineage.intake import ingest

    ingest.BATCH_EVENTS_MAX = BATCH_EVENTS
    report = place.session().ingest_openlineage([str(place.project / "events.ndjson")])
    assert not report.rejected, report.rejected


def _link(place: Place) -> None:
    from temporal_lineage.linking.pending import link_step
    from temporal_lineage.store.ledger import Ledger

    with Ledger.open(place.ledger, clock=place.clock()) as ledger:
        while (done := link_step(ledger, events_max=LINKED_AT_ONCE)) is not None and done.more:
            pass


def _migrate(place: Place) -> None:
    from temporal_lineage.store.ledger import Ledger

    Ledger.open(place.ledger, clock=place.clock()).close()


def _reproduce(place: Place) -> None:
    from temporal_lineage.reproduce import writing
    from temporal_lineage.reproduce.answer import Reproducible

    vars(writing)["PART_BYTES_MAX"] = 1  # a file for every batch of rows
    if place.out.exists():
        return  # an earlier one was killed when all was in place
    outcome = place.session().reproduce(REPRODUCED, out=place.out).outcome
    assert isinstance(outcome, Reproducible), outcome


WORKS: Mapping[str, Work] = {
    one.name: one
    for one in (
        Work("harvest", "new", _harvest),
        Work("ingest", "harvested", _ingest),
        Work("link", "kept", _link),
        Work("migrate", "old", _migrate),
        Work("reproduce", "harvested", _reproduce),
    )
}


def files_in(folder: Path) -> dict[str, str]:
    """Give the digests of all files in a folder, by their paths; none where it is not there.

    The manifest and the lock tell when they were written, and are compared by the rows' digests.
    """
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.suffix == ".parquet" and path.is_file()
    }


def clear(out: Path) -> None:
    """Remove what was written, and what was begun."""
    shutil.rmtree(out, ignore_errors=True)
    for path in out.parent.glob(f".{out.name}.*.partial"):
        shutil.rmtree(path)
