"""Harvesting: what tables remember is kept, what they forget stays known, and is dated."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table
from pyiceberg.types import StringType

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from snapshots.errors import UnknownNameError
from snapshots.instant import FOREVER, Instant
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.store.reader import open_reader
from temporal_lineage.workspace import Workspace

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64())})


@pytest.fixture
def session(tmp_path: Path, ledger_url: str) -> Session:
    """A session whose ledger is on each database in turn."""
    return Session(Workspace(tmp_path / ".temporal-lineage", ledger_url), clock=wall_clock)


@pytest.fixture
def orders(tmp_path: Path, session: Session) -> Iterator[Table]:
    """An Iceberg table of three appends in a SQL catalog that the session knows as `lake`."""
    (tmp_path / "warehouse").mkdir()
    properties = {
        "type": "sql",
        "uri": f"sqlite:///{tmp_path}/catalog.db",
        "warehouse": f"file://{tmp_path}/warehouse",
    }
    catalog = SqlCatalog("lake", **properties)
    catalog.create_namespace("raw")
    table = catalog.create_table("raw.orders", ROWS.schema)
    for _ in range(3):
        table.append(ROWS)
    Configuration(session.workspace.folder).add(
        CatalogEntry("lake", CatalogKind.PYICEBERG, properties, "test")
    )
    yield table
    catalog.close()


def expire_first(table: Table) -> int:
    first = table.history()[0].snapshot_id
    table.maintenance.expire_snapshots().by_id(first).commit()
    return first


def test_a_snapshot_that_the_table_forgot_stays_known_and_is_dated(
    session: Session, orders: Table
) -> None:
    session.harvest()
    before = session.log("lake.raw.orders")
    expired = expire_first(orders)

    report = session.harvest()
    after = session.log("lake.raw.orders")

    assert [one.outcome for one in report.tables] == ["changed"]
    assert [one.snapshot_id for one in after.lines] == [one.snapshot_id for one in before.lines]
    gone = {one.snapshot_id: one.expired_at for one in after.lines if one.expired_at}
    assert set(gone) == {expired}
    assert gone[expired] == Instant.from_millis(orders.metadata.last_updated_ms)


def test_what_was_current_then_is_still_answered_after_the_expiry(
    session: Session, orders: Table
) -> None:
    session.harvest()
    first, second = orders.history()[0], orders.history()[1]
    between = Instant.from_millis(first.timestamp_ms)
    expire_first(orders)
    session.harvest()

    answer = session.at("lake.raw.orders", as_of=between)

    assert answer.snapshot_ids == (first.snapshot_id,)
    assert answer.certainty == "exact"
    assert answer.held.end <= Instant.from_millis(second.timestamp_ms)


def test_what_was_known_before_the_second_harvest_can_be_asked_again(
    session: Session, orders: Table
) -> None:
    session.harvest()
    known = wall_clock()
    orders.append(ROWS)
    session.harvest()

    now = session.at("lake.raw.orders")
    then = session.at("lake.raw.orders", as_known=known)

    assert now.snapshot_ids != then.snapshot_ids
    assert then.snapshot_ids == (orders.history()[2].snapshot_id,)


def test_a_harvest_with_nothing_new_says_so_and_writes_no_belief(
    session: Session, orders: Table
) -> None:
    assert orders.metadata.snapshots
    session.harvest()

    assert [(one.outcome, one.new) for one in session.harvest().tables] == [("unchanged", 0)]


def test_one_broken_table_does_not_stop_the_others_and_is_named(
    session: Session, orders: Table, tmp_path: Path
) -> None:
    assert orders.metadata.snapshots
    for name in ("good", "broken"):
        write_deltalake(str(tmp_path / "delta" / name), ROWS)
    log = tmp_path / "delta/broken/_delta_log/00000000000000000000.json"
    log.write_text(log.read_text()[:-40])
    place = {"location": str(tmp_path / "delta")}
    Configuration(session.workspace.folder).add(
        CatalogEntry("delta", CatalogKind.FOLDER, place, "test")
    )

    outcomes = {one.address: one for one in session.harvest().tables}

    assert {name: one.outcome for name, one in outcomes.items()} == {
        "lake.raw.orders": "new",
        "delta.good": "new",
        "delta.broken": "failed",
    }
    assert "00000000000000000000.json" in (outcomes["delta.broken"].error or "")


def test_a_table_dropped_and_made_again_under_its_name_is_another_table(
    session: Session, orders: Table, tmp_path: Path
) -> None:
    session.harvest()
    old = session.show("lake.raw.orders")
    moment = wall_clock()
    properties = Configuration(session.workspace.folder).entry("lake").properties
    catalog = SqlCatalog("lake", **properties)
    catalog.drop_table("raw.orders")
    again = catalog.create_table("raw.orders", ROWS.schema)
    again.append(ROWS)
    catalog.close()
    session.harvest()

    assert session.show("lake.raw.orders").identity != old.identity
    assert session.show("lake.raw.orders", as_of=moment).identity == old.identity
    assert str(again.metadata.table_uuid) in session.show("lake.raw.orders").identity
    assert orders.metadata.snapshots
    assert tmp_path.is_dir()


def test_a_table_is_harvested_by_its_path_and_asked_for_by_it(
    session: Session, tmp_path: Path
) -> None:
    place = tmp_path / "lone"
    write_deltalake(str(place), ROWS)
    DeltaTable(str(place)).delete("id = 2")

    session.harvest([str(place)])
    answer = session.log(str(place))

    assert [one.operation for one in answer.lines] == ["WRITE", "DELETE"]
    first = session.at(f"{place}@0")
    assert first.snapshot_ids == (0,)
    assert first.held.end == answer.lines[1].committed_at


def test_an_unknown_catalog_is_refused_with_the_names_that_would_work(
    session: Session, orders: Table
) -> None:
    assert orders.metadata.snapshots
    with pytest.raises(UnknownNameError, match="lake"):
        session.harvest(["lakes.raw.orders"])


def test_a_copied_delta_log_keeps_the_instants_of_the_earlier_harvest(
    session: Session, tmp_path: Path
) -> None:
    place = tmp_path / "t"
    write_deltalake(str(place), ROWS)
    session.harvest([str(place)])
    first = session.log(str(place)).lines[0].committed_at
    later = (datetime.now(UTC) + timedelta(days=1)).timestamp()
    commit = place / "_delta_log/00000000000000000000.json"
    os.utime(commit, (later, later))
    write_deltalake(str(place), ROWS, mode="append")
    session.harvest([str(place)])

    assert session.log(str(place)).lines[0].committed_at == first


def test_a_copy_of_a_table_is_a_table_of_its_own(session: Session, tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    write_deltalake(str(original), ROWS)
    shutil.copytree(original, copy)
    write_deltalake(str(original), ROWS, mode="append")
    write_deltalake(str(copy), ROWS, mode="overwrite")

    session.harvest([str(original), str(copy)])

    assert [one.added_rows for one in session.log(str(original)).lines] == [3, 3]
    assert [one.removed_rows for one in session.log(str(copy)).lines] == [0, 3]


def test_a_property_that_was_removed_ends_when_it_was_removed(
    session: Session, orders: Table
) -> None:
    with orders.transaction() as change:
        change.set_properties({"owner": "ada"})
    session.harvest()
    with orders.transaction() as change:
        change.remove_properties("owner")
    session.harvest()

    with open_reader(session.workspace.ledger) as reader:
        (dataset,) = reader.nodes(kind=NodeKind.DATASET)
        line = reader.timeline(
            node_id=dataset.node_id, kind=AttributeKind.PROPERTIES, name="", system=FOREVER
        )

    assert ["owner" in one.claim for one in line] == [False, True, False]


def test_a_tag_has_been_since_it_was_made_whatever_the_schema_does(
    session: Session, orders: Table
) -> None:
    newest = orders.history()[-1].snapshot_id
    orders.manage_snapshots().create_tag(newest, "keep").commit()
    made = Instant.from_millis(orders.metadata.last_updated_ms)
    with orders.update_schema() as change:
        change.add_column("note", StringType())
    session.harvest()

    (since,) = [one.since for one in session.show("lake.raw.orders").refs if one.name == "keep"]
    assert since == made
