"""An Iceberg REST catalog as Nessie serves it, with its tables in a bucket."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyiceberg.catalog import load_catalog

from interop.jars import NESSIE, jar, lacking
from interop.java import find_java
from interop.object_store import (
    BUCKET,
    KEY,
    REGION,
    SECRET,
    amazon,
    await_answer,
    free_port,
    s3_properties,
)
from interop.orders import rows_from
from interop.project import Project
from secret_search import seen_in
from snapshots.snapshot_log import Certainty

__all__ = ("amazon",)

pytestmark = pytest.mark.interop

JAVA_OLDEST = 21
JAVA_NEWEST = 25


@pytest.fixture(scope="module")
def nessie(amazon: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the REST catalog of a Nessie server that keeps its commits in memory."""
    absent = lacking(NESSIE)
    java = find_java(oldest=JAVA_OLDEST, newest=JAVA_NEWEST)
    if absent or java is None:
        pytest.skip(absent or f"Nessie needs a Java from {JAVA_OLDEST} to {JAVA_NEWEST}")
    port, management = free_port(), free_port()
    s3 = "nessie.catalog.service.s3.default-options"
    settings = {
        "quarkus.http.host": "127.0.0.1",
        "quarkus.http.port": str(port),
        "quarkus.management.port": str(management),
        "nessie.version.store.type": "IN_MEMORY",
        "nessie.catalog.default-warehouse": "warehouse",
        "nessie.catalog.warehouses.warehouse.location": f"s3://{BUCKET}/nessie",
        f"{s3}.endpoint": amazon,
        f"{s3}.region": REGION,
        f"{s3}.path-style-access": "true",
        f"{s3}.request-signing-enabled": "false",
        f"{s3}.access-key": "urn:nessie-secret:quarkus:interop",
        "interop.name": KEY,
        "interop.secret": SECRET,
    }
    words = [f"-D{key}={value}" for key, value in settings.items()]
    with (tmp_path_factory.mktemp("nessie") / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(java), *words, "-jar", str(jar(NESSIE))], stdout=log, stderr=log
        )
    try:
        await_answer(f"http://127.0.0.1:{port}/iceberg/v1/config", server, seconds_max=90)
        yield f"http://127.0.0.1:{port}/iceberg"
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_a_server_that_tells_only_the_newest_snapshot_is_remembered_whole(
    tmp_path: Path, nessie: str, amazon: str
) -> None:
    """Nessie's metadata files list one snapshot each, without parent, log or predecessor."""
    catalog = load_catalog("nessie", type="rest", uri=nessie, **s3_properties(amazon))
    catalog.create_namespace("shop")
    table = catalog.create_table("shop.orders", rows_from(0).schema)
    project = Project.begun(tmp_path)
    project.add_catalog("nessie", s3_properties(amazon), nessie)
    assert "reachable, 1 namespace: shop" in project.tl("catalog", "check", "nessie")
    written = []
    for first in (0, 3, 6):
        table.append(rows_from(first))
        snapshot = table.refresh().current_snapshot()
        assert snapshot is not None
        written.append(snapshot.snapshot_id)
        assert "nessie.shop.orders" in project.tl("harvest")
    assert [one.snapshot_id for one in table.snapshots()] == written[-1:]
    lines = project.session.log("nessie.shop.orders").lines
    assert [one.snapshot_id for one in lines] == written
    for number, snapshot_id in enumerate(written):
        then = project.session.at(
            "nessie.shop.orders", as_of=lines[number].committed_at.plus(micros=100_000)
        )
        # Nothing names the commits between two harvests, so it may say that it does not know.
        assert then.snapshot_ids in {(), (snapshot_id,)}
        assert then.snapshot_ids or then.certainty is Certainty.UNKNOWN
        assert len(project.rows("nessie.shop.orders", snapshot_id)) == 3 * (number + 1)
    assert project.session.at("nessie.shop.orders").snapshot_ids == (written[-1],)
    assert "unchanged" in project.tl("harvest")
    assert SECRET not in project.tl("catalog", "list")
    assert seen_in(project.folder / ".temporal-lineage", SECRET, KEY) == []


def test_tables_of_nested_namespaces_are_found(tmp_path: Path, nessie: str, amazon: str) -> None:
    catalog = load_catalog("nessie", type="rest", uri=nessie, **s3_properties(amazon))
    for namespace in (("raw",), ("raw", "eu")):
        catalog.create_namespace(namespace)
    catalog.create_table(("raw", "eu", "visits"), rows_from(0).schema).append(rows_from(0))
    project = Project.begun(tmp_path)
    project.add_catalog("nessie", s3_properties(amazon), nessie)
    assert "nessie.raw.eu.visits" in project.tl("harvest")
    assert len(project.session.log("nessie.raw.eu.visits").lines) == 1


def test_a_promise_that_nessie_cannot_keep_is_said_to_be_no_protection(
    tmp_path: Path, nessie: str, amazon: str
) -> None:
    """Nessie takes the commit of a tag and keeps none: one snapshot, one branch."""
    catalog = load_catalog("nessie", type="rest", uri=nessie, **s3_properties(amazon))
    catalog.create_namespace("kept")
    table = catalog.create_table("kept.orders", rows_from(0).schema)
    table.append(rows_from(0))
    project = Project.begun(tmp_path)
    project.add_catalog("nessie", s3_properties(amazon), nessie)
    project.tl("harvest")
    (line,) = project.session.log("nessie.kept.orders").lines
    target = f"nessie.kept.orders@{line.snapshot_id}"
    promise = ("--until", "2999-01-01", "--reason", "audit", "--enforce")
    status, said = project.tried("pin", target, *promise)
    assert status == 3
    assert "the catalog took the commit and nessie.kept.orders has no tag" in said, said
    assert f"tl reproduce {target} --out FOLDER" in said
    assert "CREATE TAG" not in said
    assert "protected" not in project.tl("available", target)
    # Nessie 0.99 refuses the commit by which pyiceberg makes a table with its first rows.
    status, said = project.tried("reproduce", target, "--into", "nessie.kept")
    assert (status, said.count("\n")) == (1, 1), said
    assert "tl: cannot read nessie.kept." in said
    assert [one[-1] for one in catalog.list_tables("kept")] == ["orders"]
