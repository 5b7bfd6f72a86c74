"""A reproduction that is killed is taken up again, and never taken for a whole one."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from catalogs.catalog import open_path
from catalogs.fingerprint.identities import identities
from catalogs.fingerprint.rows import fingerprint_of
from iceberg_files import write_parquet, write_position_deletes, write_table
from reproduce_lake import Lake
from snapshots.files import FileContent
from snapshots.fingerprint import NO_ROWS
from temporal_lineage.reproduce import writing
from temporal_lineage.reproduce.answer import Reproducible, WrittenFile
from temporal_lineage.reproduce.folder import CannotWriteError
from temporal_lineage.reproduce.unfinished import unfinished

KILLED = """
import os, signal, sys
from pathlib import Path
from temporal_lineage.reproduce import writing
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

folder, out, target, after = sys.argv[1:]
writing.PART_BYTES_MAX = 1
session = Session(Workspace(Path(folder), f"{folder}/ledger.db"), clock=wall_clock)

def progress(address, rows, of):
    if rows > int(after):
        os.kill(os.getpid(), signal.SIGKILL)

session.reproduce(target, out=Path(out), progress=progress)
"""
# A limit on file size is met as a full disk is: by a write that fails.
LIMITED = KILLED.replace(
    """    if rows > int(after):
        os.kill(os.getpid(), signal.SIGKILL)
""",
    """    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(after), int(after)))
