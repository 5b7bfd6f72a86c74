"""The demo lake: built up to the first harvest, then finished with what makes it forget."""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from snapshots.errors import TemporalLineageError
from snapshots.instant import Instant
from temporal_lineage.demo import (
    customer_feature_scenes,
    maintenance_scenes,
    model_scenes,
    order_feature_scenes,
    raw_scenes,
    shop,
    staging_scenes,
)
from temporal_lineage.demo.dbt_target import write_dbt_target
from temporal_lineage.demo.stage import Scene, catalog_properties, staged

FIRST_HARVEST = Instant.parse("2026-11-05T08:00Z")
"""Before the maintenance of 2026-11-08: everything is still there."""

SECOND_HARVEST = Instant.parse("2026-11-10T08:00Z")
"""After the maintenance and the last pipelines."""

_MARKER = "demo-lake.json"
_PARTS = ("warehouse", "delta", "receipts", "models", "events", "undelivered", "dbt")
_FILES = ("catalog.db", _MARKER)


class NotADemoLakeError(TemporalLineageError):
    """A folder that holds something else, which building a demo lake there would mix with."""

    def __init__(self, root: Path) -> None:
        """Keep the folder."""
        self.root = root
        super().__init__(
            f"{root} is not empty and holds no demo lake ({_MARKER} is missing);"
            " name an empty or a new folder"
        )


class CannotBuildError(TemporalLineageError):
    """A folder that cannot be made or written to."""

    def __init__(self, root: Path, reason: str) -> None:
        """Keep the folder and what the system said."""
        self.root = root
        self.reason = reason
        super().__init__(f"no demo lake can be built in {root}: {reason}; name another folder")


@dataclass(frozen=True, slots=True)
class DemoLake:
    """Where the lake lies, and the versions, runs and instants that its story names.

    `catalog` holds the properties of the Iceberg catalog `lake`; `delta` is the folder of the
    Delta tables, as `delta/<schema>/<table>`. `daily_events` are there from the start,
    `late_events` only once the lake is finished. `milestones` are snapshot ids, Delta versions,
    run ids and ISO instants, all as text. Paths inside the tables are relative to `root`.
    """

    root: Path
    catalog: Mapping[str, str]
    delta: Path
    daily_events: Path
    late_events: Path
    milestones: Mapping[str, str]


def build_lake(root: Path) -> DemoLake:
    """Play every scene before the first harvest into an empty folder, or over a demo lake.

    The process has a played clock meanwhile: run nothing beside it. Raises NotADemoLakeError
    for a folder that holds anything else, and CannotBuildError for one that cannot be made.
    """
    home = root.resolve()
    claim_folder(home)
    _clear(home)
    milestones = {
        "first_harvest": str(FIRST_HARVEST),
        "second_harvest": str(SECOND_HARVEST),
        "erasure_customer_id": str(shop.FORGETFUL_CUSTOMER),
    }
    _remember(home, milestones)
    return _play(home, milestones, [scene for scene in _scenes() if scene.at < FIRST_HARVEST])


def finish_lake(lake: DemoLake) -> DemoLake:
    """Play on until the second harvest: maintenance, late events, the last pipelines."""
    later = [scene for scene in _scenes() if FIRST_HARVEST <= scene.at < SECOND_HARVEST]
    write_dbt_target(lake.root / "dbt")
    return _play(lake.root, lake.milestones, later)


def open_lake(root: Path) -> DemoLake:
    """Open a lake that was built before. Raises NotADemoLakeError where there is none."""
    home = root.resolve()
    marker = home / _MARKER
    if not marker.is_file():
        raise NotADemoLakeError(home)
    return _lake(home, json.loads(marker.read_text(encoding="utf-8")))


def claim_folder(root: Path) -> None:
    """Make the folder where it is absent. Raises as `build_lake` does, before anything is lost."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()) and not (root / _MARKER).is_file():
            raise NotADemoLakeError(root)
    except OSError as error:
        raise CannotBuildError(root, (error.strerror or str(error)).lower()) from error


def _scenes() -> list[Scene]:
    families = (
        raw_scenes.SCENES,
        staging_scenes.SCENES,
        order_feature_scenes.SCENES,
        customer_feature_scenes.SCENES,
        model_scenes.SCENES,
        maintenance_scenes.SCENES,
    )
    return sorted((scene for family in families for scene in family), key=lambda scene: scene.at)


def _play(root: Path, milestones: Mapping[str, str], scenes: Iterable[Scene]) -> DemoLake:
    with staged(root, milestones) as stage:
        for scene in scenes:
            scene.play(stage, scene.at)
        _remember(root, stage.milestones)
        return _lake(root, stage.milestones)


def _lake(root: Path, milestones: Mapping[str, str]) -> DemoLake:
    return DemoLake(
        root=root,
        catalog=catalog_properties(root),
        delta=root / "delta",
        daily_events=root / "events" / "daily",
        late_events=root / "events" / "late",
        milestones=dict(milestones),
    )


def _clear(root: Path) -> None:
    for part in _PARTS:
        shutil.rmtree(root / part, ignore_errors=True)
    for name in _FILES:
        (root / name).unlink(missing_ok=True)


def _remember(root: Path, milestones: Mapping[str, str]) -> None:
    text = json.dumps(milestones, indent=1, sort_keys=True)
    (root / _MARKER).write_text(text, encoding="utf-8")
