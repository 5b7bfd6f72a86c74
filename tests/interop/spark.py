"""A Spark session with Iceberg, Delta and OpenLineage in it, and the tables that it writes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from interop.jars import SPARK, SQLITE, jar

_MERGE = """
MERGE INTO {orders} t
USING (SELECT 2 AS id, 20.0 AS amount UNION ALL SELECT 7, 7.0) s ON t.id = s.id
WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *
"""
_CREATE_ICEBERG = """
CREATE TABLE ice.shop.orders (id BIGINT, amount DOUBLE) USING iceberg
TBLPROPERTIES ('format-version'='2', 'write.merge.mode'='merge-on-read')
"""
_REWRITE = """
CALL ice.system.rewrite_data_files(
  table => 'shop.orders', options => map('min-input-files', '1', 'rewrite-all', 'true'))
"""
_CREATE_DELTA = """
CREATE TABLE {orders} (id BIGINT, amount DOUBLE) USING delta
TBLPROPERTIES ('delta.columnMapping.mode'='name', 'delta.enableDeletionVectors'='true')
"""
_FEATURES = "SELECT id, total * 2 AS twice FROM"

ICEBERG_WORK = (
    _CREATE_ICEBERG,
    "INSERT INTO ice.shop.orders VALUES (1, 1.0), (2, 2.0), (3, 3.0)",
    "INSERT INTO ice.shop.orders VALUES (4, 4.0), (5, 5.0), (6, 6.0)",
    _MERGE.format(orders="ice.shop.orders"),
    "ALTER TABLE ice.shop.orders CREATE TAG audited",
    "ALTER TABLE ice.shop.orders CREATE BRANCH trial",
    "INSERT INTO ice.shop.orders.branch_trial VALUES (99, 99.0)",
    "ALTER TABLE ice.shop.orders RENAME COLUMN amount TO total",
    "ALTER TABLE ice.shop.orders ADD COLUMN note STRING",
    _REWRITE,
    f"CREATE TABLE ice.shop.features USING iceberg AS {_FEATURES} ice.shop.orders",
    "INSERT OVERWRITE ice.shop.orders VALUES (8, 8.0, 'new')",
    f"INSERT INTO ice.shop.features {_FEATURES} ice.shop.orders",
)

EXPIRE = (
    "CALL ice.system.expire_snapshots(table => 'shop.orders',"
    " older_than => TIMESTAMP '2999-01-01 00:00:00', retain_last => 1)"
)


def delta_work(folder: Path) -> tuple[str, ...]:
    """Give the statements that write Delta tables below a folder."""
    orders, features = f"delta.`{folder}/orders`", f"delta.`{folder}/features`"
    return (
        _CREATE_DELTA.format(orders=orders),
        f"INSERT INTO {orders} VALUES (1, 1.0), (2, 2.0), (3, 3.0)",
        f"INSERT INTO {orders} VALUES (4, 4.0), (5, 5.0), (6, 6.0)",
        _MERGE.format(orders=orders),
        f"ALTER TABLE {orders} RENAME COLUMN amount TO total",
        f"DELETE FROM {orders} WHERE id = 1",
        f"OPTIMIZE {orders}",
        f"CREATE TABLE {features} USING delta AS {_FEATURES} {orders}",
        f"INSERT OVERWRITE {orders} VALUES (8, 8.0)",
        f"RESTORE TABLE {orders} TO VERSION AS OF 3",
        # The column has its old name again.
        f"INSERT INTO {features} SELECT id, amount * 2 AS twice FROM {orders}",
    )


def vacuum(folder: Path) -> str:
    """Give the statement that takes the files of past states."""
    return f"VACUUM delta.`{folder}/orders` RETAIN 0 HOURS"


@contextmanager
def spark(folder: Path, *, java: Path, transport: Mapping[str, str] | None) -> Iterator[Any]:
    """Open a session whose catalog `ice` lies in `folder`/ice, and whose listener sends events.

    `transport` are the settings of the listener's transport, as `type` and `url`; None has none.
    """
    os.environ["JAVA_HOME"] = str(java.resolve().parent.parent)
    from pyspark.sql import SparkSession

    settings = {
        "spark.jars": ",".join(str(jar(one)) for one in (*SPARK, SQLITE) if jar(one).is_file()),
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions,"
        "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.catalog.ice": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.ice.type": "hadoop",
        "spark.sql.catalog.ice.warehouse": f"{folder}/ice",
        "spark.sql.warehouse.dir": f"{folder}/hive",
        "spark.databricks.delta.retentionDurationCheck.enabled": "false",
        # Statements are few and short: what the second compiler makes faster never pays.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.shuffle.partitions": "1",
        "spark.default.parallelism": "1",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
    }
    if transport is not None:
        listener = "io.openlineage.spark.agent.OpenLineageSparkListener"
        settings |= {"spark.extraListeners": listener, "spark.openlineage.namespace": "interop"}
    for key, value in (transport or {}).items():
        settings[f"spark.openlineage.transport.{key}"] = value
    builder = SparkSession.builder.master("local[1]").appName("orders")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield session
    finally:
        session.stop()
