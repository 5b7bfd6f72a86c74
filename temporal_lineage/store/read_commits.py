"""Questions about commits: where states stand, whose rows and which files live in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from snapshots.instant import Instant
from temporal_lineage.facts import AsOf
from temporal_lineage.store.commits import Contribution, FileLife
from temporal_lineage.store.read_base import Reads, listed, listed_texts
from temporal_lineage.store.records import Containing, Contributor, LiveFile, Placed
from temporal_lineage.store.runner import Parameters, Row

if TYPE_CHECKING:
    from snapshots.files import DataFile

STATES_MAX = 100_000
"""How many states a question about commits gives at most, unless told."""

LivingCommit = tuple[int, str, str, int, str, str | None]
"""Commit, certainty, the three parts of its name, and the JSON text of a claim about it.

The commit is 0 for rows older than the history; the claim is None where nothing holds.
"""


class CommitReads(Reads):
    """Stab the lines of tables: states by commit, commits and files by state."""

    def place(self, *, node_id: int) -> Placed | None:
        """Give where a state stands; None where its table's lines were never worked out."""
        return self.places(node_ids=[node_id]).get(node_id)

    def places(self, *, node_ids: Iterable[int]) -> dict[int, Placed]:
        """Give where states stand; those without a place are left out."""
        rows = self._runner.rows("places", {"nodes": listed(node_ids)})
        return {row[0]: _placed(row) for row in rows}

    def placed(self, *, dataset_id: int) -> list[Placed]:
        """Give every placed state of a dataset, line by line, in commit order."""
        rows = self._runner.rows("placed", {"dataset_id": dataset_id})
        return [_placed(row) for row in rows]

    def contributions_to(self, *, node_ids: Iterable[int], system: Instant) -> list[Contributor]:
        """Give the commits whose rows live in the states, as known then. DESIGN 4.3."""
        tx = self.tx_at(system=system)
        rows = self._runner.rows("contributions_to", {"nodes": listed(node_ids), "tx": tx})
        return [*map(Contributor._make, rows)]

    def provenance_of(self, *, node_id: int, kind: str, as_of: AsOf) -> list[LivingCommit]:
        """Give the commits whose rows live in one state, each named, with an attribute of it.

        In one statement: of many states, `contributions_to` is asked and what they share then
        looked up once.
        """
        parameters: Parameters = {"node_id": node_id, "kind": kind, **self._point(as_of)}
        return self._runner.rows("provenance_of", parameters)

    def states_containing(
        self, *, commit_ids: Iterable[int], system: Instant, limit: int = STATES_MAX
    ) -> list[Containing]:
        """Give the states that hold rows of the commits and are the source of some edge.

        At most `limit`; as many as that means there may be more.
        """
        return self._containing("read_states_containing", commit_ids, system, limit)

    def all_states_containing(
        self, *, commit_ids: Iterable[int], system: Instant, limit: int = STATES_MAX
    ) -> list[Containing]:
        """Give the states that hold rows of the commits, whether anybody read them or not."""
        return self._containing("states_containing", commit_ids, system, limit)

    def live_files(self, *, node_id: int) -> list[LiveFile]:
        """Give the files a state is made of, oldest first.

        Empty also where they are not known: ask `place` for `files_known`.
        """
        rows = self._runner.rows("live_files", {"node_id": node_id})
        return [LiveFile(_data_file(*row[:6]), row[6]) for row in rows]

    def file_lives(self, *, dataset_id: int) -> list[FileLife]:
        """Give every life of every file of a dataset, in no order."""
        return self.file_lives_of_tables(dataset_ids=[dataset_id])

    def file_lives_of_tables(self, *, dataset_ids: Iterable[int]) -> list[FileLife]:
        """Give the same of several datasets."""
        rows = self._runner.rows("file_lives", {"datasets": listed(dataset_ids)})
        return [FileLife(row[10], _data_file(*row[:6]), *row[6:10]) for row in rows]

    def file_lives_at(self, *, dataset_id: int, line: int, position: int) -> list[FileLife]:
        """Give the lives of the files of one state, by where it stands, in no order."""
        parameters = {"dataset_id": dataset_id, "line": line, "position": position}
        rows = self._runner.rows("file_lives_at", parameters)
        return [FileLife(dataset_id, _data_file(*row[:6]), *row[6:]) for row in rows]

    def file_lives_of(
        self, *, dataset_id: int, keys: Iterable[str]
    ) -> Iterator[tuple[FileLife, int]]:
        """Yield every life of some files, in no order, each with the transaction that told it."""
        from temporal_lineage.store.digest import digest
        from temporal_lineage.store.write_base import batches

        for batch in batches([digest(key.encode()) for key in keys]):
            parameters: Parameters = {"dataset_id": dataset_id, "digests": listed_texts(batch)}
            for row in self._runner.rows("file_lives_of", parameters):
                yield FileLife(dataset_id, _data_file(*row[:6]), *row[6:10]), row[10]

    def contributions_at(self, *, dataset_id: int, line: int, position: int) -> list[Contribution]:
        """Give the contributions to one state, by where it stands, in no order."""
        parameters = {"dataset_id": dataset_id, "line": line, "position": position}
        rows = self._runner.rows("contributions_at", parameters)
        return [Contribution(*row) for row in rows]

    def placed_versions(self, *, dataset_id: int) -> list[tuple[str, Placed]]:
        """Give every placed state as `placed` does, each with the name of its version."""
        return self.placed_versions_of(dataset_ids=[dataset_id])

    def placed_versions_of(self, *, dataset_ids: Iterable[int]) -> list[tuple[str, Placed]]:
        """Give the same of several datasets, one after the other."""
        rows = self._runner.rows("placed_versions", {"datasets": listed(dataset_ids)})
        return [(row[0], _placed(row[1:])) for row in rows]

    def has_files(self, *, dataset_id: int) -> bool:
        """Tell whether the files of any state of a dataset are known."""
        return bool(self._runner.rows("with_files", {"dataset_id": dataset_id, "limit": 1}))

    def harvested_last(self, *, dataset_id: int) -> int:
        """Give the number of a dataset's last harvest, under whatever name; 0 where it had none."""
        rows = self._runner.rows("harvested_last", {"dataset_id": dataset_id})
        return rows[0][0] if rows else 0

    def harvest_rules(self, *, harvest_id: int) -> str:
        """Give what was noted with a harvest; empty where there was no such harvest."""
        rows = self._runner.rows("harvest_rules", {"harvest_id": harvest_id})
        return str(rows[0][0]) if rows else ""

    def snapshots_known(self, *, dataset_id: int) -> int:
        """Count the snapshots that were ever known of a table, without reading them."""
        ((count,),) = self._runner.rows("snapshots_known", {"dataset_id": dataset_id})
        return int(count)

    def contribution_rows(self, *, dataset_id: int) -> list[Contribution]:
        """Give every contribution to states of a dataset, in no order."""
        rows = self._runner.rows("contribution_rows", {"dataset_id": dataset_id})
        return [Contribution(*row) for row in rows]

    def _containing(
        self, name: str, commit_ids: Iterable[int], system: Instant, limit: int
    ) -> list[Containing]:
        tx = self.tx_at(system=system)
        parameters: Parameters = {"commits": listed(commit_ids), "tx": tx, "limit": limit}
        rows = self._runner.rows(name, parameters)
        before = self._runner.rows("former_states_containing", parameters)
        return [Containing(*row) for row in (*rows, *before)][:limit]


def _data_file(
    key: str, path: str, content: str, size_bytes: int, rows: int | None, masks: str | None
) -> DataFile:
    # Questions about files only need it, and defining its classes takes a question's time.
    from snapshots.files import DataFile, FileContent

    return DataFile(key or path, path, FileContent(content), size_bytes, rows, masks)


def _placed(row: Row) -> Placed:
    node_id, dataset_id, line, position, files_known = row
    return Placed(node_id, dataset_id, line, position, bool(files_known))
