"""Staged commits of catalog-managed Delta tables count once somebody says they were accepted."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from catalogs.catalog import open_catalog, open_path
from catalogs.configuration import CatalogEntry, CatalogKind
from catalogs.delta.source import DeltaSource
from catalogs.storage import Storage
from delta_logs import add, commit_info, metadata, protocol, write, write_named
from snapshots.commit_point import LostPoint
from snapshots.errors import UnreadableError
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.snapshot import InstantSource

GAP = "staged commits of version"


def test_staged_commits_wait_for_the_catalog_of_their_table(tmp_path: Path) -> None:
    _managed(tmp_path)
    _staged(tmp_path, 1, 1)
    history = _history(tmp_path)
    assert _versions(history) == [0]
    (gap,) = _waiting(history)
    assert gap.startswith("staged commits of version 1: whether they were accepted only the table")
    write(tmp_path, 1, commit_info("WRITE", inCommitTimestamp=2000), add("f1"))
    published = _history(tmp_path, known=history)
    assert _versions(published) == [0, 1]
    assert _waiting(published) == []


def test_staged_commits_that_are_named_as_ratified_are_versions(tmp_path: Path) -> None:
    _managed(tmp_path)
    lost = _staged(tmp_path, 1, 1, file="lost")
    won = _staged(tmp_path, 1, 2)
    _staged(tmp_path, 2, 3)
    before = _source(tmp_path).head()
    source = _source(tmp_path, won)
    assert source.head() != before
    history = source.history(known=None)
    assert _versions(history) == [0, 1]
    assert _waiting(history)[0].startswith("staged commits of version 2: ")
    point = history.head()
    assert point is not None
    assert point.at == Instant.from_millis(2000)
    assert point.source is InstantSource.IN_COMMIT
    assert point.witness == f"_staged_commits/{won}"
    assert _files(source) == ["f1"]
    with pytest.raises(UnreadableError, match="two commits of version 1"):
        _source(tmp_path, won, lost).head()


def test_a_ratified_commit_stays_what_it_is_once_it_is_published(tmp_path: Path) -> None:
    _managed(tmp_path)
    name = _staged(tmp_path, 1, 1)
    source = _source(tmp_path, name)
    history = source.history(known=None)
    kept = list(source.raw_commits(history, skip=()))
    assert f"_staged_commits/{name}" in {one.witness for one in kept}
    body = tmp_path / "_delta_log" / "_staged_commits" / name
    body.rename(tmp_path / "_delta_log" / f"{1:020}.json")
    later = _source(tmp_path, name)
    again = later.history(known=history)
    assert [one.snapshot_id for one in again.snapshots] == [0, 1]
    assert _waiting(again) == []
    assert _files(later) == ["f1"]


def test_a_ratified_commit_does_not_stand_in_for_those_before_it(tmp_path: Path) -> None:
    _managed(tmp_path)
    _staged(tmp_path, 1, 1)
    name = _staged(tmp_path, 2, 2)
    with pytest.raises(UnreadableError, match="the log lacks version 1"):
        _source(tmp_path, name).history(known=None)


def test_a_catalog_of_tables_hands_its_ratified_commits_on(tmp_path: Path) -> None:
    root = tmp_path / "lake" / "orders"
    _managed(root)
    name = _staged(root, 1, 1)
    told = {"location": str(tmp_path / "lake"), "ratified-commits": f"another.json, {name}"}
    catalog = open_catalog(CatalogEntry("lake", CatalogKind.FOLDER, told, "here"))
    (table,) = catalog.tables()
    assert _versions(catalog.table(table).history(known=None)) == [0, 1]
    opened = open_path(str(root), {"ratified-commits": name})
    assert _versions(opened.history(known=None)) == [0, 1]


def _managed(root: Path) -> None:
    told = metadata(delta_enableInCommitTimestamps="true")
    made = commit_info("CREATE TABLE", inCommitTimestamp=1000)
    write(root, 0, made, protocol("catalogManaged"), told)


def _staged(root: Path, version: int, number: int, *, file: str | None = None) -> str:
    name = f"{version:020}.{UUID(int=number)}.json"
    told = commit_info("WRITE", inCommitTimestamp=1000 + version * 1000)
    write_named(root, f"_staged_commits/{name}", told, add(file or f"f{version}"))
    return name


def _source(root: Path, *ratified: str) -> DeltaSource:
    options = {"ratified-commits": ",".join(ratified)}
    return DeltaSource(str(root), storage=Storage({}), options=options)


def _history(root: Path, *, known: TableHistory | None = None) -> TableHistory:
    return _source(root).history(known=known)


def _versions(history: TableHistory) -> list[int]:
    assert not any(isinstance(one, LostPoint) for one in history.chain)
    return [one.snapshot_id for one in history.snapshots]


def _waiting(history: TableHistory) -> list[str]:
    return [gap.what for gap in history.gaps if gap.what.startswith(GAP)]


def _files(source: DeltaSource) -> list[str]:
    state = source.state(1, kept=())
    return [one.path.rpartition("/")[2] for one in state.files]  # type: ignore[union-attr]
