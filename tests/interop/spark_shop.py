"""A shop's tables as Spark writes them: each row names the batch that it came with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from interop.spark_story import HEAD, ICE, Look, Step, Truth

RAW, CLEAN, REPORT = f"{ICE}.raw", f"{ICE}.clean", f"{ICE}.report"
DRAW, DCLEAN, DREPORT = "delta.draw", "delta.dclean", "delta.dreport"
_CREATE = (
    f"CREATE TABLE {RAW} (id INT, batch STRING, amount DOUBLE, spare STRING) USING iceberg"
    " TBLPROPERTIES ('format-version'='2', 'write.merge.mode'='merge-on-read',"
    " 'write.delete.mode'='merge-on-read')"
)
_COPY = "SELECT id, batch, amount * 2 AS twice FROM"
_REPORT = f"SELECT collect_set(batch) AS batches, sum(twice) AS total FROM {CLEAN}"
_REWRITE = (
    "CALL ice.system.rewrite_data_files(table => 'shop.raw',"
    " options => map('min-input-files', '1', 'rewrite-all', 'true'))"
)


def iceberg_shop() -> Iterator[Step]:
    """Let bad rows come, go on, be merged, compacted and deleted, and rows come by all ways."""
    own = {RAW: HEAD}
    yield Step(_CREATE, {}, None)
    yield Step(_batch(RAW, "b1", 1, 2, 3), {}, RAW)
    yield Step(_batch(RAW, "b2", 4, 5, 6), {}, RAW)
    yield Step(f"CREATE TABLE {CLEAN} USING iceberg AS {_COPY} {RAW}", own, CLEAN)
    yield Step(f"CREATE TABLE {REPORT} USING iceberg AS {_REPORT}", {CLEAN: HEAD}, REPORT)
    yield Step(_batch(RAW, "bad", 7, 8, 9, amount="-1.0D"), {}, RAW)
    yield Step(f"INSERT OVERWRITE {CLEAN} {_COPY} {RAW}", own, CLEAN)
    yield Step(f"INSERT OVERWRITE {REPORT} {_REPORT}", {CLEAN: HEAD}, REPORT)
    yield Step(_merge(RAW), own, RAW)
    yield Step(f"DELETE FROM {RAW} WHERE id = 1", own, RAW)
    yield Step(_REWRITE, own, RAW)
    yield Step(f"INSERT OVERWRITE {CLEAN} {_COPY} {RAW}", own, CLEAN)
    yield Step(f"ALTER TABLE {RAW} ADD COLUMN note STRING", {}, None)
    yield Step(f"ALTER TABLE {RAW} RENAME COLUMN amount TO price", {}, None)
    yield Step(f"ALTER TABLE {RAW} ALTER COLUMN id TYPE BIGINT", {}, None)
    yield Step(f"ALTER TABLE {RAW} DROP COLUMN spare", {}, None)
    yield Step(f"DELETE FROM {RAW} WHERE batch = 'bad'", own, RAW)
    copy = _COPY.replace("amount", "price")
    yield Step(f"INSERT OVERWRITE {CLEAN} {copy} {RAW}", own, CLEAN)
    yield Step(f"INSERT OVERWRITE {REPORT} {_REPORT}", {CLEAN: HEAD}, REPORT)
    yield from _staged()
    yield Step(f"INSERT INTO {CLEAN} {copy} {RAW} WHERE batch IN ('w1', 'w2', 't1')", own, CLEAN)
    yield Step(f"CALL ice.system.rollback_to_snapshot('shop.raw', {{{RAW}@5}})", {}, None)
    yield Step(f"INSERT INTO {REPORT} {_REPORT}", {CLEAN: HEAD}, REPORT)
    yield Step(f"INSERT OVERWRITE {CLEAN} {copy} {RAW}", own, CLEAN)
    yield Step(f"CALL ice.system.set_current_snapshot('shop.raw', {{{RAW}@6}})", {}, None)
    yield Step(_batch(RAW, "b9", 90), {}, RAW)
    yield Step(f"INSERT OVERWRITE {CLEAN} {copy} {RAW}", own, CLEAN)
    yield Step("SET spark.sql.sources.partitionOverwriteMode=dynamic", {}, None)
    yield Step(f"INSERT OVERWRITE {CLEAN} {copy} {RAW}", own, CLEAN)
    yield Step("RESET spark.sql.sources.partitionOverwriteMode", {}, None)


def _staged() -> Iterator[Step]:
    """Write, audit, publish: by an id, by a branch of the session, and by a branch of one's own."""
    yield Step(f"ALTER TABLE {RAW} SET TBLPROPERTIES ('write.wap.enabled'='true')", {}, None)
    yield Step("SET spark.wap.id=night", {}, None)
    yield Step(_batch(RAW, "w1", 20), {}, RAW)
    yield Step("RESET spark.wap.id", {}, None)
    yield Step(_batch(RAW, "b5", 30), {}, RAW)
    yield Step("CALL ice.system.publish_changes('shop.raw', 'night')", {}, RAW)
    yield Step(f"ALTER TABLE {RAW} CREATE BRANCH audit", {}, None)
    yield Step("SET spark.wap.branch=audit", {}, None)
    yield Step(_batch(RAW, "w2", 40), {}, RAW)
    yield Step("RESET spark.wap.branch", {}, None)
    yield Step("CALL ice.system.fast_forward('shop.raw', 'main', 'audit')", {}, None)
    yield Step(f"ALTER TABLE {RAW} CREATE BRANCH trial", {}, None)
    yield Step(_batch(f"{RAW}.branch_trial", "t1", 50), {}, RAW)
    yield Step(f"CALL ice.system.cherrypick_snapshot('shop.raw', {{{RAW}@11}})", {}, RAW)


