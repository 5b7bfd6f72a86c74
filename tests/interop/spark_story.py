"""A day of a Spark application, step by step, and what each step really read and wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snapshots.instant import Instant
from temporal_lineage.session import wall_clock

ICE = "ice.shop"
HEAD = "main"
BUS_MS_MAX = 120_000


@dataclass(frozen=True)
class Step:
    """A statement; `reads` are the tables it reads, each at a ref, or at a pinned version.

    A pin is written as the story knows it: `@3` is the third state that the table ever had.
    """

    sql: str
    reads: Mapping[str, str]
    writes: str | None


@dataclass(frozen=True)
class Truth:
    """What a step did, told by the tables themselves: versions read and commits made."""

    step: Step
    started: Instant
    ended: Instant
    reads: Mapping[str, str]
    commits: tuple[str, ...]


def play(session: Any, story: Iterator[Step], witness: Witness) -> Iterator[Truth]:  # noqa: ANN401
    """Run the steps one after another, and look at the tables before and after each."""
    bus = session._jsc.sc().listenerBus()
    for step in story:
        # The listener finds no query that ended before it got there, so it must not lag behind.
        bus.waitUntilEmpty(BUS_MS_MAX)
        before = witness.look()
        started = wall_clock()
        session.sql(witness.filled(step.sql)).collect()
        bus.waitUntilEmpty(BUS_MS_MAX)
        after = witness.look()
        commits: tuple[str, ...] = ()
        if step.writes is not None:
            known = before.versions.get(step.writes, ())
            commits = tuple(one for one in after.versions[step.writes] if one not in known)
        reads = {table: before.at(table, ref) for table, ref in step.reads.items()}
        yield Truth(step, started, wall_clock(), reads, commits)


@dataclass(frozen=True)
class Look:
    """All versions of all tables, oldest first, and what the refs of each name."""

    versions: Mapping[str, tuple[str, ...]]
    refs: Mapping[str, Mapping[str, str]]

    def at(self, table: str, ref: str) -> str:
        """Give the version that a ref or a pin names."""
        if ref.startswith("@"):
            return self.versions[table][int(ref[1:])]
        return self.refs[table][ref]


class Witness:
    """Looks at tables through Iceberg's own Java library and Delta's commit files."""

    def __init__(self, session: Any, deltas: Path) -> None:  # noqa: ANN401 - pyspark has no types
        """Look through the session's virtual machine: no query, so no event."""
        self._session = session
        self._deltas = deltas
        self._versions: dict[str, tuple[str, ...]] = {}

    def look(self) -> Look:
        """Look at every table that there is now."""
        refs: dict[str, dict[str, str]] = {}
        jvm = self._session._jvm
        for name in self._iceberg_tables():
            table = jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(
                self._session._jsparkSession,
                f"{ICE}.{name}",
            )
            table.refresh()
            ids = tuple(str(one.snapshotId()) for one in table.snapshots())
            # What was there once counts, though it has been expired.
            old = self._versions.get(f"{ICE}.{name}", ())
            self._versions[f"{ICE}.{name}"] = (*old, *(one for one in ids if one not in old))
            refs[f"{ICE}.{name}"] = {
                one: str(table.refs()[one].snapshotId()) for one in table.refs()
            }
        for log in sorted(self._deltas.glob("*/_delta_log")):
            versions = sorted(int(file.stem) for file in log.glob("*.json"))
            name = f"delta.{log.parent.name}"
            self._versions[name] = tuple(map(str, versions))
            refs[name] = {HEAD: str(versions[-1])}
        return Look(dict(self._versions), refs)

    def filled(self, sql: str) -> str:
        """Write pins and places into a statement: `{ice.shop.orders@0}`, `{delta}`."""
        filled = sql.replace("{delta}", str(self._deltas))
        for table, versions in self._versions.items():
            for place, version in enumerate(versions):
                filled = filled.replace(f"{{{table}@{place}}}", version)
        return filled

    def _iceberg_tables(self) -> list[str]:
        folder = self._deltas.parent / "ice" / "shop"
        return sorted(one.name for one in folder.glob("*") if (one / "metadata").is_dir())


