"""What a table is over time: partitioning, sort order, properties, features, and who changed it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyiceberg.table.sorting import NullOrder
from pyiceberg.transforms import BucketTransform, IdentityTransform

import delta_logs as logs
import iceberg_lake
from lake_session import lake_session
from snapshots.instant import Instant
from temporal_lineage.cli.table_commands import table_log
from temporal_lineage.questions.tables.log import PARTS, TableLogAnswer
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace


@pytest.fixture
def session(tmp_path: Path, ledger_url: str) -> Session:
    """A session whose ledger is on each database in turn, with a folder of tables as `lake`."""
    return lake_session(tmp_path, ledger_url)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with iceberg_lake.lake(tmp_path / "lake") as found:
        yield found


def changes(answer: TableLogAnswer) -> list[tuple[str, str]]:
    return [(one.part, one.what) for one in answer.changes if one.part != "names"]


def redefined(catalog: Catalog) -> tuple[Table, Instant]:
    """A table that is partitioned, sorted, tagged, and partitioned otherwise; and when."""
    table = iceberg_lake.orders(catalog)
    table.append(iceberg_lake.rows(1, 2))
    with table.update_spec() as spec:
        spec.add_field("id", BucketTransform(16), "id_bucket")
    moment = Instant.from_millis(table.metadata.last_updated_ms)
    with table.update_sort_order() as order:
        order.desc("name", IdentityTransform(), NullOrder.NULLS_LAST)
    with table.transaction() as change:
        change.set_properties({"owner": "ada"})
    with table.transaction() as change:
        change.set_properties({"owner": "bob"})
    table.manage_snapshots().create_tag(iceberg_lake.newest(table), "v1").commit()
    with table.update_spec() as spec:
        spec.remove_field("id_bucket")
        spec.add_identity("name")
    with table.update_schema() as schema:
        schema.rename_column("name", "called")
    table.manage_snapshots().remove_tag("v1").commit()
    with table.transaction() as change:
        change.remove_properties("owner")
    return table, moment


def test_every_change_of_an_iceberg_table_is_told_in_order(
    session: Session, catalog: Catalog
) -> None:
    redefined(catalog)
    session.harvest()

    told = changes(session.table_log("lake.shop.orders"))

    assert told == [
        ("schema", "created with 2 columns"),
        ("features", "added format-version=2"),
        ("partitioning", "partitioned by bucket[16](id)"),
        ("sort-order", "sorted by name desc nulls-last"),
        ("properties", "set owner to ada"),
        ("properties", "changed owner from ada to bob"),
        ("refs", "made v1"),
        ("partitioning", "partitioned by name"),
        ("schema", "renamed name to called"),
        ("refs", "removed v1"),
        ("properties", "removed owner, which was bob"),
    ]


def test_a_table_is_shown_as_it_was_defined_then(session: Session, catalog: Catalog) -> None:
    _, moment = redefined(catalog)
    session.harvest()

    now = session.show("lake.shop.orders")
    then = session.show("lake.shop.orders", as_of=moment)

    assert (now.partitioning, now.sort_order) == (("called",), ("called desc nulls-last",))
    assert (then.partitioning, then.sort_order) == (("bucket[16](id)",), ())
    assert (now.properties, then.properties) == ({}, {})


def test_one_part_of_the_changes_can_be_asked_for(session: Session, catalog: Catalog) -> None:
    redefined(catalog)
    session.harvest()

    answer = session.table_log("lake.shop.orders", parts=["properties"])

    assert [one.what for one in answer.changes] == [
        "set owner to ada",
        "changed owner from ada to bob",
        "removed owner, which was bob",
    ]


def test_harvests_in_steps_tell_the_same_changes_as_one(
    session: Session, catalog: Catalog, tmp_path: Path
) -> None:
    table = iceberg_lake.orders(catalog)
    for number in range(3):
        with table.update_spec() as spec:
            spec.add_field("id", BucketTransform(4 + number), f"b{number}")
        session.harvest()
        with table.transaction() as change:
            change.set_properties({"number": str(number)})
    session.harvest()
    fresh = Session(
        Workspace(session.workspace.folder, str(tmp_path / "fresh.db")), clock=wall_clock
    )
    fresh.harvest()

    assert changes(session.table_log("lake.shop.orders")) == changes(
        fresh.table_log("lake.shop.orders")
    )


def test_a_delta_table_tells_who_changed_what(session: Session, tmp_path: Path) -> None:
    place = tmp_path / "lake/shop/events"
    rows = iceberg_lake.rows(1, 2)
    write_deltalake(str(place), rows, partition_by=["name"])
    DeltaTable(str(place)).alter.set_table_properties(
        {"delta.logRetentionDuration": "interval 3 days"}
    )
    session.harvest()

    answer = session.table_log("lake.shop.events")

    told = changes(answer)
    assert ("partitioning", "partitioned by name") in told
    assert ("properties", "set delta.logRetentionDuration to interval 3 days") in told
    assert {one.engine for one in answer.changes if one.part != "names"} == {"delta-rs:py-1.6.6"}
    assert session.show("lake.shop.events").partitioning == ("name",)
    assert {one.engine for one in session.log("lake.shop.events").lines} == {"delta-rs:py-1.6.6"}


def domain(name: str, configuration: object, *, removed: bool = False) -> logs.Action:
    told = {"domain": name, "configuration": json.dumps(configuration), "removed": removed}
    return {"domainMetadata": told}


def test_protocol_clustering_domains_row_ids_and_transactions_of_delta_are_kept(
    session: Session, tmp_path: Path
) -> None:
    root = tmp_path / "lake/shop/clustered"
    mapped = {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1"}
    schema = logs.metadata(logs.column("day", "date", **mapped), delta_columnMapping_mode="name")
    by_day = domain("delta.clustering", {"clusteringColumns": [["col-1"]]})
    upgraded = logs.protocol("columnMapping", "domainMetadata", "clustering", "rowTracking")
    upgraded["protocol"]["readerFeatures"] = ["columnMapping"]
    write = logs.commit_info("WRITE", userName="ada", engineInfo="Apache-Spark/3.5.0")
    logs.write(root, 0, logs.commit_info("CREATE TABLE"), logs.protocol(), logs.metadata())
    logs.write(root, 1, logs.commit_info("CLUSTER BY"), upgraded, schema, by_day)
    ids = domain("delta.rowTracking", {"rowIdHighWaterMark": 9})
    logs.write(root, 2, write, ids, {"txn": {"appId": "stream", "version": 41}}, logs.add("a"))
    session.harvest()
    gone = domain("delta.clustering", {}, removed=True)
    ids = domain("delta.rowTracking", {"rowIdHighWaterMark": 19})
    logs.write(root, 3, write, ids, {"txn": {"appId": "stream", "version": 42}}, logs.add("b"))
    logs.write(root, 4, logs.commit_info("CLUSTER BY"), gone, domain("mine", {"a": 1}))
    session.harvest()

    answer = session.table_log("lake.shop.clustered")
    shown = session.show("lake.shop.clustered")

    told = changes(answer)
    assert ("clustering", "clustered by day") in told
    assert ("clustering", "no longer clustered") in told
    assert ("domains", 'set mine to {"a": 1}') in told
    assert ("features", "added rowTracking") in told
    assert ("features", "removed minReaderVersion=1") in told
    assert shown.clustering == ()
    assert shown.next_row_id == 20
    assert shown.applications == {"stream": "42"}
    assert shown.domains == {"mine": '{"a": 1}'}
    lines = session.log("lake.shop.clustered").lines
    assert [(one.user, one.engine) for one in lines[2:4]] == [("ada", "Apache-Spark/3.5.0")] * 2


def test_domains_of_a_log_that_starts_with_its_checkpoint_are_kept(tmp_path: Path) -> None:
    root = tmp_path / "t"
    by_a = domain("delta.clustering", {"clusteringColumns": [["a"]]})
    told = [logs.protocol(), logs.metadata(), by_a, logs.add("a")]
    logs.write_named(root, f"{4:020d}.checkpoint.00000000-0000-0000-0000-000000000000.json", *told)
    logs.write(root, 4, logs.commit_info("WRITE"), logs.add("a"))
    logs.write(root, 5, logs.commit_info("WRITE"), logs.add("b"))

    history = logs.source(root).history(known=None)

    defined = [getattr(point, "definition", None) for point in history.chain]
    assert [one.clustering for one in defined if one is not None] == [("a",), ("a",)]


def write_v3(root: Path) -> None:
    """Write the metadata of a table with row lineage, and with statistics of its snapshot."""
    (root / "metadata").mkdir(parents=True)
    snapshot = {
        "snapshot-id": 7,
        "sequence-number": 1,
        "timestamp-ms": 10_000,
        "summary": {"operation": "append", "engine-name": "spark", "engine-version": "4.0"},
        "manifest-list": f"{root}/metadata/none.avro",
        "schema-id": 0,
        "first-row-id": 0,
        "added-rows": 5,
    }
    schema = {
        "type": "struct",
        "schema-id": 0,
        "fields": [{"id": 1, "name": "a", "type": "int", "required": False}],
    }
    statistics = {"snapshot-id": 7, "statistics-path": "s.puffin", "file-size-in-bytes": 9}
    metadata = {
        "format-version": 3,
        "table-uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1",
        "location": str(root),
        "last-sequence-number": 1,
        "last-updated-ms": 10_000,
        "last-column-id": 1,
        "current-schema-id": 0,
        "schemas": [schema],
        "default-spec-id": 0,
        "partition-specs": [{"spec-id": 0, "fields": []}],
        "last-partition-id": 999,
        "default-sort-order-id": 0,
        "sort-orders": [{"order-id": 0, "fields": []}],
        "snapshots": [snapshot],
        "current-snapshot-id": 7,
        "statistics": [statistics | {"file-footer-size-in-bytes": 1, "blob-metadata": []}],
        "partition-statistics": [statistics],
        "next-row-id": 5,
    }
    (root / "metadata/00000-a.metadata.json").write_text(json.dumps(metadata))


def test_row_lineage_and_statistics_of_iceberg_are_kept(session: Session, tmp_path: Path) -> None:
    write_v3(tmp_path / "lake/shop/v3")
    session.harvest()

    shown = session.show("lake.shop.v3")

    assert (shown.next_row_id, shown.statistics) == (5, 2)
    assert "row-lineage" in shown.features
    told = changes(session.table_log("lake.shop.v3", parts=["statistics"]))
    assert told == [
        ("statistics", "added table statistics of snapshot 7"),
        ("statistics", "added partition statistics of snapshot 7"),
    ]
    (line,) = session.log("lake.shop.v3").lines
    assert line.engine == "spark 4.0"


def test_the_command_line_offers_every_part() -> None:
    (only,) = [one for one in table_log.params if one.name == "parts"]
    assert tuple(getattr(only.type, "choices", ())) == PARTS
