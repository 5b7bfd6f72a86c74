"""Writing what is derived from the formats: places of states, contributions, lives of files."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

from temporal_lineage.store.commits import (
    OPEN,
    Contribution,
    ContributionEnd,
    FileEnd,
    FileLife,
    Place,
)
from temporal_lineage.store.digest import digest
from temporal_lineage.store.write_base import Writes

F = TypeVar("F", FileLife, FileEnd)


class CommitWrites(Writes):
    """Add to a table's lines; the only thing ever changed is where something open stops.

    But for lines that were assumed while no file could be read: see `set_aside`.
    """

    def places(self, places: Iterable[Place]) -> int:
        """Place states in their table's lines; those placed already stay. Returns how many."""
        wanted = {place.node_id: place for place in places}
        placed = self.reader.places(node_ids=wanted)
        new = [place for place in wanted.values() if place.node_id not in placed]
        read = {
            node_id
            for (node_id,) in self._found("sources_among", "nodes", (one.node_id for one in new))
        }
        rows = [
            (*one[:4], int(one.files_known), int(one.node_id in read), self._stamped())
            for one in new
        ]
        columns = (
            *("node_id", "dataset_id", "line", "position"),
            *("files_known", "was_read", "tx_id"),
        )
        self._session.insert("place", columns, rows)
        return len(new)

    def set_aside(self, dataset_id: int) -> None:
        """Take the states of a dataset out of their lines, so that they can be placed anew.

        What was known of them until now can still be asked for as it was known. Only for a
        dataset without file facts, of which nothing but assumptions can be lost.
        """
        of, tx = f"WHERE dataset_id = {dataset_id}", self._stamped()
        columns = "node_id, dataset_id, line, position, tx_id"
        self._session.run(
            f"INSERT INTO former_place ({columns}, until_tx)"
            f" SELECT node_id, dataset_id, -line, position, tx_id, {tx} FROM place {of}"
        )
        self._session.run(f"UPDATE contribution SET line = -line {of}")
        self._session.run(f"DELETE FROM place {of}")

    def contributions(
        self, *, opened: Iterable[Contribution], closed: Iterable[ContributionEnd]
    ) -> int:
        """Say where commits' rows begin and cease to live; returns how many began.

        First the old ones are closed, then the new ones opened.
        """
        ends = [(end.stop, end.dataset_id, end.commit_id, end.line, OPEN) for end in closed]
        self._session.update(
            "contribution", ("stop",), ("dataset_id", "commit_id", "line", "stop"), ends
        )
        new = [(*one, self._stamped()) for one in opened]
        columns = ("dataset_id", "commit_id", "line", "start", "stop", "certainty", "tx_id")
        self._session.insert("contribution", columns, new)
        return len(new)

    def file_lives(self, *, opened: Iterable[FileLife], closed: Iterable[FileEnd]) -> int:
        """Say where files enter and leave a table's states; returns how many entered.

        First the old ones are closed, then the new ones opened.
        """
        ends = []
        for dataset_id, group in _by_dataset(closed):
            ids = self._file_ids(dataset_id, (end.key for end in group))
            ends += [(end.stop, ids[end.key], end.line, OPEN) for end in group if end.key in ids]
        self._session.update("file_life", ("stop",), ("file_id", "line", "stop"), ends)
        new = []
        for dataset_id, lives in _by_dataset(opened):
            ids = self._files(dataset_id, lives)
            new += [
                (
                    ids[life.file.key],
                    life.line,
                    life.start,
                    dataset_id,
                    life.stop,
                    life.origin_id,
                    self._stamped(),
                )
                for life in lives
            ]
        columns = ("file_id", "line", "start", "dataset_id", "stop", "origin_id", "tx_id")
        self._session.insert("file_life", columns, new)
        return len(new)

    def _files(self, dataset_id: int, lives: list[FileLife]) -> dict[str, int]:
        """Give the numbers of files by key; new ones are made."""
        files = {life.file.key: life.file for life in lives}
        ids = self._file_ids(dataset_id, files)
        new = {key: self._next("file") for key in files if key not in ids}
        rows = []
        for key, number in new.items():
            file = files[key]
            # Most formats count files by path: then the key is not written twice.
            told = "" if key == file.path else key
            rows.append(
                (
                    number,
                    dataset_id,
                    digest(key.encode()),
                    told,
                    file.path,
                    file.content.value,
                    file.size_bytes,
                    file.rows,
                    file.masks,
                )
            )
        columns = (
            *("file_id", "dataset_id", "digest", "key", "path", "content"),
            *("size_bytes", "row_count", "masks"),
        )
        self._session.insert("file", columns, rows)
        return {**ids, **new}

    def _file_ids(self, dataset_id: int, keys: Iterable[str]) -> dict[str, int]:
        digests = {digest(key.encode()): key for key in keys}
        found = self._found("files_by_digest", "digests", digests, dataset_id=dataset_id)
        return {digests[mark]: number for mark, number in found}


def _by_dataset(items: Iterable[F]) -> list[tuple[int, list[F]]]:
    ordered = sorted(items, key=attrgetter("dataset_id"))
    return [
        (dataset_id, list(group))
        for dataset_id, group in groupby(ordered, attrgetter("dataset_id"))
    ]
