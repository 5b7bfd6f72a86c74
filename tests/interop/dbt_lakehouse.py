"""A small dbt project on Spark, in a session of its own, whose models are Iceberg tables.

Two are increments, and of the third dbt-spark makes the table anew.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyiceberg.table import StaticTable

from interop.jars import SPARK, jar, lacking
from interop.java import find_java

COMMAND_SECONDS_MAX = 400

ICEBERG = SPARK[0]
MODELS = ("orders", "recent", "revenue")

_FILES = {
    "dbt_project.yml": """
name: shop
version: "1.0"
profile: shop
models:
  shop: {+materialized: incremental, +incremental_strategy: append, +file_format: iceberg}
""",
    "profiles.yml": """
shop:
  target: dev
  outputs:
    dev:
      type: spark
      method: session
      schema: shop
      host: localhost
      threads: 1
      server_side_parameters:
        spark.jars: "{{ env_var('SHOP_JARS') }}"
        spark.sql.extensions: org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions
        spark.sql.catalog.spark_catalog: org.apache.iceberg.spark.SparkSessionCatalog
        spark.sql.catalog.spark_catalog.type: hadoop
        spark.sql.catalog.spark_catalog.warehouse: "{{ env_var('SHOP_LAKE') }}"
        spark.sql.catalogImplementation: in-memory
        spark.sql.warehouse.dir: "{{ env_var('SHOP_LAKE') }}-hive"
        spark.sql.shuffle.partitions: "1"
        spark.driver.host: 127.0.0.1
        spark.driver.bindAddress: 127.0.0.1
        spark.ui.enabled: "false"
""",
    "models/orders.sql": (
        "select id, country, id * 10.0 as amount\n"
        "from values (1, 'np'), (2, 'fr'), (3, 'np') as t(id, country)\n"
        "where id = {{ var('last') }}"
    ),
    "models/recent.sql": (
        "select id, amount from {{ ref('orders') }} where id = {{ var('last') }}"
    ),
    "models/revenue.sql": (
        "{{ config(materialized='table') }}\n"
        "select country, sum(amount) as revenue from {{ ref('orders') }} group by country"
    ),
}


@dataclass(frozen=True)
class Lakehouse:
    """The project's folder, and where its tables lie."""

    folder: Path
    java: Path

    @classmethod
    def begun(cls, folder: Path) -> Lakehouse:
        """Write the project; skip where there is no dbt, adapter, jar or Java for it."""
        dbt = Path(sys.prefix) / "dbt"
        if not (dbt / "bin" / "dbt").exists() or not list(dbt.glob("lib/*/site-packages/pyspark")):
            pytest.skip(f"no dbt on Spark in {dbt}; `make interop` installs it")
        absent = lacking(ICEBERG)
        java = find_java(oldest=8, newest=17)
        if absent or java is None:
            pytest.skip(absent or "no Java that Spark 3.5 runs on")
        for name, text in _FILES.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.lstrip("\n"), encoding="utf-8")
        return cls(folder, java)

    @property
    def lake(self) -> Path:
        """Where the tables are."""
        return self.folder / "ice"

    def run(self, last: int) -> Path:
        """Run all models for one more order; gives the folder of what dbt left."""
        binaries = Path(sys.prefix) / "dbt" / "bin"
        done = subprocess.run(
            [str(binaries / "dbt"), "run", "--vars", json.dumps({"last": last})],
            cwd=self.folder,
            env={
                **os.environ,
                "JAVA_HOME": str(self.java.resolve().parent.parent),
                "DBT_PROFILES_DIR": str(self.folder),
                "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
                "SPARK_LOCAL_IP": "127.0.0.1",
                "SHOP_JARS": str(jar(ICEBERG)),
                "SHOP_LAKE": str(self.lake),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS_MAX,
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
        kept = self.folder / f"kept-{last}"
        shutil.copytree(self.folder / "target", kept)
        return kept

    def states(self) -> dict[str, int]:
        """Give the current snapshot of each model, by what Spark left there."""
        return {name: self._state(self.lake / "shop" / name / "metadata") for name in MODELS}

    @staticmethod
    def _state(metadata: Path) -> int:
        version = (metadata / "version-hint.text").read_text().strip()
        current = StaticTable.from_metadata(str(metadata / f"v{version}.metadata.json"))
        snapshot = current.current_snapshot()
        assert snapshot is not None
        return snapshot.snapshot_id
