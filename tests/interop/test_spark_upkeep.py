"""Spark's own maintenance, against what was foreseen of it: the same snapshots, the same files."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from catalogs.catalog import open_path
from interop.jars import SPARK, lacking
from interop.java import find_java
from interop.spark import spark
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.maintenance import (
    Act,
    CleanLog,
    Expirer,
    ExpireSnapshots,
    Extent,
    Removal,
    RemoveOrphans,
    Vacuum,
    Vacuumer,
)
from temporal_lineage.session import wall_clock

pytestmark = pytest.mark.interop

JAVA = 17
HOUR = 3_600_000_000
FAR = "2999-01-01 00:00:00"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("upkeep")


@pytest.fixture(scope="module")
def session(home: Path) -> Iterator[Any]:
    pytest.importorskip("pyspark", reason="pyspark is not installed; make interop installs it")
    absent, java = lacking(*SPARK), find_java(oldest=JAVA, newest=JAVA)
    if absent or java is None:
        pytest.skip(absent or f"Spark needs Java {JAVA}")
    transport = {"type": "file", "location": str(home / "events.ndjson")}
    with spark(home, java=java, transport=transport) as session:
        yield session


def everything(table: Path) -> set[str]:
    """List all files of a table but Hadoop's own checksums."""
    return {
        str(Path(folder, name))
        for folder, _, names in os.walk(table)
        for name in names
        if not name.endswith(".crc") or not name.startswith(".")
    }


def foreseen(table: Path, act: Act) -> tuple[Removal, TableHistory]:
    """Foresee an act that is done right now."""
    source = open_path(str(table), {})
    history = source.history(known=None)
    found = source.upkeep(history).removal(act, at=wall_clock(), hold=(), let_go=())
    assert isinstance(found, Removal), found
    return found, history


def aged(table: Path, hours: int) -> None:
    """Let all files of a table be as old."""
    at = time.time() - hours * 3600
    for path in everything(table):
        os.utime(path, (at, at))


# --- Iceberg ------------------------------------------------------------------------------------

EXPIRIES: dict[str, tuple[str, str, ExpireSnapshots]] = {
    "keep_one": (
        "",
        f"older_than => TIMESTAMP '{FAR}', retain_last => 1",
        ExpireSnapshots(Expirer.JAVA, Instant.parse("2999-01-01"), 1, (), (), schemas_too=False),
    ),
    "by_properties": (
        (
            "'history.expire.max-snapshot-age-ms'='1', 'history.expire.min-snapshots-to-keep'='2',"
            " 'history.expire.max-ref-age-ms'='1'"
        ),
        "",
        ExpireSnapshots(Expirer.JAVA, None, None, (), (), schemas_too=False),
    ),
    "nothing_is_old": (
        "",
        "",
        ExpireSnapshots(Expirer.JAVA, None, None, (), (), schemas_too=False),
    ),
    "schemas_too": (
        "",
        f"older_than => TIMESTAMP '{FAR}', retain_last => 2, clean_expired_metadata => true",
        ExpireSnapshots(Expirer.JAVA, Instant.parse("2999-01-01"), 2, (), (), schemas_too=True),
    ),
}


def iceberg(session: Any, home: Path, name: str, properties: str) -> Path:  # noqa: ANN401
    """Make a table with deletes, compaction, a rollback, a branch and tags."""
    table = f"ice.up.{name}"
    more = f", {properties}" if properties else ""
    for statement in (
        (
            f"CREATE TABLE {table} (id BIGINT, part STRING, note STRING) USING iceberg"
            f" PARTITIONED BY (part) TBLPROPERTIES ('format-version'='2',"
            f" 'write.delete.mode'='merge-on-read'{more})"
        ),
        f"INSERT INTO {table} VALUES (1, 'a b', 'x'), (2, 'c', 'y')",
        f"INSERT INTO {table} VALUES (3, 'a b', 'x'), (4, 'c', 'y')",
        f"ALTER TABLE {table} CREATE TAG first RETAIN 30 DAYS",
        f"DELETE FROM {table} WHERE id = 1",
        f"ALTER TABLE {table} RENAME COLUMN note TO remark",
        f"ALTER TABLE {table} CREATE BRANCH trial WITH SNAPSHOT RETENTION 2 SNAPSHOTS",
        f"INSERT INTO {table}.branch_trial VALUES (90, 'z', 'x')",
        f"INSERT INTO {table}.branch_trial VALUES (91, 'z', 'x')",
        f"INSERT INTO {table}.branch_trial VALUES (92, 'z', 'x')",
        (
            f"CALL ice.system.rewrite_data_files(table => 'up.{name}',"
            " options => map('min-input-files', '1', 'rewrite-all', 'true'))"
        ),
        f"ALTER TABLE {table} DROP PARTITION FIELD part",
        f"INSERT INTO {table} VALUES (5, 'c', 'y')",
        f"INSERT OVERWRITE {table} VALUES (6, 'c', 'y')",
        f"INSERT INTO {table} VALUES (7, 'c', 'y')",
    ):
        session.sql(statement)
    return home / "ice" / "up" / name