def iceberg_story() -> Iterator[Step]:
    """Give what moves rows, pins, refs and files of Iceberg tables."""
    orders, features = f"{ICE}.orders", f"{ICE}.features"
    own = {orders: HEAD}
    merge = (
        f"MERGE INTO {orders} t USING (SELECT 2 AS id, 20.0 AS amount UNION ALL SELECT 7, 7.0) s"
        " ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    twice = "SELECT id, amount * 2 AS twice FROM"
    rewrite = (
        "CALL ice.system.rewrite_data_files(table => 'shop.orders',"
        " options => map('min-input-files', '1', 'rewrite-all', 'true'))"
    )
    create = (
        "(id BIGINT, amount DOUBLE) USING iceberg TBLPROPERTIES ('format-version'='2',"
        " 'write.merge.mode'='merge-on-read', 'write.update.mode'='copy-on-write')"
    )
    yield Step(f"CREATE TABLE {orders} {create}", {}, None)
    yield Step(f"INSERT INTO {orders} VALUES (1, 1.0), (2, 2.0), (3, 3.0)", {}, orders)
    yield Step(f"INSERT INTO {orders} VALUES (4, 4.0), (5, 5.0)", {}, orders)
    yield Step(f"CREATE TABLE {features} USING iceberg AS {twice} {orders}", own, features)
    yield Step(merge, own, orders)
    yield Step(f"INSERT INTO {features} {twice} {orders}", own, features)
    pinned = f"{orders} VERSION AS OF {{{orders}@0}}"
    yield Step(f"INSERT INTO {features} {twice} {pinned}", {orders: "@0"}, features)
    yield Step(f"ALTER TABLE {orders} CREATE TAG audited", {}, None)
    yield Step(f"ALTER TABLE {orders} CREATE BRANCH trial", {}, None)
    yield Step(f"INSERT INTO {orders}.branch_trial VALUES (99, 99.0)", {}, orders)
    yield Step(
        f"INSERT INTO {features} {twice} {orders} VERSION AS OF 'trial'",
        {orders: "trial"},
        features,
    )
    yield Step(
        f"INSERT INTO {features} {twice} {orders} VERSION AS OF 'audited'",
        {orders: "audited"},
        features,
    )
    yield Step(f"UPDATE {orders} SET amount = 0 WHERE id = 3", own, orders)
    yield Step(rewrite, own, orders)
    yield Step(f"DELETE FROM {orders} WHERE id = 1", own, orders)
    yield Step(f"INSERT OVERWRITE {features} {twice} {orders}", own, features)
    back = f"CALL ice.system.rollback_to_snapshot('shop.orders', {{{orders}@1}})"
    yield Step(back, {}, None)
    yield Step(f"INSERT INTO {features} {twice} {orders}", own, features)
    yield Step("CALL ice.system.fast_forward('shop.features', 'main', 'main')", {}, None)


def delta_story() -> Iterator[Step]:
    """Give the same for Delta tables."""
    place = "delta.`{delta}/orders`"
    target = "delta.`{delta}/features`"
    orders, features = "delta.orders", "delta.features"
    own = {orders: HEAD}
    merge = (
        f"MERGE INTO {place} t USING (SELECT 2 AS id, 20.0 AS amount UNION ALL SELECT 7, 7.0) s"
        " ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    twice = "SELECT id, amount * 2 AS twice FROM"
    create = (
        "(id BIGINT, amount DOUBLE) USING delta"
        " TBLPROPERTIES ('delta.enableDeletionVectors'='true')"
    )
    yield Step(f"CREATE TABLE {place} {create}", {}, orders)
    yield Step(f"INSERT INTO {place} VALUES (1, 1.0), (2, 2.0), (3, 3.0)", {}, orders)
    yield Step(f"INSERT INTO {place} VALUES (4, 4.0), (5, 5.0)", {}, orders)
    yield Step(f"CREATE TABLE {target} USING delta AS {twice} {place}", own, features)
    yield Step(merge, own, orders)
    yield Step(f"INSERT INTO {target} {twice} {place}", own, features)
    yield Step(f"INSERT INTO {target} {twice} {place} VERSION AS OF 1", {orders: "@1"}, features)
    # No UPDATE: Iceberg's extension takes it for one of its own tables, and fails.
    yield Step(f"OPTIMIZE {place}", own, orders)
    yield Step(f"DELETE FROM {place} WHERE id = 1", own, orders)
    yield Step(f"RESTORE TABLE {place} TO VERSION AS OF 2", {orders: "@2"}, orders)
    yield Step(f"INSERT OVERWRITE {target} {twice} {place}", own, features)
    clone = "delta.`{delta}/copy`"
    yield Step(f"CREATE TABLE {clone} SHALLOW CLONE {place} VERSION AS OF 2", {}, None)


def joined_story() -> Iterator[Step]:
    """Give runs that read tables of both formats, or the table that they write."""
    sql = (
        f"CREATE TABLE {ICE}.joined USING iceberg AS SELECT a.id, a.amount, b.twice"
        f" FROM {ICE}.orders a JOIN delta.`{{delta}}/features` b ON a.id = b.id"
    )
    yield Step(sql, {f"{ICE}.orders": HEAD, "delta.features": HEAD}, f"{ICE}.joined")
    again = sql.replace(f"CREATE TABLE {ICE}.joined USING iceberg AS", f"INSERT INTO {ICE}.joined")
    yield Step(again, {f"{ICE}.orders": HEAD, "delta.features": HEAD}, f"{ICE}.joined")
    itself = f"INSERT INTO {ICE}.joined SELECT * FROM {ICE}.joined"
    yield Step(itself, {f"{ICE}.joined": HEAD}, f"{ICE}.joined")
