"""A Hive metastore, run for real: its Iceberg tables are harvested by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyiceberg.catalog import load_catalog

from interop.hive_metastore import JAVA_NEWEST, JAVA_OLDEST, hive_metastore
from interop.java import find_java
from interop.keeping import check_copy, check_promise
from interop.object_store import free_port
from interop.orders import check_orders, rows_from, write_orders
from interop.project import Project
from secret_search import seen_in

pytestmark = pytest.mark.interop

TOKEN = "not-to-be-seen-anywhere"  # noqa: S105 - the metastore asks for none


@pytest.fixture(scope="module")
def metastore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URI of a metastore whose database is empty."""
    pytest.importorskip(
        "pyspark", reason="its wheel brings the metastore; make interop installs it"
    )
    java = find_java(oldest=JAVA_OLDEST, newest=JAVA_NEWEST)
    if java is None:
        pytest.skip(f"a Hive metastore needs a Java from {JAVA_OLDEST} to {JAVA_NEWEST}")
    with hive_metastore(tmp_path_factory.mktemp("hive"), port=free_port(), java=java) as uri:
        yield uri


def test_a_hive_metastore_is_harvested_from_the_command_line(
    tmp_path: Path, metastore: str
) -> None:
    catalog = load_catalog("hive", type="hive", uri=metastore, warehouse=f"file://{tmp_path}/lake")
    told = write_orders(catalog)
    project = Project.begun(tmp_path / "project")
    project.add_catalog("hive", {"type": "hive", "uri": metastore, "token": TOKEN})
    assert "shop" in project.tl("catalog", "check", "hive")
    assert "hive.shop.orders" in project.tl("harvest")
    check_orders(project, "hive.shop.orders", told)
    assert TOKEN not in project.tl("catalog", "list")
    assert seen_in(project.folder / ".temporal-lineage", TOKEN) == []


def test_tables_are_read_side_by_side_over_its_one_socket(tmp_path: Path, metastore: str) -> None:
    catalog = load_catalog("hive", type="hive", uri=metastore, warehouse=f"file://{tmp_path}/lake")
    catalog.create_namespace("many")
    for number in range(8):
        table = catalog.create_table(f"many.t{number}", rows_from(0).schema)
        table.append(rows_from(number))
    project = Project.begun(tmp_path / "project")
    project.add_catalog("hive", {"type": "hive", "uri": metastore})
    said = project.tl("harvest", "--jobs", "8", "hive")
    assert all(f"hive.many.t{number}" in said for number in range(8))
    assert "failed" not in said
    catalog.load_table("many.t3").append(rows_from(9))
    catalog.drop_table("many.t4")
    again = project.tl("harvest", "hive")
    assert len(project.session.log("hive.many.t3").lines) == 2
    assert len(project.session.log("hive.many.t4").lines) == 1, again


def test_what_is_no_iceberg_table_is_left_out(tmp_path: Path, metastore: str) -> None:
    """The metastore lists Hive's own tables beside them; those have no snapshots."""
    from hive_metastore.ttypes import FieldSchema, SerDeInfo, StorageDescriptor
    from hive_metastore.ttypes import Table as HiveTable
    from pyiceberg.catalog.hive import HiveCatalog

    catalog = load_catalog("hive", type="hive", uri=metastore, warehouse=f"file://{tmp_path}/lake")
    assert isinstance(catalog, HiveCatalog)
    catalog.create_namespace("mixed")
    catalog.create_table("mixed.ours", rows_from(0).schema).append(rows_from(0))
    storage = StorageDescriptor(
        [FieldSchema("id", "bigint", None)],
        location=f"file://{tmp_path}/lake/plain",
        inputFormat="org.apache.hadoop.mapred.TextInputFormat",
        outputFormat="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        serdeInfo=SerDeInfo(None, "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", {}),
        parameters={},
        bucketCols=[],
        sortCols=[],
    )
    plain = HiveTable(
        "plain",
        "mixed",
        "me",
        sd=storage,
        partitionKeys=[],
        parameters={},
        tableType="EXTERNAL_TABLE",
    )
    with catalog._client as client:
        client.create_table(plain)
    project = Project.begun(tmp_path / "project")
    project.add_catalog("hive", {"type": "hive", "uri": metastore})
    said = project.tl("harvest", "hive")
    assert "hive.mixed.ours" in said
    assert "plain" not in said


def test_promises_and_copies_are_written_through_a_hive_metastore(
    tmp_path: Path, metastore: str
) -> None:
    properties = {"type": "hive", "uri": metastore, "warehouse": f"file://{tmp_path}/lake"}
    catalog = load_catalog("hive", **properties)
    told = write_orders(catalog, "kept.orders")
    project = Project.begun(tmp_path / "project")
    project.add_catalog("hive", properties)
    project.tl("harvest", "hive")
    check_promise(project, catalog, "hive.kept.orders", told.snapshots[1])
    check_copy(project, catalog, "hive.kept.orders", told.snapshots[1])