@pytest.mark.parametrize("name", EXPIRIES)
def test_expire_snapshots_takes_what_was_foreseen(session: Any, home: Path, name: str) -> None:  # noqa: ANN401
    properties, options, act = EXPIRIES[name]
    table = iceberg(session, home, name, properties)
    found, before = foreseen(table, act)
    files = everything(table)
    more = f", {options}" if options else ""
    session.sql(f"CALL ice.system.expire_snapshots(table => 'up.{name}'{more})")
    after = open_path(str(table), {}).history(known=None)
    assert found.unlisted == before.listed - after.listed
    heads = [one.head() for one in (before, after)]
    refs = [{ref.name for ref in one.refs} if one else set() for one in heads]
    assert set(found.refs) == refs[0] - refs[1]
    assert set(found.files) == files - everything(table)
    kept = {f"schema {one.schema_id}" for one in before.schemas}
    left = {f"schema {one}" for one in _schemas(table)}
    assert {one for one in found.metadata if one.startswith("schema")} == kept - left
    if name == "nothing_is_old":
        assert not found.unlisted
    else:
        assert found.files


def _schemas(table: Path) -> set[int]:
    hint = (table / "metadata" / "version-hint.text").read_text().strip()
    metadata = json.loads((table / "metadata" / f"v{hint}.metadata.json").read_text())
    return {one["schema-id"] for one in metadata["schemas"]}


def test_snapshots_taken_by_their_ids_are_those_foreseen(session: Any, home: Path) -> None:  # noqa: ANN401
    table = iceberg(session, home, "by_ids", "")
    history = open_path(str(table), {}).history(known=None)
    first, second = [one.snapshot_id for one in history.snapshots][2:4]
    act = ExpireSnapshots(Expirer.JAVA, None, None, (first, second), (), schemas_too=False)
    found, before = foreseen(table, act)
    files = everything(table)
    ids = f"array({first}, {second})"
    session.sql(f"CALL ice.system.expire_snapshots(table => 'up.by_ids', snapshot_ids => {ids})")
    after = open_path(str(table), {}).history(known=None)
    assert found.unlisted == before.listed - after.listed == {first, second}
    assert set(found.files) == files - everything(table)


def test_remove_orphan_files_takes_what_was_foreseen(session: Any, home: Path) -> None:  # noqa: ANN401
    table = iceberg(session, home, "orphans", "")
    for name in ("data/stray.parquet", "data/_hidden.parquet", "metadata/old.metadata.json"):
        (table / name).write_text("x")
    aged(table, 100)
    (table / "data" / "young.parquet").write_text("x")
    older = wall_clock().plus(micros=-48 * HOUR)
    found, _ = foreseen(table, RemoveOrphans(older))
    files = everything(table)
    text = older.isoformat()[:19].replace("T", " ")
    session.sql(
        "CALL ice.system.remove_orphan_files(table => 'up.orphans',"
        f" older_than => TIMESTAMP '{text}')"
    )
    assert set(found.files) == files - everything(table)
    assert str(table / "data" / "stray.parquet") in found.files


# --- Delta --------------------------------------------------------------------------------------


def delta(session: Any, home: Path, name: str, properties: str = "") -> Path:  # noqa: ANN401
    """Make a table with deletion vectors, compaction, a restore, and strange partitions."""
    folder = home / "delta" / name
    table = f"delta.`{folder}`"
    # A checkpoint goes on telling when files were removed, whatever the commits say; RESTORE
    # makes one.
    more = properties or "'delta.checkpointInterval'='100'"
    for statement in (
        (
            f"CREATE TABLE {table} (id BIGINT, part STRING) USING delta PARTITIONED BY (part)"
            f" TBLPROPERTIES ('delta.enableDeletionVectors'='true', {more})"
        ),
        f"INSERT INTO {table} VALUES (1, 'a b'), (2, 'c=d'), (3, 'é%')",
        f"INSERT INTO {table} SELECT id, 'a b' FROM range(10, 40)",
        f"DELETE FROM {table} WHERE id = 11",
        f"DELETE FROM {table} WHERE id IN (12, 13)",
        f"OPTIMIZE {table}",
        f"INSERT OVERWRITE {table} VALUES (8, 'a b')",
        f"RESTORE TABLE {table} TO VERSION AS OF 4",
        f"INSERT OVERWRITE {table} VALUES (9, 'c=d')",
        f"INSERT INTO {table} SELECT id, 'x' FROM range(50, 80)",
        f"DELETE FROM {table} WHERE id = 51",
    ):
        session.sql(statement)
    for stray in ("stray.parquet", "_hidden.parquet", "_x/y.parquet", "d/.z", "d/w.bin"):
        (folder / stray).parent.mkdir(exist_ok=True)
        (folder / stray).write_text("x")
    return folder


