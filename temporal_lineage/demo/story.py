"""The story of the demo lake: its ledger played to the end, and the questions worth asking it."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from snapshots.instant import Instant
from temporal_lineage.demo.lake import (
    FIRST_HARVEST,
    SECOND_HARVEST,
    DemoLake,
    build_lake,
    claim_folder,
    finish_lake,
)
from temporal_lineage.session import Session
from temporal_lineage.workspace import FOLDER, Workspace

NOON = Instant.parse("2026-11-10T12:00Z")
"""When the questions are asked, four hours after the second harvest."""

AFTER_FIRST_HARVEST = "2026-11-06"
"""A time between the two harvests, for `--as-known`."""

REBUILT = "rebuilt"
"""The folder, inside the lake's, that reproduced rows are written to."""


_CLEAN = "lake.staging.orders_clean"
_MODEL = "model:fraud@v3"


@dataclass(frozen=True, slots=True)
class Chapter:
    """Some words, and the questions that go with them, as arguments of `tl`."""

    title: str
    words: str
    questions: tuple[tuple[str, ...], ...]


def play(root: Path, *, tell: Callable[[str], None]) -> DemoLake:
    """Build the lake in an empty folder, or over a demo lake, and play its ledger beside it.

    Two harvests with the maintenance between them, and the events in the order they arrived.
    Raises NotADemoLakeError for a folder that holds anything else, before anything is touched.
    """
    claim_folder(root)
    tell("Two months of a web shop's lakehouse, from nothing: nine tables, a model, their runs ...")
    lake = build_lake(root)
    workspace = _fresh_workspace(lake)
    tell(f"{FIRST_HARVEST}: first harvest, and the events that had arrived ...")
    first = Session(workspace, clock=lambda: FIRST_HARVEST)
    _take_in(first, [lake.daily_events], tell)
    tell("2026-11-08: snapshots expire, VACUUM deletes files. 2026-11-09: late events arrive ...")
    lake = finish_lake(lake)
    tell(f"{SECOND_HARVEST}: second harvest, and the events that came late ...")
    second = Session(workspace, clock=lambda: SECOND_HARVEST)
    _take_in(second, [lake.daily_events, lake.late_events], tell)
    return lake


def noon_session(lake: DemoLake) -> Session:
    """Give the session in which the story is told."""
    return Session(workspace_of(lake), clock=lambda: NOON)


def workspace_of(lake: DemoLake) -> Workspace:
    """Give the workspace of a lake's own folder, as `tl` finds it there."""
    folder = lake.root / FOLDER
    return Workspace(folder, str(folder / "ledger.db"))


def chapters(lake: DemoLake, session: Session) -> Iterator[Chapter]:
    """Tell the story; the session answers what one chapter needs to know from the one before."""
    yield from _what_was()
    yield from _what_fed_what(lake.milestones, session)
    yield from _what_is_left()


def _what_was() -> Iterator[Chapter]:
    yield Chapter(
        "Which state was current?",
        "Release 1.9.0 lost the exchange rates on the night of 21 October; at 09:30 somebody\n"
        "rolled the table back. Auditors work on a branch; a tag keeps what model v3 learned from.",
        (
            ("log", _CLEAN),
            ("at", _CLEAN, "--as-of", "2026-10-21T06:00Z"),
            ("at", _CLEAN, "--as-of", "2026-10-21T10:00Z"),
            ("at", f"{_CLEAN}@audit"),
            ("at", "lake.ml.training_set@fraud-v3"),
        ),
    )
    yield Chapter(
        "How did the schema change?",
        "A column renamed, widened, dropped, and added again under its old name as something else.",
        (("schema", "log", "lake.features.order_features"),),
    )


def _what_fed_what(told: Mapping[str, str], session: Session) -> Iterator[Chapter]:
    yield Chapter(
        "What had gone into the model?",
        "The events of two runs lay on a machine without a network until 9 November. What was\n"
        f"known on {AFTER_FIRST_HARVEST} differs from what is known today; both can be asked for.",
        (
            ("upstream", _MODEL, "--as-known", AFTER_FIRST_HARVEST),
            ("upstream", _MODEL, "--depth", "3"),
        ),
    )
    yield Chapter(
        "Why do you say so?",
        "One of the edges that came to light, with its evidence.",
        tuple(("why", edge) for edge in _learned_late(session, _MODEL)[:1]),
    )
    yield Chapter(
        "The snapshot of the bad deploy: what contains its rows?",
        "The rollback repaired the table. What had been read from it meanwhile was not repaired.",
        (("downstream", f"{_CLEAN}@{told['bad_staging_snapshot']}"),),
    )
    yield Chapter(
        "Two runs that reported what they had cached",
        "Their events name versions that were current before. The ledger keeps what was said, and\n"
        "says why it does not believe it.",
        (("why", f"run:{told['stale_input_run']}"), ("why", f"run:{told['stale_output_run']}")),
    )


def _what_is_left() -> Iterator[Chapter]:
    yield Chapter(
        "Rebuild what a model was trained on, or say what is missing",
        "v3 is protected by a tag. The snapshot of v2 was expired, but its files are still there.\n"
        "VACUUM deleted the files of v1: the answer is no, and `tl` ends with exit status 3.",
        (
            ("available", "delta.features.customer_features"),
            ("reproduce", _MODEL, "--out", f"{REBUILT}/fraud-v3"),
            ("reproduce", "model:fraud@v2"),
            ("reproduce", "model:fraud@v2", "--recover", "--out", f"{REBUILT}/fraud-v2"),
            ("reproduce", "model:fraud@v1"),
        ),
    )


def _fresh_workspace(lake: DemoLake) -> Workspace:
    """Make the workspace anew: the ledger of an earlier lake knows tables that are no more."""
    workspace = workspace_of(lake)
    shutil.rmtree(workspace.folder, ignore_errors=True)
    shutil.rmtree(lake.root / REBUILT, ignore_errors=True)
    configuration = Configuration(workspace.folder)
    origin = "tl demo"
    configuration.add(CatalogEntry("lake", CatalogKind.PYICEBERG, lake.catalog, origin))
    delta = {"location": str(lake.delta)}
    configuration.add(CatalogEntry("delta", CatalogKind.FOLDER, delta, origin))
    return workspace


def _take_in(session: Session, events: list[Path], tell: Callable[[str], None]) -> None:
    tables = session.harvest().tables
    told = session.ingest_openlineage([str(folder) for folder in events])
    new = sum(one.new for one in tables)
    tell(
        f"  {len(tables)} tables, {new} new snapshots; {told.events} events, {told.new} of them new"
    )
    for table in tables:
        if table.error is not None:
            tell(f"  {table.address}: {table.error}")


def _learned_late(session: Session, target: str) -> list[str]:
    """Give the edges of today's answer that the one of the first harvest did not have."""
    before = {one.edge for one in session.upstream(target, as_known=AFTER_FIRST_HARVEST).edges}
    return [one.edge for one in session.upstream(target).edges if one.edge not in before]
