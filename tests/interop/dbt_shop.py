"""A small dbt project on DuckDB that reads a Delta table and writes another.

dbt lives in an environment of its own, since it and mypy need different versions of one library.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

COMMAND_SECONDS_MAX = 180

_FILES = {
    "dbt_project.yml": """
name: shop
version: "1.0"
profile: shop
models:
  shop: {+materialized: view}
""",
    "profiles.yml": """
shop:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: "{{ env_var('SHOP_DATABASE') }}"
      threads: 1
      plugins:
        - module: delta
        - module: lake_writer
""",
    # What dbt-duckdb's documentation calls a custom plugin: its own Delta plugin only reads.
    "lake_writer.py": """
from dbt.adapters.duckdb.plugins import BasePlugin
from deltalake import write_deltalake


class Plugin(BasePlugin):
    def store(self, target_config):
        import pyarrow.parquet

        rows = pyarrow.parquet.read_table(target_config.location.path)
        write_deltalake(target_config.config.get("delta_table_path"), rows, mode="overwrite")
""",
    "seeds/countries.csv": "code,name\nnp,Nepal\nfr,France\n",
    "models/sources.yml": """
version: 2
sources:
  - name: lake
    schema: lake
    tables:
      - name: orders
        config:
          plugin: delta
          materialization: table
          delta_table_path: "{{ env_var('SHOP_LAKE') }}/orders"
      - name: orders_then
        config:
          plugin: delta
          materialization: table
          delta_table_path: "{{ env_var('SHOP_LAKE') }}/orders"
          as_of_version: 1
""",
    "models/schema.yml": """
version: 2
models:
  - name: revenue
    description: Money by country
    config: {tags: [daily], meta: {owner: analytics}}
    columns:
      - {name: country, description: where from, data_tests: [not_null, unique]}
      - name: revenue
        data_tests:
          - accepted_values: {arguments: {values: ["1"]}, config: {severity: warn}}
exposures:
  - name: weekly
    type: dashboard
    owner: {name: Ada}
    depends_on: [ref('revenue')]
""",
    "models/stg_orders.sql": "select order_id, country, amount from {{ source('lake', 'orders') }}",
    "models/paid.sql": (
        "{{ config(materialized='ephemeral') }}\n"
        "select * from {{ ref('stg_orders') }} where amount > 0"
    ),
    "models/history.sql": (
        "{{ config(materialized='incremental', unique_key='order_id') }}\n"
        "select order_id, country, amount from {{ ref('paid') }}\n"
        "{% if is_incremental() %}where order_id > (select max(order_id) from {{ this }})"
        "{% endif %}"
    ),
    "models/revenue.sql": (
        "{{ config(materialized='table') }}\n"
        "select c.name as country, sum(p.amount) as revenue\n"
        "from {{ ref('paid') }} p join {{ ref('countries') }} c on c.code = p.country\n"
        "group by c.name"
    ),
    "models/published.sql": (
        "{{ config(materialized='external', plugin='lake_writer', format='parquet',\n"
        "  location=env_var('SHOP_LAKE') ~ '/published.parquet',\n"
        "  delta_table_path=env_var('SHOP_LAKE') ~ '/published') }}\n"
        "select country, revenue from {{ ref('revenue') }}"
    ),
    "models/early.sql": (
        "{{ config(materialized='table') }}\n"
        "select count(*) as orders from {{ source('lake', 'orders_then') }}"
    ),
    "models/broken.sql": (
        "{{ config(materialized='table') }}\nselect nothing_like_it from {{ ref('revenue') }}"
    ),
    "models/after_broken.sql": "select * from {{ ref('broken') }}",
    "snapshots/kept.yml": """
snapshots:
  - name: kept
    relation: ref('history')
    config: {unique_key: order_id, strategy: check, check_cols: all}
""",
    "tests/revenue_is_positive.sql": "select * from {{ ref('revenue') }} where revenue <= 0",
}


@dataclass(frozen=True)
class Shop:
    """The project's folder, and where its lake lies."""

    folder: Path
    binaries: Path

    @classmethod
    def begun(cls, folder: Path) -> Shop:
        """Write the project and its lake; skip where there is no dbt."""
        binaries = Path(sys.prefix) / "dbt" / "bin"
        if not (binaries / "dbt-ol").exists():
            pytest.skip(f"no dbt in {binaries}; `make interop` installs it")
        for name, text in _FILES.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.lstrip("\n"), encoding="utf-8")
        shop = cls(folder, binaries)
        shop.add_orders(1, 2)
        shop.add_orders(3, 4)
        return shop

    @property
    def lake(self) -> Path:
        """Where the Delta tables are."""
        return self.folder / "lake"

    @property
    def database(self) -> Path:
        """DuckDB's file."""
        return self.folder / "shop.duckdb"

    @property
    def events(self) -> Path:
        """Where the wrapper writes its events."""
        return self.folder / "events.ndjson"

    @property
    def target(self) -> Path:
        """Where dbt leaves its artifacts."""
        return self.folder / "target"

    def add_orders(self, first: int, last: int) -> None:
        """Append orders to the lake's source table: one commit."""
        numbers = list(range(first, last + 1))
        rows = pa.table(
            {
                "order_id": pa.array(numbers, pa.int64()),
                "country": ["np" if number % 2 else "fr" for number in numbers],
                "amount": pa.array([10.0 * number for number in numbers], pa.float64()),
            }
        )
        write_deltalake(str(self.lake / "orders"), rows, mode="append")

    def dbt(self, *words: str, wrapped: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run dbt here; `wrapped` names a mode of the OpenLineage wrapper, which tells of it.

        The wrapper runs `dbt` by its name, and appends its events to `events`.
        """
        program = "dbt" if wrapped is None else "dbt-ol"
        mode = ["--consume-structured-logs"] if wrapped == "structured-logs" else []
        return subprocess.run(
            [str(self.binaries / program), *mode, *words],
            cwd=self.folder,
            env={
                **os.environ,
                "PATH": f"{self.binaries}:{os.environ['PATH']}",
                "PYTHONPATH": str(self.folder),
                "DBT_PROFILES_DIR": str(self.folder),
                "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
                "SHOP_DATABASE": str(self.database),
                "SHOP_LAKE": str(self.lake),
                "OPENLINEAGE__TRANSPORT__TYPE": "file",
                "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(self.events),
                "OPENLINEAGE__TRANSPORT__APPEND": "true",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS_MAX,
        )

    def kept_target(self, name: str) -> Path:
        """Copy what dbt left: the next command writes over it."""
        kept = self.folder / name
        shutil.copytree(self.target, kept)
        return kept
