"""The demo lake as tests meet it: played once a session, and read without the engine."""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from pyiceberg.catalog import load_catalog
from pyiceberg.table import StaticTable, Table

from snapshots.instant import Instant
from temporal_lineage.demo.lake import DemoLake, build_lake, finish_lake

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Played:
    """The finished lake, and what only the first harvest could still see."""

    lake: DemoLake
    first_milestones: dict[str, str]
    first_training_rows: int
    first_files: frozenset[Path]


@cache
def played_lake(folder: Path) -> Played:
    """Play the lake below the session's folder, once for all test files."""
    lake = build_lake(folder / "demo-lake")
    version = int(lake.milestones["training_v1_version"])
    table = DeltaTable(lake.delta / "features/customer_features", version=version)
    return Played(
        first_milestones=dict(lake.milestones),
        first_training_rows=table.to_pyarrow_table().num_rows,
        first_files=frozenset(path for path in lake.root.rglob("*") if path.is_file()),
        lake=finish_lake(lake),
    )


ICEBERG = (
    "raw.orders",
    "raw.customers",
    "docs.receipt_text",
    "staging.orders_clean",
    "features.order_features",
    "ml.training_set",
)
DELTA = ("raw/payments", "features/customer_features", "ml/scores")


def iceberg(lake: DemoLake, address: str) -> Table:
    catalog = load_catalog("lake", **lake.catalog)
    try:
        return catalog.load_table(address)
    finally:
        catalog.close()


def chain(table: Table) -> list[StaticTable]:
    """Every metadata file of the table, oldest first."""
    files = [entry.metadata_file for entry in table.metadata.metadata_log]
    return [StaticTable.from_metadata(file) for file in [*files, table.metadata_location]]


def log_files(lake: DemoLake, name: str) -> list[Path]:
    return sorted((lake.delta / name / "_delta_log").glob("*.json"))


def commits(lake: DemoLake, name: str) -> list[list[Event]]:
    return [
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in log_files(lake, name)
    ]


def commit_instants(lake: DemoLake) -> dict[tuple[str, str], Instant]:
    """When each snapshot and Delta version was committed, by location and version."""
    instants: dict[tuple[str, str], Instant] = {}
    for address in ICEBERG:
        table = iceberg(lake, address)
        location = table.location().removeprefix("file://")
        for metadata in chain(table):
            branches = {ref.snapshot_id for ref in metadata.metadata.refs.values()}
            for snapshot in metadata.snapshots():
                if snapshot.snapshot_id in branches:
                    at = Instant.from_millis(snapshot.timestamp_ms)
                    instants[location, str(snapshot.snapshot_id)] = at
    for name in DELTA:
        for path in log_files(lake, name):
            at = Instant(path.stat().st_mtime_ns // 1000)
            instants[str(lake.delta / name), str(int(path.stem))] = at
    return instants


def runs(lake: DemoLake) -> list[tuple[Event, Event]]:
    """Every run's START and its end, in the order of START."""
    events = events_in(lake.daily_events) + events_in(lake.late_events)
    starts = {event["run"]["runId"]: event for event in events if event["eventType"] == "START"}
    ends = {event["run"]["runId"]: event for event in events if event["eventType"] != "START"}
    pairs = [(start, ends[run_id]) for run_id, start in starts.items()]
    return sorted(pairs, key=lambda pair: str(pair[0]["eventTime"]))


def events_in(folder: Path) -> list[Event]:
    """Every event of a folder's files, in their order."""
    return [
        json.loads(line)
        for path in sorted(folder.iterdir())
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def tabular(dataset: Event) -> bool:
    """Whether this is a table of the lake, by its symlink."""
    return "symlinks" in dataset["facets"]


def png_chunks(image: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every chunk of a PNG, its checksum compared. PNG specification, section 5."""
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    place = 8
    while place < len(image):
        (length,) = struct.unpack_from(">I", image, place)
        kind, body = image[place + 4 : place + 8], image[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", image, place + 8 + length)
        assert checksum == zlib.crc32(kind + body)
        yield kind, body
        place += 12 + length
