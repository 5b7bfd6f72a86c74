"""Iceberg tables that were copied elsewhere are read from where they are; nothing is guessed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest

from catalogs.iceberg.metadata import TableMetadata, decode_metadata
from catalogs.iceberg.relocation import Relocation, relocation_of
from catalogs.iceberg.source import IcebergSource
from catalogs.iceberg.state import IcebergState
from catalogs.moved import Moved, normal
from catalogs.storage import Storage
from iceberg_files import metadata, write_commits, write_parquet, write_table
from iceberg_lake import lake, newest, orders, rows
from snapshots.commit_point import CommitPoint, LostPoint
from snapshots.errors import UnreadableError

IDS = {"id": 1}


@pytest.mark.parametrize(
    ("location", "written"),
    [
        ("s3a://lake/t/", "s3://lake/t"),
        ("S3N://lake/t", "s3://lake/t"),
        ("file:///lake/t", "/lake/t"),
        ("file:/lake/t", "/lake/t"),
        ("/lake/t/", "/lake/t"),
        ("./lake/t", "lake/t"),
        ("file://lake/t", "lake/t"),
        ("abfss://c@acct.dfs.core.windows.net/t", "abfss://c@acct.dfs.core.windows.net/t"),
    ],
)
def test_each_location_is_written_one_way(location: str, written: str) -> None:
    assert normal(location) == written


def test_a_copied_table_is_read_from_its_copy(tmp_path: Path) -> None:
    with lake(tmp_path / "old") as catalog:
        table = orders(catalog)
        table.append(rows(1))
        table.append(rows(2))
    shutil.copytree(tmp_path / "old" / "shop" / "orders", tmp_path / "new")
    shutil.rmtree(tmp_path / "old")
    source = _source(tmp_path / "new" / "metadata" / Path(table.metadata_location).name)
    assert source.location == str(tmp_path / "new")
    history = source.history(known=None)
    assert all(isinstance(point, CommitPoint) for point in history.chain)
    assert [len(one.added) for one in source.commit_files(history, skip=())] == [1, 1]
    state = source.state(newest(table), kept=())
    assert isinstance(state, IcebergState)
    assert state.missing() == ()
    assert state.batches(columns=None).read_all().num_rows == 2
    assert all(file.path.startswith(str(tmp_path / "new")) for file in state.files)
    assert all(file.key.startswith(str(tmp_path / "old")) for file in state.files)


def test_a_copy_of_the_metadata_alone_reads_the_data_where_it_was(tmp_path: Path) -> None:
    with lake(tmp_path / "lake") as catalog:
        table = orders(catalog)
        table.append(rows(1))
    copy = tmp_path / "backup" / Path(table.metadata_location).name
    copy.parent.mkdir()
    shutil.copy(table.metadata_location, copy)
    state = _source(copy).state(newest(table), kept=())
    assert isinstance(state, IcebergState)
    assert state.batches(columns=None).read_all().num_rows == 1


def test_a_table_in_place_is_not_searched(tmp_path: Path) -> None:
    path = write_table(tmp_path, [_data(tmp_path / "data" / "one.parquet")])
    for told in (f"file://{path}", f"file:{path}", path, os.path.relpath(path)):
        source = (
            _source(Path(path))
            if told == path
            else IcebergSource(told, storage=Storage({}), properties={})
        )
        assert source.location == str(tmp_path)
        assert source.history(known=None).chain[0].witness == path


def test_metadata_kept_outside_the_table_is_in_place_where_the_table_says_so(
    tmp_path: Path,
) -> None:
    told = {"write.metadata.path": str(tmp_path / "elsewhere")}
    read = _decoded(metadata(1, location="/lake/t", properties=told))
    moved = relocation_of(
        f"{tmp_path}/elsewhere/v1.metadata.json", read, moved=Moved({}), storage=Storage({})
    )
    assert (moved.root, moved.is_moved) == ("/lake/t", False)


def test_a_prefix_that_only_paths_have_is_learned_from_whole_paths(tmp_path: Path) -> None:
    found = _moved(tmp_path, ["metadata/m.avro", "data/p=1/a.parquet"])
    assert found.find("data/persistent/t/metadata/m.avro") == f"{tmp_path}/metadata/m.avro"
    assert found.find("data/persistent/t/data/p=1/a.parquet") == f"{tmp_path}/data/p=1/a.parquet"


def test_a_file_that_is_not_there_is_never_taken_for_its_namesake(tmp_path: Path) -> None:
    found = _moved(tmp_path, ["metadata/m.avro", "data/p=1/000000_0"])
    found.find("s3://old/t/metadata/m.avro")
    for path in ("s3://old/t/data/p=2/000000_0", "/lake/t/data/p=2/000000_0"):
        assert found.find(path) == path


def test_a_name_alone_and_a_path_with_two_meanings_are_left_as_recorded(tmp_path: Path) -> None:
    found = _moved(tmp_path, ["000000_0", "data/f", "old/data/f"])
    assert found.find("s3://x/p=1/000000_0") == "s3://x/p=1/000000_0"
    assert found.find("s3://x/old/data/f") == "s3://x/old/data/f"


def test_what_was_told_goes_first_and_the_longest_prefix_wins(tmp_path: Path) -> None:
    told = {"s3a://a": "/one", "s3://a/b": "/two/"}
    found = _moved(tmp_path, ["b/f"], told=told)
    assert found.find("s3://a/b/f") == "/two/f"
    assert found.find("s3n://a/c/f") == "/one/c/f"
    assert found.find("s3://ab/f") == "s3://ab/f"


def test_files_beside_a_moved_table_are_found_where_its_folder_moved_to(tmp_path: Path) -> None:
    (tmp_path / "aside").mkdir()
    (tmp_path / "aside" / "f").write_text("")
    moved = Relocation(
        root=f"{tmp_path}/shop/t",
        recorded_root="s3://old/shop/t",
        moved=Moved({}),
        storage=Storage({}),
    )
    assert moved.find("s3://old/aside/f") == f"{tmp_path}/aside/f"
    assert moved.find("s3://old/aside/g") == "s3://old/aside/g"
    renamed = Relocation(
        root=f"{tmp_path}/shop/u",
        recorded_root="s3://old/shop/t",
        moved=Moved({}),
        storage=Storage({}),
    )
    assert renamed.find("s3://old/aside/f") == "s3://old/aside/f"


def test_data_outside_the_table_is_found_where_the_caller_says(tmp_path: Path) -> None:
    data = _data(tmp_path / "aside" / "one.parquet") | {"file_path": "s3://old/aside/one.parquet"}
    path = write_table(tmp_path / "t", [data])
    source = IcebergSource(
        path,
        storage=Storage({"relocate": f"s3://old={tmp_path}"}),
        properties={},
    )
    state = source.state(1, kept=())
    assert isinstance(state, IcebergState)
    assert state.batches(columns=None).read_all().num_rows == 2


def test_a_moved_tables_old_storage_is_not_asked_for_its_old_metadata(tmp_path: Path) -> None:
    write_commits(tmp_path, {"at": 1}, {"at": 2})
    head = tmp_path / "metadata" / "00001-00000001.metadata.json"
    head.write_text(head.read_text().replace(str(tmp_path), "hdfs://gone:8020/lake"))
    (tmp_path / "metadata" / "00000-00000000.metadata.json").unlink()
    history = _source(head).history(known=None)
    assert isinstance(history.chain[0], LostPoint)
    assert history.gaps[0].what.endswith("where the table is now")


def test_a_table_behind_a_url_is_read_through_the_same_door(tmp_path: Path) -> None:
    remote = fsspec.filesystem("memory")
    write_commits(tmp_path, {"at": 1}, {"at": 2})
    data = _data(tmp_path / "data" / "one.parquet")
    path = Path(write_table(tmp_path, [data], metadata_log=[]))
    path.rename(tmp_path / "metadata" / "00002-a.metadata.json")
    for file in tmp_path.rglob("*"):
        if file.is_file():
            remote.pipe(f"/orders/{file.relative_to(tmp_path)}", file.read_bytes())
    shutil.rmtree(tmp_path)
    try:
        source = IcebergSource(
            "memory://orders/metadata/00002-a.metadata.json", storage=Storage({}), properties={}
        )
        history = source.history(known=None)
        assert [point.position for point in history.chain] == [0, 1, 2]
        state = source.state(1, kept=())
        assert isinstance(state, IcebergState)
        assert state.missing() == ()
        assert state.batches(columns=None).read_all().num_rows == 2
    finally:
        remote.rm("/orders", recursive=True)


def test_a_place_that_cannot_be_read_is_an_error_that_names_it() -> None:
    with pytest.raises(UnreadableError, match="nosuch://place"):
        IcebergSource(
            "nosuch://place/metadata/v1.metadata.json", storage=Storage({}), properties={}
        ).history(known=None)


def _data(path: Path) -> dict[str, object]:
    return write_parquet(path, pa.table({"id": pa.array([1, 2], pa.int64())}), ids=IDS)


def _moved(root: Path, files: list[str], told: Mapping[str, str] | None = None) -> Relocation:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    return Relocation(
        root=str(root), recorded_root="/lake/t", moved=Moved(told or {}), storage=Storage({})
    )


def _decoded(content: dict[str, object]) -> TableMetadata:
    return decode_metadata(json.dumps(content).encode(), location="x")


def _source(path: Path) -> IcebergSource:
    return IcebergSource(str(path), storage=Storage({}), properties={})
