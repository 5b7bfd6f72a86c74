"""Catalogs of pyiceberg's are listed and opened as pyiceberg itself would, and fail in one line."""

import logging
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.types import StringType

from catalogs.catalog import Catalog, open_catalog
from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from catalogs.pyiceberg_connection import Connection
from catalogs.table_name import TableName
from rest_server import RestServer, serving
from small_lake import iceberg_table, sql_catalog, sqlite
from snapshots.errors import UnknownNameError, UnreadableError

ORDERS = TableName(("raw", "orders"))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a SQL catalog with nested namespaces, an empty one, and names with dots."""
    folder = tmp_path_factory.mktemp("lake")
    catalog = sql_catalog(folder, name="lake")
    iceberg_table(catalog, "raw", "orders", commits=2)
    iceberg_table(catalog, "raw", "eu", "orders", commits=0)
    iceberg_table(catalog, "ml", "features", commits=0)
    catalog.create_namespace("empty")
    catalog.close()
    return folder


@pytest.fixture
def backend(lake: Path) -> Iterator[SqlCatalog]:
    """Open that catalog by pyiceberg, as the REST server does."""
    catalog = sql_catalog(lake, name="lake")
    yield catalog
    catalog.close()


def opened(name: str = "lake", **properties: str) -> Catalog:
    spelled = {key.replace("__", "-").replace("_", "."): one for key, one in properties.items()}
    return open_catalog(CatalogEntry(name, CatalogKind.PYICEBERG, spelled, "this test"))


def names(catalog: Catalog) -> list[str]:
    return [str(name) for name in catalog.tables()]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_sql_catalog_lists_the_tables_of_all_namespaces(lake: Path) -> None:
    assert names(opened(uri=sqlite(lake))) == ["ml.features", "raw.orders", "raw.eu.orders"]


def test_a_table_is_opened_and_read(lake: Path, backend: SqlCatalog) -> None:
    source = opened(uri=sqlite(lake)).table(ORDERS)
    history = source.history(known=None)
    expected = backend.load_table(("raw", "orders"))
    assert [one.snapshot_id for one in history.snapshots] == [
        one.snapshot_id for one in expected.snapshots()
    ]
    assert history.identity.uuid == str(expected.metadata.table_uuid)


def test_the_head_changes_with_each_commit(tmp_path: Path) -> None:
    catalog = sql_catalog(tmp_path, name="lake")
    table = iceberg_table(catalog, "raw", "orders", commits=0)
    source = opened(uri=sqlite(tmp_path)).table(ORDERS)
    before = source.head()
    assert source.head() == before
    with table.update_schema() as update:
        update.add_column("note", StringType())
    assert source.head() != before
    catalog.close()


def test_where_a_table_is_is_asked_without_reading_its_metadata(tmp_path: Path) -> None:
    catalog = sql_catalog(tmp_path, name="lake")
    location = iceberg_table(catalog, "raw", "orders", commits=0).metadata_location
    Path(location.removeprefix("file://")).write_text('{"format-version": 99}')
    pointed = Connection("lake", {"uri": sqlite(tmp_path)}).point(("raw", "orders"))
    assert pointed.location == location
    catalog.close()


def test_check_says_where_it_is_and_what_it_holds(lake: Path) -> None:
    line = opened(uri=sqlite(lake), type="sql").check()
    assert line == f"sql catalog lake at {sqlite(lake)}: reachable, 3 namespaces: empty, ml, raw"


def test_an_empty_sql_catalog_tells_the_name_its_database_knows(lake: Path) -> None:
    line = opened("other", uri=sqlite(lake)).check()
    assert line.endswith("reachable, 0 namespaces; its database has tables for catalog-name=lake")
    assert len(names(opened("other", uri=sqlite(lake), catalog__name="lake"))) == 3


def test_pyicebergs_own_configuration_opens_as_it_is(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))
    yaml = f"catalog:\n  lake:\n    type: sql\n    uri: {sqlite(lake)}\n"
    (tmp_path / ".pyiceberg.yaml").write_text(yaml)
    monkeypatch.setenv("PYICEBERG_CATALOG__OTHER__URI", sqlite(lake))
    monkeypatch.setenv("PYICEBERG_CATALOG__OTHER__CATALOG_NAME", "lake")
    found = Configuration(tmp_path).entries()
    assert [one.name for one in found] == ["lake", "other"]
    assert [names(open_catalog(one)) for one in found] == [
        ["ml.features", "raw.orders", "raw.eu.orders"]
    ] * 2


def test_an_in_memory_catalog_is_one_of_pyicebergs(tmp_path: Path) -> None:
    uri = "sqlite:///file::memory:?cache=shared&uri=true"
    warehouse = f"file://{tmp_path}"
    writer = load_catalog("memory", type="in-memory", uri=uri, warehouse=warehouse)
    assert isinstance(writer, SqlCatalog)
    iceberg_table(writer, "raw", "orders", commits=1)
    catalog = opened("memory", type="in-memory", uri=uri, warehouse=warehouse)
    assert names(catalog) == ["raw.orders"]
    assert len(catalog.table(ORDERS).history(known=None).snapshots) == 1
    writer.close()


def test_an_unknown_table_is_answered_with_the_nearest(lake: Path) -> None:
    catalog = opened(uri=sqlite(lake))
    with pytest.raises(UnknownNameError, match=r"no table lake\.raw\.ordrs; nearest: lake\.raw\."):
        catalog.table(TableName(("raw", "ordrs")))
    with pytest.raises(UnknownNameError, match=r"nearest: lake\.raw\.orders"):
        catalog.table(TableName(("rwa", "orders")))
    with pytest.raises(UnknownNameError, match=r"no table lake\.orders"):
        catalog.table(TableName(("orders",)))


def test_looking_never_makes_a_database(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="there is no such database"):
        opened(uri=sqlite(tmp_path)).check()
    assert list(tmp_path.iterdir()) == []


def test_looking_never_writes_to_a_database_of_something_else(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "catalog.db") as database:
        database.execute("CREATE TABLE mine (a)")
    database.close()
    before = (tmp_path / "catalog.db").read_bytes()
    with pytest.raises(UnreadableError, match="the database holds no Iceberg catalog"):
        opened(uri=sqlite(tmp_path)).check()
    assert (tmp_path / "catalog.db").read_bytes() == before


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({}, "catalog lake: it has neither a type nor a uri"),
        ({"type": "sql"}, "catalog lake: a catalog of type sql needs a uri"),
        ({"type": "hadoop"}, "hadoop is no type of catalog; use rest, hive, .* the kind folder"),
        ({"uri": "ftp://me:hunter2@h"}, r"no type .* for ftp://\*\*\*@h; say its type: rest"),
        ({"type": "glue"}, r"AWS glue support not installed; pip install 'pyiceberg\[glue\]'"),
        ({"uri": "thrift://h"}, r"Hive support not installed; pip install 'pyiceberg\[hive\]'"),
        (
            {"uri": "sql://x", "type": "sql"},
            "Can't load plugin: sqlalchemy.dialects:sql; write the uri as dialect",
        ),
        (
            {"uri": "mysql://me:hunter2@h/d", "type": "sql"},
            "the package MySQLdb is not installed; pip install mysqlclient",
        ),
        ({"uri": "sqlite", "type": "sql"}, "Could not parse SQLAlchemy URL"),
        ({"py__catalog__impl": "no.such.Catalog"}, r"no\.such\.Catalog"),
        ({"uri": "http//host", "type": "rest"}, "its uri is no URL"),
    ],
)
def test_settings_that_cannot_work_are_named_in_one_line(
    properties: dict[str, str], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    with pytest.raises(UnreadableError, match=message) as refused:
        opened(**properties).check()
    assert "\n" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_database_that_is_not_there_is_an_error_in_one_line() -> None:
    uri = f"postgresql+psycopg://me:hunter2@127.0.0.1:{free_port()}/lake"
    with pytest.raises(UnreadableError, match="check that the database runs") as refused:
        opened(uri=uri, type="sql").check()
    assert "\n" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_rest_server_that_is_not_there_is_an_error_in_one_line() -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(UnreadableError) as refused:
        opened(uri=uri).check()
    assert str(refused.value) == (
        f"cannot read catalog lake at {uri}: connection refused;"
        " check that the server runs, and the uri in its settings"
    )


def test_a_server_that_is_no_catalog_is_an_error_in_one_line(backend: SqlCatalog) -> None:
    with serving(RestServer(backend)) as server, pytest.raises(UnreadableError) as refused:
        opened(uri=f"{server.uri}/elsewhere").check()
    assert "\n" not in str(refused.value)


def test_pyiceberg_reads_a_table_through_the_rest_server_of_these_tests(
    backend: SqlCatalog,
) -> None:
    with serving(RestServer(backend)) as server:
        table = load_catalog("peer", uri=server.uri, type="rest").load_table("raw.orders")
        assert table.scan().to_arrow().num_rows == 6
        assert len(table.snapshots()) == 1  # this server leaves out all but the refs' snapshots


def test_a_rest_catalog_is_listed_and_read_with_all_its_snapshots(backend: SqlCatalog) -> None:
    refs_only = {"snapshot-loading-mode": "refs"}
    with serving(RestServer(backend, overrides=refs_only)) as server:
        catalog = opened(uri=server.uri)
        assert names(catalog) == ["ml.features", "raw.orders", "raw.eu.orders"]
        assert catalog.check().endswith("reachable, 3 namespaces: empty, ml, raw")
        history = catalog.table(ORDERS).history(known=None)
        assert len(history.snapshots) == 2
    loads = [one for one in server.asked if "/tables/orders" in one]
    assert loads
    assert all(one.endswith("?snapshots=all") for one in loads)


def test_a_rest_server_lends_options_for_one_table(backend: SqlCatalog) -> None:
    config = {"s3.access-key-id": "lent"}
    with serving(RestServer(backend, table_config=config)) as server:
        pointed = Connection("lake", {"uri": server.uri, "type": "rest"}).point(("raw", "orders"))
    assert pointed.properties["s3.access-key-id"] == "lent"
    assert pointed.location == backend.load_table("raw.orders").metadata_location


def test_a_namespace_that_cannot_be_listed_does_not_stop_the_others(backend: SqlCatalog) -> None:
    with serving(RestServer(backend, broken_namespaces=frozenset({"ml", "empty"}))) as server:
        found: list[str] = []
        with pytest.raises(UnreadableError) as left_out:
            found.extend(str(one) for one in opened(uri=server.uri).tables())
    assert found == ["raw.orders", "raw.eu.orders"]
    reason = "the credentials do not give the right to this"
    assert f"empty ({reason}); ml ({reason}); all others were" in str(left_out.value)


def test_a_server_without_nesting_is_not_walked_for_ever(backend: SqlCatalog) -> None:
    with serving(RestServer(backend, ignores_parent=True)) as server:
        assert names(opened(uri=server.uri)) == ["ml.features", "raw.orders"]


def test_a_server_that_wants_a_token_is_told_it_and_nobody_else(backend: SqlCatalog) -> None:
    secret = "s3cr3t-bearer"  # noqa: S105 - of this test
    with serving(RestServer(backend, token=secret)) as server:
        assert opened(uri=server.uri, token=secret).check()
        with pytest.raises(UnreadableError, match="does not accept the credentials") as refused:
            opened(uri=server.uri, token=secret + "-old").check()
    assert secret not in str(refused.value)


def test_a_variable_of_another_catalog_of_that_name_is_not_mixed_in(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "from catalogs.pyiceberg_connection import Connection; import sys;"
        "c = Connection('lake', {'uri': sys.argv[1]});"
        "assert 'token' not in c._catalog.properties; print(len(c.namespaces(())))"
    )
    environment = {**os.environ, "PYICEBERG_CATALOG__LAKE__TOKEN": "not-for-this-uri"}
    done = subprocess.run(
        [sys.executable, "-c", code, sqlite(lake)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "3"


def test_opening_a_catalog_imports_nothing_of_pyiceberg() -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from catalogs.catalog import open_catalog;"
        "from catalogs.configuration import CatalogEntry, CatalogKind, Configuration;"
        "Configuration(Path('/nowhere')).entries();"
        "[open_catalog(CatalogEntry('a', k, {'location': '/x'}, '')) for k in CatalogKind];"
        "heavy = {'pyiceberg', 'pyarrow', 'deltalake', 'sqlalchemy', 'fsspec', 'polars'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYICEBERG_")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
