"""Glue's catalog and S3, as moto serves them: Iceberg and Delta tables, written by their own."""

from __future__ import annotations

from pathlib import Path

import deltalake
import pyarrow as pa
import pytest
import requests
from pyiceberg.catalog import load_catalog

from interop.keeping import check_copy, check_promise
from interop.object_store import (
    BUCKET,
    KEY,
    REGION,
    SECRET,
    amazon,
    glue_properties,
    s3_properties,
)
from interop.orders import check_orders, write_orders
from interop.project import Project
from secret_search import seen_in

__all__ = ("amazon",)

pytestmark = pytest.mark.interop


def test_a_glue_catalog_is_harvested_from_the_command_line(tmp_path: Path, amazon: str) -> None:
    properties = glue_properties(amazon)
    catalog = load_catalog("glue", **properties, warehouse=f"s3://{BUCKET}/warehouse")
    told = write_orders(catalog)
    project = Project.begun(tmp_path)
    project.add_catalog("glue", properties)
    assert "shop" in project.tl("catalog", "check", "glue")
    assert "glue.shop.orders" in project.tl("harvest")
    check_orders(project, "glue.shop.orders", told)
    assert project.session.show("glue.shop.orders").location is not None
    _tells_no_secret(project)


def test_promises_and_copies_are_written_through_glue(tmp_path: Path, amazon: str) -> None:
    properties = glue_properties(amazon) | {"warehouse": f"s3://{BUCKET}/kept"}
    catalog = load_catalog("glue", **properties)
    told = write_orders(catalog, "kept.orders")
    project = Project.begun(tmp_path)
    project.add_catalog("glue", properties)
    project.tl("harvest", "glue")
    check_promise(project, catalog, "glue.kept.orders", told.snapshots[1])
    check_copy(project, catalog, "glue.kept.orders", told.snapshots[1])


def test_a_delta_table_is_made_in_a_bucket(tmp_path: Path, amazon: str) -> None:
    catalog = load_catalog(
        "writer",
        type="sql",
        uri=f"sqlite:///{tmp_path}/catalog.db",
        warehouse=f"s3://{BUCKET}/sources",
        **s3_properties(amazon),
    )
    told = write_orders(catalog, "raw.orders")
    project = Project.begun(tmp_path)
    project.add_catalog("bucket", s3_properties(amazon), f"s3://{BUCKET}/sources")
    project.tl("harvest")
    (found,) = project.session.show_all().datasets
    said = project.tl("reproduce", f"{found.dataset}@{told.snapshots[1]}", "--into", "bucket.again")
    assert f"made: delta table s3://{BUCKET}/sources/again/" in said
    assert "6 rows, read back the same" in said


def test_keys_that_are_not_accepted_are_told_in_one_line(tmp_path: Path, amazon: str) -> None:
    """Moto believes anybody until it is told to look; then it answers as Amazon does."""
    catalog = load_catalog(
        "writer",
        type="sql",
        uri=f"sqlite:///{tmp_path}/catalog.db",
        warehouse=f"s3://{BUCKET}/secret",
        **s3_properties(amazon),
    )
    told = write_orders(catalog, "raw.orders")
    project = Project.begun(tmp_path)
    project.add_catalog("bucket", s3_properties(amazon), f"s3://{BUCKET}/secret")
    project.tl("harvest")
    (found,) = project.session.show_all().datasets
    requests.post(f"{amazon}/moto-api/reset-auth", data=b"0", timeout=10)
    try:
        target = f"{found.dataset}@{told.snapshots[1]}"
        for words in (
            ("reproduce", target),
            ("reproduce", target, "--out", "out"),
            ("reproduce", target, "--into", "bucket.again"),
            ("recover", target, "--into", "back"),
        ):
            status, said = project.tried(*words)
            assert status == 3, said
            assert "permission denied" in said, said
            assert "Traceback" not in said
            assert SECRET not in said
        status, said = project.tried("harvest")
        assert status == 1
        assert "Traceback" not in said
        left = {one.name for one in tmp_path.iterdir()}
        assert left == {".temporal-lineage", "catalog.db"}
    finally:
        requests.post(f"{amazon}/moto-api/reset-auth", data=b"inf", timeout=10)


