"""Writing a reproduction: whole or not at all, in bounded memory, with a lock that is exact."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from snapshots.errors import UnsupportedError
from snapshots.files import DataFile, FileContent
from snapshots.row_counts import RowBounds, row_bounds
from temporal_lineage.locks.lock import file_set_digest
from temporal_lineage.reproduce import rows as writing
from temporal_lineage.reproduce.folder import (
    CannotWriteError,
    appearing,
    file_name,
    refuse_unless_free,
)
from temporal_lineage.reproduce.rows import write_rows

TABLE = pa.table({"id": range(5), "name": ["a", "b", None, "d", "e"]})


def test_rows_are_written_as_they_come_and_hashed_on_the_way(tmp_path: Path) -> None:
    seen: list[int] = []
    path = tmp_path / "t.parquet"

    written = write_rows(
        TABLE.to_reader(max_chunksize=2), path, address="lake.t@1", progress=seen.append
    )

    assert parquet.read_table(path).equals(TABLE)
    assert written.rows == 5
    assert written.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert written.size_bytes == path.stat().st_size
    assert seen == [5]


def test_a_state_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_rows(TABLE.slice(0, 0).to_reader(), path, address="lake.t@1", progress=print)
    assert parquet.read_table(path).schema.equals(TABLE.schema)


def test_small_batches_are_joined_and_no_more_is_held_than_one_row_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ROW_GROUP_ROWS_MAX", 100)
    asked: list[int] = []
    path = tmp_path / "t.parquet"
    batch = pa.record_batch({"id": list(range(30))})

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(20):
            asked.append(number)
            yield batch

    done_when_asked: list[tuple[int, int]] = []
    write_rows(
        pa.RecordBatchReader.from_batches(batch.schema, batches()),
        path,
        address="lake.t@1",
        progress=lambda rows: done_when_asked.append((len(asked), rows)),
    )

    # Every fourth batch fills a group, which is written before the fifth is asked for.
    assert done_when_asked == [(4, 120), (8, 240), (12, 360), (16, 480), (20, 600)]
    assert parquet.ParquetFile(path).metadata.num_row_groups == 10


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = (
        write_rows(TABLE.to_reader(), tmp_path / name, address="lake.t@1", progress=print).sha256
        for name in ("one.parquet", "other.parquet")
    )
    assert one == other


def test_a_type_that_parquet_does_not_have_is_refused_by_name(tmp_path: Path) -> None:
    odd = pa.table({"odd": pa.array([None], pa.month_day_nano_interval())})
    with pytest.raises(UnsupportedError, match=r"lake\.t@1 needs .*month_day_nano_interval"):
        write_rows(odd.to_reader(), tmp_path / "t.parquet", address="lake.t@1", progress=print)


def test_a_folder_appears_when_it_is_complete_and_not_before(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "er" / "out"
    with appearing(out) as hidden:
        (hidden / "one").write_text("1")
        assert not out.exists()
        assert hidden.name.startswith(".")
    assert [path.name for path in out.iterdir()] == ["one"]
    assert [path.name for path in out.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_of_a_folder_that_was_not_completed(
    tmp_path: Path, error: type[BaseException]
) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield TABLE.to_batches()[0]
        raise error

    reader = pa.RecordBatchReader.from_batches(TABLE.schema, batches())
    out = tmp_path / "deep" / "out"
    with pytest.raises(error), appearing(out) as hidden:
        write_rows(reader, hidden / "t.parquet", address="lake.t@1", progress=print)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_taken_and_a_full_one_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with appearing(out) as hidden:
        (hidden / "one").write_text("1")
    with pytest.raises(CannotWriteError, match=r"out: it is not empty; name a new folder"):
        refuse_unless_free(out)
    assert [path.name for path in out.iterdir()] == ["one"]


def test_a_folder_that_fills_up_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def somebody_is_faster() -> None:
        with appearing(out) as hidden:
            (hidden / "one").write_text("1")
            out.mkdir()
            (out / "theirs").write_text("2")

    with pytest.raises(CannotWriteError, match="not empty"):
        somebody_is_faster()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in out.iterdir()] == ["theirs"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    with pytest.raises(CannotWriteError, match="it is not a folder"):
        refuse_unless_free(out)
    with pytest.raises(CannotWriteError, match="not a directory"), appearing(out / "in"):
        pass


def test_the_folder_one_is_in_is_refused_with_what_would_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CannotWriteError, match="name a folder in it, as in rebuilt"):
        refuse_unless_free(Path())


FULL_DISK = """
import os, resource, signal, sys
from pathlib import Path
import pyarrow as pa
from temporal_lineage.reproduce.folder import appearing
from temporal_lineage.reproduce.rows import write_rows

large = pa.table({"id": [os.urandom(100) for _ in range(1000)]})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
with appearing(Path(sys.argv[1])) as hidden:
    write_rows(large.to_reader(), hidden / "t.parquet", address="t@1", progress=lambda _: None)
"""


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path: Path) -> None:
    # A limit on file size is met as a full disk is: by a write that fails.
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(out)], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1] == (
        "temporal_lineage.reproduce.folder.CannotWriteError: "
        f"cannot write {out}: file too large; "
        "nothing was written; make room there, or name another folder"
    )
    assert "ignored" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=5))
def test_every_address_gives_a_name_that_any_file_system_takes(addresses: list[str]) -> None:
    taken: list[str] = []
    for address in addresses:
        taken.append(file_name(address, taken=taken))
    assert all(name.isascii() and len(name) < 230 and name.isprintable() for name in taken)
    assert not any(set(name) & set('/\\:*?"<>|') or name.startswith(".") for name in taken)
    assert len({name.casefold() for name in taken}) == len(addresses)


def _file(key: str, *, size: int = 10, rows: int | None = 1, content: str = "data") -> DataFile:
    return DataFile(key, f"/wh/{key}", FileContent(content), size, rows, None)


def test_the_digest_of_a_set_of_files_is_what_its_description_says() -> None:
    files = [_file("b", size=2), _file('a "1"', content="position-deletes")]
    lines = ['["a \\"1\\"",10,"position-deletes"]\n', '["b",2,"data"]\n']
    assert file_set_digest(files) == hashlib.sha256("".join(lines).encode()).hexdigest()
    assert file_set_digest(files[::-1]) == file_set_digest(files)
    assert file_set_digest([_file("b", size=3), files[1]]) != file_set_digest(files)
    assert json.loads(lines[0]) == ['a "1"', 10, "position-deletes"]


@pytest.mark.parametrize(
    ("files", "bounds"),
    [
        ((), RowBounds(0, 0)),
        ((_file("a", rows=3), _file("b", rows=4)), RowBounds(7, 7)),
        ((_file("a", rows=3), _file("b", rows=None)), None),
        ((_file("a", rows=3), _file("d", rows=2, content="position-deletes")), RowBounds(1, 3)),
        ((_file("a", rows=3), _file("d", rows=2, content="deletion-vector")), RowBounds(1, 3)),
        ((_file("a", rows=3), _file("d", rows=9, content="deletion-vector")), RowBounds(0, 3)),
        ((_file("a", rows=3), _file("d", rows=1, content="equality-deletes")), RowBounds(0, 3)),
        (
            (_file("a#u#1", rows=3), _file("u#1", rows=2, content="deletion-vector")),
            RowBounds(3, 3),
        ),
    ],
)
def test_files_tell_how_many_rows_a_state_can_have(
    files: tuple[DataFile, ...], bounds: RowBounds | None
) -> None:
    assert row_bounds(files) == bounds
