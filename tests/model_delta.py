"""The world of the model with real tables: Delta logs in a folder, harvested from there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import polars as pl

import delta_logs
from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from model_tables import MemoryTable
from model_world import Seen, World
from snapshots.instant import Instant
from snapshots.snapshot import Effect
from temporal_lineage.session import Session

LAKE_OPS = ("create", "commit", "run", "drop")
"""What can happen to these tables: their names lie where they lie, and they keep their logs."""

_OPERATIONS = {
    Effect.APPEND: delta_logs.commit_info("WRITE", operationParameters={"mode": "Append"}),
    Effect.OVERWRITE: delta_logs.commit_info("WRITE", operationParameters={"mode": "Overwrite"}),
    Effect.REPLACE: delta_logs.commit_info("OPTIMIZE"),
}


class DeltaWorld(World):
    """A folder catalog; a table whose place was used once is not made there again."""

    def __init__(self, home: Path, ledger: str, *, name: str, start: Instant) -> None:
        """Keep the tables beside the home."""
        self._lake = home.parent / name
        self._lake.mkdir()
        place = {"location": str(self._lake)}
        Configuration(home).add(CatalogEntry(name, CatalogKind.FOLDER, place, "test"))
        super().__init__(home, ledger, name=name, start=start)

    def create(self, name: str, at: Instant) -> None:
        """Make a table with a first commit, where none ever was."""
        path = self._lake / "s" / name.rpartition(".")[2]
        if any(one.location == str(path) for one in self.tables.values()):
            return
        table = MemoryTable(f"{self.name}-{len(self.tables)}")
        table.location = str(path)
        self.tables[table.uuid] = self.names[name] = table
        self.commit(table, Effect.APPEND, at, choice=0, run="")

    def leave(self, table: MemoryTable, kind: str, name: str) -> None:
        """Remove the folder: a table that lies elsewhere is not known to be the same."""
        del kind
        super().leave(table, "drop", name)
        shutil.rmtree(table.location)

    def new_id(self, table: MemoryTable) -> int:
        """Give the next version."""
        return len(table.snapshots)

    def commit(
        self, table: MemoryTable, effect: Effect, at: Instant, *, choice: int, run: str
    ) -> None:
        """Write a commit file with what the commit adds and removes."""
        effect = effect if effect in _OPERATIONS else Effect.APPEND
        before = table.states[table.head] if table.head is not None else frozenset()
        version = self.new_id(table)
        super().commit(table, effect, at, choice=choice, run=run)
        after = table.states[version]
        info = _OPERATIONS[effect]["commitInfo"] | ({"run-id": run} if run else {})
        actions: list[delta_logs.Action] = [{"commitInfo": info | {"written": str(at)}}]
        if version == 0:
            actions += [delta_logs.protocol(), delta_logs.metadata(table_id=table.uuid)]
        changes = effect is not Effect.REPLACE
        actions += [delta_logs.remove(one, dataChange=changes) for one in sorted(before - after)]
        actions += [
            delta_logs.add(one, dataChange=changes, **self.file(table, one, before - after))
            for one in sorted(after - before)
        ]
        delta_logs.write(Path(table.location), version, *actions, millis=at.micros // 1000)

    def file(self, table: MemoryTable, key: str, gone: Collection[str]) -> dict[str, int]:
        """Write a file beside the log, and give its measures; here there are none."""
        del table, key, gone
        return {}

    def harvest(
        self,
        session: Session,
        names: Sequence[str],
        *,
        whole: bool,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Harvest as people do: the catalog by its name, or tables by theirs."""
        del meanwhile
        report = session.harvest([self.name] if whole else names)
        assert [one for one in report.tables if one.error is not None] == []
        listing = {name: self.names[name].uuid for name in names}
        memories = {uuid: self.tables[uuid].memory() for uuid in listing.values()}
        self.told.append(Seen(self.now, self.now, listing, whole, memories))


class RowsWorld(DeltaWorld):
    """The same with real rows: of each commit a number that no other one has."""

    def __init__(self, home: Path, ledger: str, *, name: str, start: Instant) -> None:
        """Begin without rows."""
        self.rows: dict[str, frozenset[int]] = {}
        super().__init__(home, ledger, name=name, start=start)

    def file(self, table: MemoryTable, key: str, gone: Collection[str]) -> dict[str, int]:
        """Write the row of a commit; a compaction writes those of the files that it removes."""
        commit = table.snapshots[table.writers[key]]
        own = frozenset([len(self.rows)])
        held = frozenset(row for one in gone for row in self.rows[one])
        self.rows[key] = held if commit.effect is Effect.REPLACE else own
        path = Path(table.location) / key
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame({"a": sorted(self.rows[key])}).write_parquet(path)
        return {"rows": len(self.rows[key]), "size": path.stat().st_size}