def test_an_iceberg_folder_in_a_bucket_needs_no_catalog(tmp_path: Path, amazon: str) -> None:
    catalog = load_catalog(
        "writer",
        type="sql",
        uri=f"sqlite:///{tmp_path}/catalog.db",
        warehouse=f"s3://{BUCKET}/folders",
        **s3_properties(amazon),
    )
    told = write_orders(catalog, "raw.orders")
    project = Project.begun(tmp_path)
    project.add_catalog("bucket", s3_properties(amazon), f"s3://{BUCKET}/folders")
    project.tl("harvest")
    (found,) = project.session.show_all().datasets
    check_orders(project, found.dataset, told)
    _tells_no_secret(project)


def test_delta_tables_in_a_bucket_are_found_and_read(tmp_path: Path, amazon: str) -> None:
    options = {
        "AWS_ENDPOINT_URL": amazon,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_ALLOW_HTTP": "true",
        "AWS_S3_ALLOW_UNSAFE_RENAME": "true",
    }
    place = f"s3://{BUCKET}/deltas/shop/events"
    _write_events(place, options)
    # A second table deeper down: the prefix is walked.
    deltalake.write_deltalake(
        f"s3://{BUCKET}/deltas/raw/eu/visits", _events(0), storage_options=options
    )
    project = Project.begun(tmp_path)
    project.add_catalog("bucket", s3_properties(amazon), f"s3://{BUCKET}/deltas")
    said = project.tl("harvest")
    assert "bucket.shop.events" in said
    assert "bucket.raw.eu.visits" in said
    lines = project.session.log("bucket.shop.events").lines
    assert [one.snapshot_id for one in lines] == [0, 1, 2, 3, 4, 5]
    assert [one.operation for one in lines] == [
        *("WRITE", "WRITE", "DELETE", "WRITE", "OPTIMIZE", "RESTORE")
    ]
    counts = [len(project.rows("bucket.shop.events", version)) for version in range(6)]
    assert counts == [3, 6, 5, 8, 8, 6]
    assert "note" in project.rows("bucket.shop.events", 3)[0]
    assert "note" not in project.rows("bucket.shop.events", 2)[0]
    assert project.session.at("bucket.shop.events").snapshot_ids == (5,)
    assert "unchanged" in project.tl("harvest")
    _tells_no_secret(project)


def test_a_wrong_secret_is_not_repeated_by_the_error(tmp_path: Path) -> None:
    properties = {**glue_properties("http://127.0.0.1:1"), "glue.max-retries": "1"}
    project = Project.begun(tmp_path)
    project.add_catalog("glue", properties)
    with pytest.raises(AssertionError) as failure:
        project.tl("catalog", "check", "glue")
    assert "glue" in str(failure.value)
    assert SECRET not in str(failure.value)
    assert "Traceback" not in str(failure.value)


def _write_events(place: str, options: dict[str, str]) -> None:
    for first in (0, 3):
        deltalake.write_deltalake(place, _events(first), mode="append", storage_options=options)
    table = deltalake.DeltaTable(place, storage_options=options)
    table.delete("id = 0")
    deltalake.write_deltalake(
        place,
        _events(6).append_column("note", pa.array(["late"] * 3)),
        mode="append",
        schema_mode="merge",
        storage_options=options,
    )
    table = deltalake.DeltaTable(place, storage_options=options)
    table.optimize.compact()
    table.restore(1)


def _events(first: int) -> pa.Table:
    return pa.table({"id": pa.array(range(first, first + 3), pa.int64())})


def _tells_no_secret(project: Project) -> None:
    """Look for the secret in all that was kept and is shown, the catalog list aside."""
    assert SECRET not in project.tl("catalog", "list")
    assert seen_in(project.folder / ".temporal-lineage", SECRET, KEY) == []
