"""Linking: the same events and harvests, in any order, end in the same beliefs."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from demo_reading import played_lake
from snapshots.instant import FOREVER, Instant
from temporal_lineage.demo.lake import DemoLake
from temporal_lineage.facts import AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.session import Session
from temporal_lineage.store.reader import Reader, open_reader
from temporal_lineage.workspace import Workspace

NOW = FOREVER.plus(micros=-1)
POINT = AsOf(valid=NOW, system=NOW)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> DemoLake:
    return played_lake(tmp_path_factory.getbasetemp()).lake


@pytest.fixture(scope="module")
def events(lake: DemoLake) -> list[str]:
    files = sorted(lake.daily_events.glob("*")) + sorted(lake.late_events.glob("*"))
    return [line for file in files for line in file.read_text().splitlines() if line.strip()]


def session_at(folder: Path, lake: DemoLake, ledger: str | None = None) -> Session:
    """Open an empty ledger beside the lake's catalogs, with a clock that moves by itself."""
    configuration = Configuration(folder)
    configuration.add(CatalogEntry("lake", CatalogKind.PYICEBERG, lake.catalog, "test"))
    place = {"location": str(lake.delta)}
    configuration.add(CatalogEntry("delta", CatalogKind.FOLDER, place, "test"))
    ticks = iter(range(1, 10**6))
    start = Instant.parse("2026-11-11")
    return Session(
        Workspace(folder, ledger or str(folder / "ledger.db")),
        clock=lambda: start.plus(micros=next(ticks) * 1_000_000),
    )


def told_in_order(session: Session, folder: Path, lines: list[str], batches: int) -> None:
    """Ingest events in this order, in so many separate transactions."""
    size = -(-len(lines) // batches)
    for number in range(batches):
        file = folder / f"{number}.ndjson"
        file.write_text("\n".join(lines[number * size : (number + 1) * size]) + "\n")
        session.ingest_openlineage([str(file)])


def beliefs(session: Session) -> dict[str, set[str]]:
    """Give all that is believed now, under names that do not depend on the ledger's numbers."""
    with open_reader(session.workspace.ledger) as reader:
        return {
            "edges": set(_edges(reader)),
            "attributes": set(_attributes(reader)),
        }


def _edges(reader: Reader) -> Iterator[str]:
    nodes = {node.node_id: node for kind in NodeKind for node in reader.nodes(kind=kind)}

    def name(node_id: int) -> str:
        node = nodes[node_id]
        return (name(node.parent_id) if node.parent_id else "") + f"/{node.kind}:{node.name}"

    rows = reader.edges_out_of(node_ids=list(nodes), kinds=list(EdgeKind), as_of=POINT)
    keys = [(row.kind, row.src_id, row.dst_id) for row in rows]
    for (kind, source, target), line in reader.edge_timelines(keys=keys, system=NOW).items():
        for period, claim in line:
            yield f"{kind} {name(source)} {name(target)} {period} {claim}"


def _attributes(reader: Reader) -> Iterator[str]:
    kinds = (AttributeKind.RUN, AttributeKind.READS, AttributeKind.WRITES, AttributeKind.WRITER)
    for node_kind in (NodeKind.RUN, NodeKind.VERSION):
        for node in reader.nodes(kind=node_kind):
            for kind in kinds:
                for one in reader.attributes(node_id=node.node_id, kind=kind, as_of=POINT):
                    yield f"{node.name} {kind} {one.name} {one.valid.start.micros} {one.claim}"


@pytest.fixture(scope="module")
def in_order(
    tmp_path_factory: pytest.TempPathFactory, lake: DemoLake, events: list[str]
) -> dict[str, set[str]]:
    folder = tmp_path_factory.mktemp("in-order")
    session = session_at(folder, lake)
    session.harvest()
    told_in_order(session, folder, events, batches=1)
    return beliefs(session)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_repetition_and_batching_ends_in_the_same_beliefs(
    tmp_path: Path, lake: DemoLake, events: list[str], in_order: dict[str, set[str]], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a shuffle, not a secret
    shuffled = events + chance.sample(events, 10)
    chance.shuffle(shuffled)
    half = len(shuffled) // 2
    session = session_at(tmp_path, lake)

    told_in_order(session, tmp_path, shuffled[:half], batches=3)
    session.harvest(["delta"])
    told_in_order(session, tmp_path, shuffled[half:], batches=2)
    session.harvest()

    assert beliefs(session) == in_order


def test_both_databases_end_in_the_same_beliefs(
    tmp_path: Path,
    lake: DemoLake,
    events: list[str],
    in_order: dict[str, set[str]],
    postgresql_url: str,
) -> None:
    session = session_at(tmp_path, lake, postgresql_url)
    told_in_order(session, tmp_path, events, batches=2)
    session.harvest()

    assert beliefs(session) == in_order


def test_repeating_everything_says_nothing_new(
    tmp_path: Path, lake: DemoLake, events: list[str]
) -> None:
    session = session_at(tmp_path, lake)
    session.harvest()
    told_in_order(session, tmp_path, events, batches=1)
    with open_reader(session.workspace.ledger) as reader:
        (before,) = reader.transactions(limit=1)

    report = session.ingest_openlineage([str(lake.daily_events), str(lake.late_events)])
    harvested = session.harvest()

    assert report.new == 0
    assert {table.outcome for table in harvested.tables} == {"unchanged"}
    with open_reader(session.workspace.ledger) as reader:
        later = [one for one in reader.transactions(limit=9) if one.tx_id > before.tx_id]
    assert [one.note for one in later] == ["delta", "lake"], "only that the catalogs were looked at"


def test_a_run_links_to_the_commit_that_carries_its_stamp(
    tmp_path: Path, lake: DemoLake, events: list[str]
) -> None:
    session = session_at(tmp_path, lake)
    session.harvest()
    told_in_order(session, tmp_path, events, batches=1)

    run_id, snapshot = lake.milestones["stamped_run"], lake.milestones["stamped_snapshot"]
    shown = [one for one in session.why(f"run:{run_id}").reasons if snapshot in one.shows]

    assert {one.grade for one in shown} == {"exact"}


def test_a_phantom_output_and_a_stale_version_are_told_apart(
    tmp_path: Path, lake: DemoLake, events: list[str]
) -> None:
    session = session_at(tmp_path, lake)
    session.harvest()
    told_in_order(session, tmp_path, events, batches=1)

    phantom = session.why(f"run:{lake.milestones['phantom_run']}")
    stale = session.why(f"run:{lake.milestones['stale_output_run']}")
    true_version = lake.milestones["stale_output_true_version"]

    assert any("no version" in doubt for doubt in phantom.doubts)
    assert any(f"@{true_version}" in one.shows and one.rejected for one in stale.reasons), (
        json.dumps([one.shows for one in stale.reasons])
    )