def removed_earlier(table: Path, hours: dict[int, int]) -> None:
    """Let commits say that what they removed was removed hours earlier, and be as old."""
    for version, ago in hours.items():
        log = table / "_delta_log" / f"{version:020}.json"
        text = re.sub(
            r'"deletionTimestamp":(\d+)',
            partial(_earlier, hours=ago),
            log.read_text(),
        )
        log.write_text(text)
        log.with_name(f".{log.name}.crc").unlink(missing_ok=True)


def _earlier(found: re.Match[str], *, hours: int) -> str:
    return f'"deletionTimestamp":{int(found[1]) - hours * 3_600_000}'


@pytest.mark.parametrize("extent", Extent)
@pytest.mark.parametrize("hours", [0, 10])
def test_vacuum_takes_what_was_foreseen(
    session: Any,  # noqa: ANN401
    home: Path,
    extent: Extent,
    hours: int,
) -> None:
    table = delta(session, home, f"vacuum_{extent}_{hours}")
    removed_earlier(table, {3: 30, 4: 25, 5: 20, 6: 15, 7: 13, 8: 12, 10: 1})
    for path in everything(table):
        version = Path(path).name[:20]
        ago = 40 - 3 * int(version) if version.isdecimal() else 41
        os.utime(path, (time.time() - ago * 3600,) * 2)
    (table / "young.parquet").write_text("x")
    session.catalog.clearCache()
    _forget(session)
    found, before = foreseen(table, Vacuum(Vacuumer.SPARK, extent, hours * HOUR, ()))
    files = data_files(table)
    session.sql(f"VACUUM delta.`{table}` {extent.upper()} RETAIN {hours} HOURS")
    deleted = files - data_files(table)
    assert set(found.files) == deleted
    assert [one for one in deleted if "part-" in one]
    assert before.snapshots[-1].snapshot_id not in found.losing


def test_a_tombstone_that_the_table_has_forgotten_protects_nothing(
    session: Any,  # noqa: ANN401
    home: Path,
) -> None:
    hours = "'delta.deletedFileRetentionDuration'='interval 5 hours'"
    table = delta(session, home, "forgotten", f"{hours}, 'delta.checkpointInterval'='100'")
    removed_earlier(table, {8: 8})
    for path in everything(table):
        os.utime(path, (time.time() - 200 * 3600,) * 2)
    _forget(session)
    found, _ = foreseen(table, Vacuum(Vacuumer.SPARK, Extent.FULL, 100 * HOUR, ()))
    files = data_files(table)
    session.sql(f"VACUUM delta.`{table}` RETAIN 100 HOURS")
    deleted = files - data_files(table)
    assert set(found.files) == deleted
    assert [one for one in deleted if one.endswith(".parquet") and "part-" in one]


def test_a_clean_up_of_the_log_takes_what_was_foreseen(session: Any, home: Path) -> None:  # noqa: ANN401
    days = "'delta.logRetentionDuration'='interval 2 days', 'delta.checkpointInterval'='3'"
    table = delta(session, home, "log", days)
    log = table / "_delta_log"
    now = time.time()
    for path in everything(log):
        name = Path(path).name
        if name[:20].isdecimal():
            at = now - (10 - int(name[:20])) * 86_400
            os.utime(path, (at, at))
    _forget(session)
    found, before = foreseen(table, CleanLog(Vacuumer.SPARK))
    files = {one for one in everything(log) if not one.endswith(".crc")}
    java = session._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(
        session._jsparkSession,
        str(table),
    )
    java.doLogCleanup(java.unsafeVolatileSnapshot())
    left = {one for one in everything(log) if not one.endswith(".crc")}
    assert set(found.files) == files - left
    after = open_path(str(table), {}).history(known=None)
    assert found.unlisted == before.listed - after.listed
    assert found.files


def data_files(table: Path) -> set[str]:
    """List the files of a table but those of its log."""
    return {one for one in everything(table) if "_delta_log" not in one}


def _forget(session: Any) -> None:  # noqa: ANN401
    """Let Spark read logs anew that it has in memory."""
    session._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