def delta_shop() -> Iterator[Step]:
    """Give the same for Delta tables."""
    raw, clean, report = (f"delta.`{{delta}}/{name}`" for name in ("draw", "dclean", "dreport"))
    own = {DRAW: HEAD}
    summed = f"SELECT collect_set(batch) AS batches, sum(twice) AS total FROM {clean}"
    create = (
        f"CREATE TABLE {raw} (id SMALLINT, batch STRING, amount DOUBLE, spare STRING) USING delta"
        " TBLPROPERTIES ('delta.enableDeletionVectors'='true', 'delta.columnMapping.mode'='name',"
        " 'delta.enableTypeWidening'='true')"
    )
    yield Step(create, {}, DRAW)
    yield Step(_batch(raw, "b1", 1, 2, 3), {}, DRAW)
    yield Step(_batch(raw, "b2", 4, 5, 6), {}, DRAW)
    yield Step(f"CREATE TABLE {clean} USING delta AS {_COPY} {raw}", own, DCLEAN)
    yield Step(f"CREATE TABLE {report} USING delta AS {summed}", {DCLEAN: HEAD}, DREPORT)
    yield Step(_batch(raw, "bad", 7, 8, 9, amount="-1.0D"), {}, DRAW)
    yield Step(f"INSERT OVERWRITE {clean} {_COPY} {raw}", own, DCLEAN)
    yield Step(f"INSERT OVERWRITE {report} {summed}", {DCLEAN: HEAD}, DREPORT)
    yield Step(_merge(raw), own, DRAW)
    yield Step(f"DELETE FROM {raw} WHERE id = 1", own, DRAW)
    yield Step(f"OPTIMIZE {raw}", own, DRAW)
    yield Step(f"INSERT OVERWRITE {clean} {_COPY} {raw}", own, DCLEAN)
    yield Step(f"ALTER TABLE {raw} ADD COLUMN note STRING", {}, DRAW)
    yield Step(f"ALTER TABLE {raw} RENAME COLUMN amount TO price", {}, DRAW)
    yield Step(f"ALTER TABLE {raw} ALTER COLUMN id TYPE INT", {}, DRAW)
    yield Step(f"ALTER TABLE {raw} DROP COLUMN spare", {}, DRAW)
    yield Step(f"DELETE FROM {raw} WHERE batch = 'bad'", own, DRAW)
    copy = _COPY.replace("amount", "price")
    yield Step(f"INSERT OVERWRITE {clean} {copy} {raw}", own, DCLEAN)
    yield Step(f"INSERT OVERWRITE {report} {summed}", {DCLEAN: HEAD}, DREPORT)
    yield Step(f"RESTORE TABLE {clean} TO VERSION AS OF 1", {}, DCLEAN)
    yield Step(f"INSERT INTO {report} {summed}", {DCLEAN: HEAD}, DREPORT)
    yield Step(_batch(raw, "b9", 90), {}, DRAW)
    yield Step(f"INSERT OVERWRITE {clean} {copy} {raw}", own, DCLEAN)


def rows_of_all(session: Any, look: Look, deltas: Path) -> dict[str, list[dict[str, Any]]]:  # noqa: ANN401
    """Read every state that there is with Spark."""
    found = {}
    for table, versions in look.versions.items():
        place = table if table.startswith("ice") else f"delta.`{deltas}/{table[6:]}`"
        for version in versions:
            rows = session.sql(f"SELECT * FROM {place} VERSION AS OF {version}").collect()
            found[f"{table}@{version}"] = [row.asDict() for row in rows]
    return found


def batches_of(row: Mapping[str, Any]) -> list[str]:
    """Give the batches that a row came with, or was made of."""
    return row["batches"] if "batches" in row else [row["batch"]]


def writers_of(truths: Sequence[Truth]) -> dict[tuple[str, str], str]:
    """Give by table and batch the commit that brought it in."""
    found = {}
    for one in truths:
        batch = re.search(r"VALUES \(\d+, '(\w+)'", one.step.sql)
        if one.step.writes is not None and batch:
            found[one.step.writes, batch[1]] = one.commits[0]
        elif one.step.writes is not None and one.step.sql.startswith("MERGE"):
            found[one.step.writes, "b4"] = one.commits[0]
        elif "publish_changes" in one.step.sql:
            # The rows stay those of the batch; what brings them to main is this commit.
            found[RAW, "w1"] = one.commits[0]
    return found


def _batch(table: str, batch: str, *ids: int, amount: str = "1.0D") -> str:
    """Insert rows; the fourth column is first `spare` and later `note`."""
    rows = ", ".join(f"({one}, '{batch}', {amount}, NULL)" for one in ids)
    return f"INSERT INTO {table} VALUES {rows}"


def _merge(table: str) -> str:
    return (
        f"MERGE INTO {table} t USING (SELECT 2 AS id, 'b4' AS batch, 20.0D AS amount"
        " UNION ALL SELECT 10, 'b4', 7.0D) s ON t.id = s.id"
        " WHEN MATCHED THEN UPDATE SET t.batch = s.batch, t.amount = s.amount"
        " WHEN NOT MATCHED THEN"
        " INSERT (id, batch, amount, spare) VALUES (s.id, s.batch, s.amount, NULL)"
    )