""",
).replace("import os,", "import resource,")


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setattr(writing, "PART_BYTES_MAX", 1)
    made = Lake(tmp_path)
    for count in (3, 4, 5, 6):
        made.write_delta(rows=count)
    made.harvest()
    return made


def killed(lake: Lake, out: Path, *, after: int) -> Path:
    """Kill a reproduction once so many rows are written; give what it left."""
    words = [str(lake.root / "workspace"), str(out), "delta.orders@3", str(after)]
    done = subprocess.run([sys.executable, "-c", KILLED, *words], check=False)
    assert done.returncode == -9
    assert not out.exists()
    (left,) = out.parent.glob(f".{out.name}.*.partial")
    return left


def test_what_a_killed_process_had_finished_is_kept_and_the_rest_is_written(lake: Lake) -> None:
    out = lake.root / "out"
    left = killed(lake, out, after=9)
    before = {path.name: path.stat() for path in left.rglob("part-*.parquet")}
    assert 1 < len(before) < 4

    outcome = lake.session.reproduce("delta.orders@3", out=out).outcome

    assert isinstance(outcome, Reproducible)
    assert outcome.written is not None
    names = [file.name for file in outcome.written.files]
    folder = "delta.orders@3.parquet"
    assert names == [f"{folder}/part-{number:05}.parquet" for number in range(1, 5)]
    finished = sorted(before)[:-1]  # the last one was under way
    for name in finished:
        now = (out / folder / name).stat()
        assert (now.st_ino, now.st_mtime_ns) == (before[name].st_ino, before[name].st_mtime_ns)
    assert not left.exists()
    assert sorted(parquet.read_table(out / folder)["id"].to_pylist()) == sorted(
        number for count in (3, 4, 5, 6) for number in range(count)
    )
    assert {path.name for path in out.iterdir()} == {
        folder,
        outcome.written.lock,
        outcome.written.manifest,
    }


def test_the_manifest_of_what_was_taken_up_is_that_of_one_go(lake: Lake) -> None:
    killed(lake, lake.root / "one", after=9)
    texts = []
    for name in ("one", "other"):
        lake.session.reproduce("delta.orders@3", out=lake.root / name)
        texts.append((lake.root / name / "manifest.json").read_text())
    assert texts[0] == texts[1]
    for file in json.loads(texts[0])["files"]:
        body = (lake.root / "one" / file["name"]).read_bytes()
        assert hashlib.sha256(body).hexdigest() == file["sha256"]


def test_a_finished_file_that_was_altered_or_a_journal_that_is_cut_is_not_trusted(
    lake: Lake,
) -> None:
    out = lake.root / "out"
    left = killed(lake, out, after=9)
    first = min(left.rglob("part-*.parquet"))
    first.write_bytes(first.read_bytes()[:-1] + b"X")
    (left / "stray").write_text("not ours")
    with (left / ".journal").open("ab") as journal:
        journal.write(b'{"name": "delta.ord')
    lake.session.reproduce("delta.orders@3", out=out)
    assert parquet.read_table(out / "delta.orders@3.parquet").num_rows == 18
    assert not (out / "stray").exists()


def test_what_was_begun_as_something_else_is_not_taken_up(lake: Lake) -> None:
    out = lake.root / "out"
    left = killed(lake, out, after=9)
    lake.session.reproduce("delta.orders@2", out=out)
    assert parquet.read_table(out / "delta.orders@2.parquet").num_rows == 12
    assert left.exists()


def test_two_processes_do_not_write_the_same_at_once(tmp_path: Path) -> None:
    def twice() -> None:
        with unfinished(tmp_path / "out", "ab" * 32), unfinished(tmp_path / "out", "ab" * 32):
            pass

    with pytest.raises(CannotWriteError, match="another process is writing it; wait for it"):
        twice()


def test_a_full_disk_leaves_nothing_and_says_so_in_one_line(lake: Lake) -> None:
    out = lake.root / "deep" / "out"
    words = [str(lake.root / "workspace"), str(out), "delta.orders@3", "1000"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *words], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1].endswith(
        f"cannot write {out}: file too large; "
        "nothing was written; make room there, or name another folder"
    )
    assert not (lake.root / "deep").exists()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, CannotWriteError])
def test_nothing_is_left_where_it_ends_in_any_other_way(
    tmp_path: Path, error: type[BaseException]
) -> None:
    told: list[Any] = ["a", "b", "c"] if error is CannotWriteError else []

    def interrupted() -> None:
        with unfinished(tmp_path / "deep" / "out", "ab" * 32) as begun:
            begun.path("a.parquet").write_text("1")
            begun.finish(WrittenFile("a.parquet", "t@1", 1, 1, "00", None))
            raise error(*told)

    with pytest.raises(error):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_even_be_made_is_one_line_about_the_folder(tmp_path: Path) -> None:
    def nowhere() -> None:
        with unfinished(tmp_path / "deep" / "out", "ab" * 32) as begun:
            (begun.folder / "gone" / "a.parquet").open("xb")

    with pytest.raises(CannotWriteError, match=r"cannot write .*deep/out: no such file"):
        nowhere()
    assert list(tmp_path.iterdir()) == []


def test_rows_are_written_as_arrow_files_too(lake: Lake) -> None:
    out = lake.root / "out"
    lake.session.reproduce("delta.orders@0", out=out, form="arrow")
    with pa.memory_map(str(out / "delta.orders@0.arrow")) as file:
        assert pa.ipc.open_file(file).read_all().num_rows == 3
    assert lake.tl_status("reproduce", "delta.orders@0", "--format", "csv") == 2


def test_the_parts_of_a_state_are_the_state_whatever_deletes_rows(tmp_path: Path) -> None:
    files = [
        write_parquet(
            tmp_path / f"d{number}.parquet",
            pa.table({"id": pa.array(range(number * 10, number * 10 + 4), pa.int64())}),
            ids={"id": 1},
        )
        for number in range(3)
    ]
    paths = [file["file_path"] for file in files]
    gone = write_position_deletes(tmp_path / "p.parquet", [(paths[0], 1), (paths[2], 3)])
    root = tmp_path / "t"
    write_table(root, [*files, gone])
    source = open_path(str(root), {})
    head = source.tip().snapshot_id
    assert head is not None
    state: Any = source.state(head, kept=())
    named = identities(state.schema, state.identity_of)
    keys = [file.key for file in state.files if file.content is FileContent.DATA]
    parts = [fingerprint_of(state.only([key]).batches(columns=None), named) for key in keys]
    whole = fingerprint_of(state.batches(columns=None), named)
    assert sum(parts, NO_ROWS) == whole
    assert [part.rows for part in parts] == [3, 4, 3]
