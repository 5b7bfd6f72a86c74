"""Recovered tables: a past state as a table of its own has the state's rows, for every reader."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.table import StaticTable
from pyiceberg.transforms import IdentityTransform

from catalogs.catalog import open_path
from catalogs.delta.source import DeltaSource
from catalogs.iceberg.source import IcebergSource
from catalogs.iceberg.state import IcebergState
from catalogs.storage import Storage
from catalogs.table import NewTable, TableSource, TableState
from reproduce_lake import Lake, current, local
from snapshots.availability import Gone, LogTruncated
from snapshots.errors import TemporalLineageError, UnsupportedError
from snapshots.files import FileContent
from snapshots.instant import Instant

NOWHERE = {"s3.endpoint": "http://127.0.0.1:1", "s3.region": "none", "s3.connect-timeout": "1"}
STATES_EACH = 1
"""So many of the newest states of each table of the corpus are made into tables."""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.mark.parametrize("copy_files", [False, True])
def test_an_iceberg_state_without_any_metadata_becomes_a_table_for_other_engines(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, *, copy_files: bool
) -> None:
    monkeypatch.setenv("POLARS_ICEBERG_PLANNER", "pyiceberg")
    version = _lost_iceberg(lake)
    out = lake.root / "out"

    answer = lake.session.recover(f"lake.raw.orders@{version}", into=out, copy_files=copy_files)

    assert answer.made is not None
    assert answer.made.entry == "metadata/v1.metadata.json"
    assert answer.made.copied == (3 if copy_files else 0)
    table = StaticTable.from_metadata(f"file://{out}/metadata/v1.metadata.json")
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [0, 0, 0, 1, 1, 1, 2, 2]
    assert table.scan(row_filter="id = 2").to_arrow().num_rows == 2
    assert pl.scan_iceberg(table).collect().height == 8
    assert _rows(str(out)) == [0, 0, 0, 1, 1, 1, 2, 2]
    assert (_current_id(table), table.properties.get("gc.enabled")) == (
        int(version),
        None if copy_files else "false",
    )
    if copy_files:
        shutil.rmtree(lake.root / "warehouse")
        assert _rows(str(out)) == [0, 0, 0, 1, 1, 1, 2, 2]
    else:
        assert any("files stay in" in doubt for doubt in answer.doubts)


@pytest.mark.parametrize("copy_files", [False, True])
def test_a_delta_version_without_any_log_becomes_a_table_for_other_engines(
    lake: Lake, *, copy_files: bool
) -> None:
    for rows in (3, 2):
        lake.write_delta(rows=rows)
    lake.delta_table().delete("id = 1")
    lake.harvest()
    shutil.rmtree(lake.delta / "orders" / "_delta_log")
    out = lake.root / "out"

    answer = lake.session.recover("delta.orders@2", into=out, copy_files=copy_files)

    assert answer.made is not None
    assert sorted(pl.DataFrame(DeltaTable(out).scan())["id"]) == [0, 0, 2]
    assert _rows(str(out)) == [0, 0, 2]
    assert any("absolute paths" in doubt for doubt in answer.doubts) != copy_files
    if copy_files:
        shutil.rmtree(lake.delta)
        assert sorted(pl.read_delta(str(out))["id"]) == [0, 0, 2]
        assert sorted(DeltaTable(out).to_pyarrow_table()["id"].to_pylist()) == [0, 0, 2]


def test_a_recovered_delta_table_is_known_as_a_clone_of_the_state_it_was(lake: Lake) -> None:
    for rows in (3, 2):
        lake.write_delta(rows=rows)
    lake.harvest()
    lake.session.recover("delta.orders@0", into=lake.delta / "back", copy_files=True)
    lake.harvest()

    (edge,) = lake.session.upstream("delta.back@0").edges
    assert (edge.source, edge.grade) == ("delta.orders@0", "exact")


def test_partitions_are_kept_so_that_other_engines_prune_by_them(lake: Lake) -> None:
    spec = PartitionSpec(
        PartitionField(1, 1000, IdentityTransform(), "id"),
        PartitionField(2, 1001, IdentityTransform(), "the name"),
    )
    made = lake.iceberg("plain")
    table = lake.catalog.create_table("raw.parted", schema=made.schema(), partition_spec=spec)
    version = lake.append(table, rows=9)
    lake.harvest()
    out = lake.root / "out"
    lake.session.recover(f"lake.raw.parted@{version}", into=out)

    again = StaticTable.from_metadata(f"file://{out}/metadata/v1.metadata.json")
    assert again.spec() == table.spec()
    one = again.scan(row_filter="name = 'order 4'")
    assert [row["id"] for row in one.to_arrow().to_pylist()] == [4]
    assert len(list(one.plan_files())) == 1


def test_what_cannot_be_brought_back_makes_no_folder_and_says_why(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    lake.write_delta(rows=3)
    lake.write_delta(rows=2, mode="overwrite")
    lake.harvest()
    lake.vacuum()
    out = lake.root / "out"

    assert lake.tl_status("recover", "delta.orders@0", "--into", str(out)) == 3

    printed = capsys.readouterr().out
    assert "gone" in printed
    assert "VACUUM" in printed
    assert "nothing was written\n" in printed
    assert not out.exists()


def test_bad_input_is_answered_in_one_line_and_leaves_nothing(lake: Lake) -> None:
    lake.write_delta()
    lake.harvest()
    full = lake.root / "full"
    full.mkdir()
    (full / "x").touch()
    for arguments, status in (
        (("delta.orders", "--copy-files"), 2),
        (("delta.orders", "--into", str(full)), 1),
        (("delta.nothing",), 1),
        (("model:fraud@v1",), 2),
        (("delta.orders@99",), 1),
        (("delta.orders#id",), 2),
    ):
        assert lake.tl_status("recover", *arguments) == status, arguments
    assert [one.name for one in full.iterdir()] == ["x"]


def test_a_file_that_vanishes_while_it_is_copied_leaves_nothing_behind(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.write_delta()
    lake.harvest()
    (file,) = (lake.delta / "orders").glob("*.parquet")
    opening = Storage.open

    def vanishing(self: Storage, path: str) -> BinaryIO:
        file.unlink(missing_ok=True)
        return opening(self, path)

    answer = lake.session.recover("delta.orders")
    assert answer.is_readable
    monkeypatch.setattr(Storage, "open", vanishing)
    with pytest.raises(TemporalLineageError, match="no such file"):
        lake.session.recover("delta.orders", into=lake.root / "out", copy_files=True)
    assert [one.name for one in lake.root.iterdir() if "out" in one.name] == []


def test_every_table_of_the_corpus_has_the_same_rows_as_a_table_of_its_own(
    corpus: Path, tmp_path: Path
) -> None:
    made = refused = 0
    for name, state, rows in _states(corpus):
        for copy_files in (False, True):
            out = tmp_path / "out"
            shutil.rmtree(out, ignore_errors=True)
            reason = _refusal(state)
            if reason is not None:
                with pytest.raises(UnsupportedError, match=reason):
                    _make(state, out, copy_files=copy_files)
                refused += 1
                continue
            _make(state, out, copy_files=copy_files)
            again = _head(open_path(str(out), {})).batches(columns=None).read_all()
            assert again.schema.equals(rows.schema), name
            assert _sorted(again) == _sorted(rows), name
            made += 1
    assert made > 10 * refused > 0


def _current_id(table: StaticTable) -> int | None:
    snapshot = table.current_snapshot()
    return snapshot.snapshot_id if snapshot else None


def _lost_iceberg(lake: Lake) -> str:
    """Make a table of four states, harvest it, and lose all its metadata; gives the newest."""
    table = lake.iceberg()
    for rows in (3, 2, 4):
        lake.append(table, rows=rows)
    table.delete("id = 3")
    lake.harvest()
    shutil.rmtree(local(table.location()) / "metadata")
    return current(table)


def _rows(place: str) -> list[int]:
    read = _head(open_path(place, {})).batches(columns=None).read_all()
    return sorted(read["id"].to_pylist())


def _head(source: TableSource) -> TableState:
    head = source.history(known=None).head()
    assert head is not None
    assert head.snapshot_id is not None
    state = source.state(head.snapshot_id, kept=())
    assert not isinstance(state, Gone | LogTruncated)
    assert state.missing() == ()
    return state


def _make(state: TableState, out: Path, *, copy_files: bool) -> None:
    paths = sorted({one.path for one in state.files})
    places = {path: f"data/{n}-{Path(path).name}" for n, path in enumerate(paths)}
    new = NewTable(str(out), places if copy_files else None, "lake.t@1", Instant(0))
    for name, body in state.as_table(new):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(body)
    for path, name in places.items() if copy_files else ():
        if (out / name).exists():
            continue
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, out / name)


def _refusal(state: TableState) -> str | None:
    """Say why no table can be made of a state of the corpus, whose tables were all moved."""
    for one in state.entries if isinstance(state, IcebergState) else ():
        if one.is_encrypted:
            return "encryption key"
        if one.content is FileContent.POSITION_DELETES and one.file_format != "parquet":
            return "position deletes in orc to be rewritten"
    return None


def _states(corpus: Path) -> Iterator[tuple[str, TableState, pa.Table]]:
    """Yield the newest states of each table that can be read here, and their rows."""
    for one in json.loads((corpus / "INDEX.json").read_text()):
        if one["format"] not in {"iceberg", "delta"}:
            continue
        place = corpus / one["path"]
        source: TableSource = DeltaSource(str(place), storage=Storage({}), options={})
        if one["format"] == "iceberg":
            file = str(place / "metadata" / one["facts"]["current_metadata"])
            source = IcebergSource(file, storage=Storage(NOWHERE), properties=NOWHERE)
        try:
            listed = source.history(known=None).listed
        except TemporalLineageError:
            continue
        for version in sorted(listed)[-STATES_EACH:]:
            try:
                state = source.state(version, kept=())
                if isinstance(state, Gone | LogTruncated) or state.missing():
                    continue
                rows = state.batches(columns=None).read_all()
            except TemporalLineageError:
                continue
            yield f"{one['id']}@{version}", state, rows


def _sorted(rows: pa.Table) -> list[str]:
    return sorted(map(str, zip(*(map(_text, one) for one in rows.columns), strict=True)))


def _text(value: pa.Scalar) -> str:
    try:
        return str(value)
    except (OverflowError, ValueError):  # Python knows no years after 9999, Arrow does
        return str(value.value)
