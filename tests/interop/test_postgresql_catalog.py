"""An Iceberg SQL catalog on a real PostgreSQL server."""

from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from interop.orders import check_orders, write_orders
from interop.project import Project

pytestmark = pytest.mark.interop


def test_a_catalog_in_postgresql_is_harvested_from_the_command_line(
    tmp_path: Path, postgresql_url: str
) -> None:
    uri = postgresql_url.replace("postgresql://", "postgresql+psycopg://")
    properties = {"type": "sql", "uri": uri, "warehouse": f"file://{tmp_path}/warehouse"}
    (tmp_path / "warehouse").mkdir()
    catalog = SqlCatalog("lake", **{key: properties[key] for key in ("uri", "warehouse")})
    told = write_orders(catalog)
    project = Project.begun(tmp_path / "project")
    project.add_catalog("lake", properties)
    assert "reachable, 1 namespace: shop" in project.tl("catalog", "check", "lake")
    assert "lake.shop.orders" in project.tl("harvest")
    check_orders(project, "lake.shop.orders", told)
    catalog.close()


def test_a_table_that_moved_on_is_seen_by_the_next_harvest(
    tmp_path: Path, postgresql_url: str
) -> None:
    uri = postgresql_url.replace("postgresql://", "postgresql+psycopg://")
    (tmp_path / "warehouse").mkdir()
    catalog = SqlCatalog("lake", uri=uri, warehouse=f"file://{tmp_path}/warehouse")
    told = write_orders(catalog)
    project = Project.begun(tmp_path / "project")
    project.add_catalog("lake", {"type": "sql", "uri": uri})
    project.tl("harvest")
    table = catalog.load_table("shop.orders")
    table.maintenance.expire_snapshots().by_id(told.snapshots[0]).commit()
    project.tl("harvest")
    lines = project.session.log("lake.shop.orders").lines
    assert [one.snapshot_id for one in lines if one.expired_at] == [told.snapshots[0]]
    assert len(project.rows("lake.shop.orders", told.snapshots[0])) == told.rows[0]
    catalog.close()
