"""Credentials stay on the list of catalogs: no ledger, output, error or log shows one.

Each kind of catalog is harvested by the command line, with its libraries told to log all they can,
and again, in another process, after it went out of reach.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from deltalake import write_deltalake
from pyiceberg.catalog.sql import SqlCatalog

from iceberg_lake import rows
from rest_server import RestServer, serving
from secret_search import seen_in
from small_lake import iceberg_table, sql_catalog

PASSWORD = "hunter2-in-a-uri"  # noqa: S105 - of this test
TOKEN = "s3cr3t-bearer-token"  # noqa: S105
KEY = "s3cr3t-access-key"
LENT = "s3cr3t-lent-by-a-server"
SECRETS = (PASSWORD, TOKEN, KEY, LENT)

STORE = {
    "s3.access-key-id": KEY,
    "s3.secret-access-key": KEY,
    "s3.session-token": TOKEN,
    "adls.account-key": KEY,
    "gcs.oauth2.token": TOKEN,
}

# The program as people start it, but for logs, all of them, from every library, on stderr, and
# for several commands in one process, which loads the libraries once. Ends with their statuses.
LOUD = """
import json, logging, sys

logging.basicConfig(level=logging.DEBUG)
from temporal_lineage.cli.entry import run

statuses = [run(words, session=None) for words in json.loads(sys.argv[1])]
print(f"\\n{statuses}")
"""


@dataclass(frozen=True)
class Project:
    folder: Path

    def tl(self, *commands: Sequence[str]) -> tuple[list[int], str]:
        """Run commands; gives their statuses and all they said."""
        done = subprocess.run(
            [sys.executable, "-c", LOUD, json.dumps(commands)],
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        said, _, statuses = done.stdout.rstrip().rpartition("\n")
        return json.loads(statuses), said + done.stderr

    def harvested(self, properties: Mapping[str, str], *place: str) -> str:
        """List a catalog, harvest it, ask it everything; gives all that was said."""
        pairs = [word for key, value in properties.items() for word in ("-p", f"{key}={value}")]
        statuses, said = self.tl(
            ["init"],
            ["catalog", "add", "c", *place, *pairs],
            *(["catalog", "list"], ["catalog", "check", "c"], ["harvest"]),
        )
        assert statuses == [0] * 5, said
        assert " failed" not in said
        return said

    def asked_again(self) -> str:
        """Check, harvest and look for the tables of a catalog that is out of reach now."""
        statuses, said = self.tl(["catalog", "check", "c"], ["harvest", "c"])
        assert any(statuses), said
        return said


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder)


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[SqlCatalog]:
    catalog = sql_catalog(tmp_path, name="c")
    iceberg_table(catalog, "raw", "orders", commits=2)
    yield catalog
    catalog.close()


def test_a_rest_catalog_with_a_token_and_lent_credentials(
    project: Project, backend: SqlCatalog
) -> None:
    lent = {"s3.session-token": LENT, "token": LENT}
    with serving(RestServer(backend, token=TOKEN, table_config=lent)) as server:
        said = project.harvested({"token": TOKEN, "header.x-key": KEY, **STORE}, server.uri)
    _hidden(project, said + project.asked_again())


def test_a_rest_catalog_with_a_password_in_its_address(
    project: Project, backend: SqlCatalog
) -> None:
    with serving(RestServer(backend)) as server:
        place = server.uri.replace("http://", f"http://me:{PASSWORD}@")
        said = project.harvested(STORE, place)
    _hidden(project, said + project.asked_again())


def test_a_sql_catalog_with_a_password_in_its_uri(
    project: Project, postgresql_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS keeper")
        connection.execute(f"CREATE ROLE keeper LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
    try:
        uri = postgresql_url.replace("postgresql://postgres@", f"postgresql://keeper:{PASSWORD}@")
        uri = uri.replace("postgresql://", "postgresql+psycopg://")
        assert PASSWORD in uri
        catalog = SqlCatalog("c", uri=uri, warehouse=f"file://{tmp_path}/warehouse")
        iceberg_table(catalog, "raw", "orders", commits=2)
        said = project.harvested({"type": "sql", "uri": uri, **STORE})
        catalog.close()
    finally:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY keeper")
            connection.execute("DROP ROLE keeper")
    _hidden(project, said + project.asked_again())


def test_folders_of_both_formats_and_one_metadata_file(
    project: Project, backend: SqlCatalog, tmp_path: Path
) -> None:
    del backend
    write_deltalake(tmp_path / "deltas" / "events", rows(1, 2))
    said = project.harvested(STORE, str(tmp_path / "deltas"))
    (metadata, *_) = sorted(tmp_path.rglob("*.metadata.json"), reverse=True)
    pairs = [word for key, value in STORE.items() for word in ("-p", f"{key}={value}")]
    for name, place in (("w", tmp_path / "warehouse"), ("m", metadata)):
        add = ["catalog", "add", name, str(place), *pairs]
        (added, _), told = project.tl(add, ["harvest", name])
        assert added == 0
        said += told
    shutil.rmtree(tmp_path / "deltas")
    _hidden(project, said + project.asked_again())


def test_stores_and_servers_that_do_not_answer(project: Project) -> None:
    nowhere = {"s3.endpoint": "http://127.0.0.1:1", "s3.connect-timeout": "1", "s3.region": "none"}
    pairs = [w for key, value in (STORE | nowhere).items() for w in ("-p", f"{key}={value}")]
    commands, expected = [["init"]], [0]
    for name, words in {
        "rest": (f"http://me:{PASSWORD}@127.0.0.1:1", "-p", f"token={TOKEN}"),
        "sql": ("-p", "type=sql", "-p", f"uri=postgresql+psycopg://me:{PASSWORD}@127.0.0.1:1/x"),
        "hive": ("-p", "type=hive", "-p", f"uri=thrift://me:{PASSWORD}@127.0.0.1:1"),
        "glue": ("-p", "type=glue", "-p", f"glue.secret-access-key={KEY}"),
        "folder": ("s3://bucket/nothing-here",),
    }.items():
        commands += [["catalog", "add", name, *words, *pairs]]
        commands += [["catalog", "check", name], ["harvest", name]]
        expected += [0, 1, 1]
    statuses, said = project.tl(*commands, ["catalog", "list"])
    assert statuses == [*expected, 0], said
    _hidden(project, said)


def test_the_search_finds_what_it_is_for(project: Project) -> None:
    """A search that finds nothing proves nothing, unless it finds what is there."""
    home = project.folder / ".temporal-lineage"
    event = project.folder / "event.json"
    event.write_text(
        '{"eventType": "COMPLETE", "eventTime": "2026-11-01T00:00:00Z", "producer": "p",'
        ' "run": {"runId": "3f5e83fa-3480-44ff-99c5-ff943904e5e8"},'
        f' "job": {{"namespace": "n", "name": "{LENT}"}}}}'
    )
    assert project.tl(["init"], ["ingest", "openlineage", str(event)])[0] == [0, 0]
    assert any(one.startswith("event: ") for one in seen_in(home, *SECRETS))


def _hidden(project: Project, said: str) -> None:
    assert "DEBUG:" in said
    lines = [line for line in said.splitlines() if any(one in line for one in SECRETS)]
    assert lines == []
    assert seen_in(project.folder / ".temporal-lineage", *SECRETS) == []
