"""Erasure plans, done on real Spark as they are printed: no file keeps a row."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interop.jars import SPARK, lacking
from interop.java import find_java
from interop.project import Project
from interop.spark import spark

pytestmark = pytest.mark.interop

JAVA = 17
PERSON = "O'Hara"
WHERE = "name like 'O''H%' and id >= 7.5"
TRACES_MAX = 3


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("erasure")


@pytest.fixture(scope="module")
def session(home: Path) -> Iterator[Any]:
    pytest.importorskip("pyspark", reason="pyspark is not installed; make interop installs it")
    absent, java = lacking(*SPARK), find_java(oldest=JAVA, newest=JAVA)
    if absent or java is None:
        pytest.skip(absent or f"Spark needs Java {JAVA}")
    with spark(home, java=java, transport=None) as session:
        session.sql("SET spark.databricks.delta.retentionDurationCheck.enabled = true")
        yield session


def done(session: Any, project: Project, table: str) -> list[str]:  # noqa: ANN401
    """Trace, do what the plan prints for Spark, and again as often as it says; gives the acts."""
    acts: list[str] = []
    case: tuple[str, ...] = ("--case", "case.json")
    for _ in range(TRACES_MAX):
        said = project.tl(
            *("erasure", "trace", "--where", WHERE, "--from", table, *case, "--output", "json")
        )
        plan = json.loads(said)["answer"]["plan"]
        acts += [one["act"] for one in plan]
        case = ()
        for step in plan:
            for one in step["commands"]:
                if one["engine"] == "spark":
                    session.sql(one["command"]).collect()
                elif one["command"] == "tl harvest":
                    project.tl("harvest")
        if "trace-again" not in acts[-2:]:
            return acts
    pytest.fail(f"it does not end: {acts}")


def check_closed(project: Project) -> None:
    """Verify the case with a key, and hold the signature against OpenSSL."""
    key, out = project.folder / "key.pem", project.folder / "closed.json"
    _openssl("genpkey", "-algorithm", "ed25519", "-out", str(key))
    said = project.tl(
        *("erasure", "verify", "case.json", "--where", WHERE, "--key", str(key), "--out", str(out))
    )
    assert said.startswith("case case: closed"), said
    public = project.folder / "public.pem"
    _openssl("pkey", "-in", str(key), "-pubout", "-out", str(public))
    words = ("-inkey", str(public), "-rawin", "-in", str(out), "-sigfile", f"{out}.sig")
    assert "Verified" in _openssl("pkeyutl", "-verify", "-pubin", *words)


def _openssl(*words: str) -> str:
    done = subprocess.run(["openssl", *words], check=True, capture_output=True, text=True)
    return done.stdout


def holding(folder: Path) -> set[str]:
    """Read every file of rows in a folder, whatever tables know of it; gives those with any."""
    found = set()
    for path in folder.rglob("*"):
        if path.suffix != ".parquet":
            continue
        table = pq.read_table(path, partitioning=None)
        texts = [one for one in table.columns if pa.types.is_string(one.type)]
        if any(PERSON in column.to_pylist() for column in texts):
            found.add(str(path.relative_to(folder)))
    return found


def iceberg(session: Any, home: Path, name: str, version: int) -> Path:  # noqa: ANN401
    """Make a table that holds the person on main, on a branch, under a tag, masked, and astray."""
    table = f"ice.law.{name}"
    for statement in (
        (
            f"CREATE TABLE {table} (id BIGINT, name STRING, part STRING) USING iceberg"
            f" PARTITIONED BY (part) TBLPROPERTIES ('format-version'='{version}',"
            " 'write.delete.mode'='merge-on-read', 'history.expire.max-snapshot-age-ms'='1')"
        ),
        f"INSERT INTO {table} VALUES (1, 'ada', 'a'), (8, \"O'Hara\", 'a'), (2, 'bob', 'a')",
        f"ALTER TABLE {table} CREATE TAG audited",
        f"INSERT INTO {table} VALUES (3, 'cy', 'b'), (9, \"O'Hara\", 'b'), (4, 'O_Hara', 'b')",
        f"ALTER TABLE {table} CREATE BRANCH trial",
        f"INSERT INTO {table}.branch_trial VALUES (10, \"O'Hara\", 'c'), (5, 'di', 'c')",
        f"DELETE FROM {table} WHERE id = 8",
        f"DELETE FROM {table}.branch_trial WHERE id = 9",
        f"INSERT INTO {table} VALUES (6, \"O'Hara\", 'd')",
        f"ALTER TABLE {table} SET TBLPROPERTIES ('gc.enabled'='false')",
    ):
        session.sql(statement)
    folder = home / "ice" / "law" / name
    stray = next(folder.rglob("part=b/*.parquet"))
    shutil.copy(stray, folder / "data" / "stray.parquet")
    return folder


@pytest.mark.parametrize("version", [2, 3])
def test_a_plan_for_an_iceberg_table_is_true_on_spark(
    session: Any,  # noqa: ANN401
    home: Path,
    tmp_path: Path,
    version: int,
) -> None:
    name = f"people{version}"
    folder = iceberg(session, home, name, version)
    assert holding(folder)
    project = Project.begun(tmp_path / "project")
    project.add_catalog("ice", {}, str(home / "ice"))
    project.tl("harvest")
    tables = (f"ice.law.{name}", f"ice.law.{name}.branch_trial")
    before = [kept(session, one) for one in tables]
    acts = done(session, project, tables[0])
    assert acts.count("trace-again") == 1
    assert [kept(session, one) for one in tables] == before
    left = {row[0] for one in tables for row in before[tables.index(one)]}
    assert 6 in left
    assert {path for path in holding(folder) if not _is_small(folder / path)} == set()
    check_closed(project)


def kept(session: Any, table: str) -> list[tuple[int, str]]:  # noqa: ANN401
    """Read what the condition leaves of a table."""
    rows = session.sql(f"SELECT id, name FROM {table}").collect()
    return sorted((one.id, one.name) for one in rows if one.name != PERSON or one.id < 7.5)


def _is_small(path: Path) -> bool:
    """Tell whether a file has the person only under an id that the condition leaves out."""
    rows = pq.read_table(path, partitioning=None).to_pylist()
    return all(one["id"] == 6 for one in rows if one["name"] == PERSON)


def test_a_plan_for_a_delta_table_is_true_on_spark(
    session: Any,  # noqa: ANN401
    home: Path,
    tmp_path: Path,
) -> None:
    folder = home / "delta" / "people"
    table = f"delta.`{folder}`"
    for statement in (
        (
            f"CREATE TABLE {table} (id BIGINT, name STRING) USING delta TBLPROPERTIES"
            " ('delta.columnMapping.mode'='name', 'delta.enableDeletionVectors'='true',"
            " 'delta.enableChangeDataFeed'='true')"
        ),
        f"INSERT INTO {table} VALUES (1, 'ada'), (8, \"O'Hara\"), (2, 'bob')",
        f"INSERT INTO {table} VALUES (3, 'cy'), (9, \"O'Hara\"), (4, 'O_Hara'), (6, \"O'Hara\")",
        (
            f"MERGE INTO {table} t USING (SELECT 8 AS id UNION ALL SELECT 1) s ON t.id = s.id"
            " WHEN MATCHED THEN UPDATE SET id = t.id + 10"
        ),
        f"DELETE FROM {table} WHERE id = 9",
        f"ALTER TABLE {table} SET TBLPROPERTIES ('delta.appendOnly'='true')",
    ):
        session.sql(statement)
    shutil.copy(next(folder.glob("*.parquet")), folder / "stray.parquet")
    project = Project.begun(tmp_path / "project")
    project.add_catalog("delta", {}, str(home / "delta"))
    project.tl("harvest")
    before = kept(session, table)
    done(session, project, "delta.people")
    assert kept(session, table) == before
    assert {one for one in holding(folder) if not _is_alone(folder / one)} == set()
    check_closed(project)


def _is_alone(path: Path) -> bool:
    columns = pq.read_table(path, partitioning=None).to_pydict().values()
    ids, names = list(columns)[:2]
    return all(at == 6 for at, name in zip(ids, names, strict=True) if name == PERSON)
