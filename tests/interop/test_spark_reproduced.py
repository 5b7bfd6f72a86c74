"""Tables made of past states, opened by real Spark: the same rows, and the same fingerprint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog

from catalogs.fingerprint.identities import Identity, identities
from catalogs.fingerprint.rows import fingerprint_of
from interop.jars import SPARK, lacking
from interop.java import find_java
from interop.project import Project
from interop.spark import spark
from snapshots.availability import Gone, LogTruncated

pytestmark = pytest.mark.interop

JAVA = 17
COLUMNS = (
    "id BIGINT, name STRING, price DECIMAL(12,3), at TIMESTAMP, day DATE, score FLOAT,"
    " tags ARRAY<STRING>, place STRUCT<city: STRING, floor: INT>, counts MAP<STRING, INT>"
)
ROWS = (
    "SELECT id, concat('n', id), CAST(id AS DECIMAL(12,3)) / 8, timestamp_micros(id * 1000001),"
    " date_add(DATE '2020-02-28', CAST(id AS INT)), CAST(id AS FLOAT) / 3,"
    " array('a', NULL, concat('t', id)), named_struct('city', 'Ulm', 'floor', CAST(id AS INT)),"
    " map('k', CAST(id AS INT)) FROM range({first}, {last})"
)


@dataclass(frozen=True)
class Made:
    """The lake that Spark wrote, harvested, and the session that is to read what is made of it."""

    session: Any
    project: Project
    folder: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Write a table of each format with deletes, a rename and every kind of value."""
    pytest.importorskip("pyspark", reason="pyspark is not installed; make interop installs it")
    absent, java = lacking(*SPARK), find_java(oldest=JAVA, newest=JAVA)
    if absent or java is None:
        pytest.skip(absent or f"Spark needs Java {JAVA}")
    folder = tmp_path_factory.mktemp("reproduced")
    project = Project.begun(folder / "project")
    project.add_catalog("ice", {}, str(folder / "ice"))
    project.add_catalog("delta", {}, str(folder / "delta"))
    project.add_catalog("made", made_properties(folder))
    load_catalog("made", **made_properties(folder)).create_namespace("again")
    with spark(folder, java=java, transport=None) as session:
        delta = f"delta.`{folder}/delta/orders`"
        properties = (
            ("ice.shop.orders", "iceberg", "'write.delete.mode'='merge-on-read'"),
            (
                delta,
                "delta",
                "'delta.columnMapping.mode'='name', 'delta.enableDeletionVectors'='true'",
            ),
        )
        for table, kind, more in properties:
            for statement in (
                f"CREATE TABLE {table} ({COLUMNS}) USING {kind} TBLPROPERTIES ({more})",
                f"INSERT INTO {table} {ROWS.format(first=0, last=40)}",
                f"DELETE FROM {table} WHERE id = 7",
                f"ALTER TABLE {table} RENAME COLUMN name TO title",
                f"INSERT INTO {table} {ROWS.format(first=40, last=60)}",
                f"DELETE FROM {table} WHERE id >= 10 AND id < 50",
            ):
                session.sql(statement)
        project.tl("harvest")
        yield Made(session, project, folder)


def made_properties(folder: Path) -> dict[str, str]:
    """Give the properties of the catalog in which tables are made anew."""
    return {
        "type": "sql",
        "uri": f"sqlite:///{folder}/made.db",
        "warehouse": f"file://{folder}/made",
    }


def told(made: Made, address: str, version: int) -> tuple[dict[str, Identity], str]:
    """Give the columns of a past state and the fingerprint of its rows, by our own readers."""
    state = made.project.table(address).state(version, kept=())
    assert not isinstance(state, Gone | LogTruncated)
    named = identities(state.schema, state.identity_of)
    with closing(state.batches(columns=None)) as rows:
        there = fingerprint_of(rows, named)
    assert there.rows
    return named, str(there)


def check_same(made: Made, address: str, version: int, frame: Any) -> None:  # noqa: ANN401
    """Hold the rows that Spark reads to those of the past state, by its own columns."""
    named, there = told(made, address, version)
    assert str(fingerprint_of(frame._collect_as_arrow(), named)) == there


@pytest.mark.parametrize("table", ["ice.shop.orders", "delta.orders"])
def test_spark_reads_an_iceberg_table_made_of_a_past_state(made: Made, table: str) -> None:
    catalog = load_catalog("made", **made_properties(made.folder))
    for line in made.project.session.log(table).lines:
        if line.operation in {"append", "delete", "WRITE", "DELETE"}:
            target = f"{table}@{line.snapshot_id}"
            made.project.tl("reproduce", target, "--into", "made.again")
            name = f"again.{target.replace('.', '_').replace('@', '_')}"
            place = catalog.load_table(name).metadata_location
            frame = made.session.read.format("iceberg").load(place)
            check_same(made, table, line.snapshot_id, frame)


@pytest.mark.parametrize("table", ["ice.shop.orders", "delta.orders"])
def test_spark_reads_a_delta_table_made_of_a_past_state(made: Made, table: str) -> None:
    again = made.folder / "again"
    for line in made.project.session.log(table).lines:
        if line.operation in {"append", "delete", "WRITE", "DELETE"}:
            target = f"{table}@{line.snapshot_id}"
            made.project.tl("reproduce", target, "--into", str(again))
            place = again / target.replace(".", "_").replace("@", "_")
            frame = made.session.read.format("delta").load(str(place))
            check_same(made, table, line.snapshot_id, frame)


def test_spark_and_delta_rs_read_a_delta_table_that_was_recovered(made: Made) -> None:
    """Its log is cleaned up to a checkpoint, after a harvest: what the ledger kept is enough."""
    place = made.folder / "delta" / "orders"
    lines = made.project.session.log("delta.orders").lines
    versions = [one.snapshot_id for one in lines if one.operation in {"WRITE", "DELETE"}]
    before = {one: told(made, "delta.orders", one) for one in versions}
    for statement in (
        "ALTER TABLE {} SET TBLPROPERTIES ('delta.checkpointInterval'='1')",
        "DELETE FROM {} WHERE id = 55",
    ):
        made.session.sql(statement.format(f"delta.`{place}`"))
    for old in (place / "_delta_log").glob("*.json"):
        if int(old.stem) <= versions[-1]:
            old.unlink()
    for version in versions:
        table = made.project.table("delta.orders")
        assert isinstance(table.state(version, kept=()), LogTruncated)
        named, there = before[version]
        target = made.folder / f"recovered{version}"
        made.project.tl("recover", f"delta.orders@{version}", "--into", str(target))
        frame = made.session.read.format("delta").load(str(target))
        assert str(fingerprint_of(frame._collect_as_arrow(), named)) == there
        rust = pa.table(deltalake.DeltaTable(target).scan())
        assert str(fingerprint_of(rust.to_batches(), named)) == there


def test_spark_reads_an_iceberg_table_that_was_recovered(made: Made) -> None:
    old = made.project.session.log("ice.shop.orders").lines[0].snapshot_id
    target = made.folder / "recovered"
    made.project.tl("recover", f"ice.shop.orders@{old}", "--into", str(target))
    (place,) = target.rglob("*.metadata.json")
    check_same(made, "ice.shop.orders", old, made.session.read.format("iceberg").load(str(place)))
