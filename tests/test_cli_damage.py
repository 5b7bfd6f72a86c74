"""Damaged tables and full disks: named, left alone, and no trouble for their neighbours."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bad_input import assert_one_line, transactions
from small_lake import delta_table, iceberg_table, sql_catalog, sqlite
from transcripts import asked, at_home


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A project of three small tables, harvested: two of Iceberg, one of Delta."""
    here = tmp_path / "small"
    catalog = sql_catalog(here / "iceberg", name="lake")
    iceberg_table(catalog, "raw", "orders", commits=3)
    iceberg_table(catalog, "raw", "whole", commits=1)
    catalog.close()
    delta_table(here / "delta" / "raw" / "payments", commits=3)
    with at_home(here, now=None):
        assert asked("init").status == 0
        properties = (f"uri={sqlite(here / 'iceberg')}", f"warehouse=file://{here}/iceberg/wh")
        flags = [word for one in ("type=sql", *properties) for word in ("-p", one)]
        assert asked("catalog", "add", "lake", *flags).status == 0
        assert asked("catalog", "add", "delta", "delta").status == 0
        assert asked("harvest").status == 0
        yield here


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _no_json(path: Path) -> None:
    path.write_text("<html>not today</html>")


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_number_too_large(path: Path) -> None:
    path.write_text(re.sub(r'"size":\d+', f'"size":{2**70}', path.read_text()))


DAMAGE = (_emptied, _truncated, _no_json, _a_folder)


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda one: one.__name__.strip("_"))
def test_iceberg_metadata_that_cannot_be_read_is_named_and_stops_no_other_table(
    damage: Callable[[Path], None], small: Path
) -> None:
    catalog = sql_catalog(small / "iceberg", name="lake")
    catalog.load_table("raw.orders").delete("id = 1")
    catalog.load_table("raw.whole").delete("id = 1")
    newest = Path(catalog.load_table("raw.orders").metadata_location.removeprefix("file://"))
    catalog.close()
    damage(newest)
    before = transactions()
    done = asked("harvest", "lake")
    assert done.status == 1
    assert done.err == ""
    (line,) = [line for line in done.out.splitlines() if line.startswith("! ")]
    assert line.startswith("! lake.raw.orders: ")
    assert newest.name in line
    assert transactions() == before + 2  # the other table, and the look at the catalog
    assert asked("at", "lake.raw.orders").status == 0


@pytest.mark.parametrize(
    "damage", [*DAMAGE[:3], _a_number_too_large], ids=lambda one: one.__name__.strip("_")
)
def test_a_delta_log_that_cannot_be_read_is_named(
    damage: Callable[[Path], None], small: Path
) -> None:
    delta_table(small / "delta" / "raw" / "payments", commits=1)
    newest = small / "delta/raw/payments/_delta_log" / f"{3:020}.json"
    damage(newest)
    before = transactions()
    done = asked("harvest", "delta")
    assert done.status == 1
    (line,) = [line for line in done.out.splitlines() if line.startswith("! ")]
    assert line.startswith("! delta.raw.payments: ")
    assert newest.name in line
    assert transactions() == before + 1  # the look at the catalog


def test_a_missing_data_file_makes_the_answer_no_and_is_named(small: Path) -> None:
    (first,) = _data_files(small / "iceberg/wh/raw/whole")
    first.unlink()
    done = asked("reproduce", "lake.raw.whole", "--out", "rebuilt")
    assert (done.status, done.err) == (3, "")
    assert first.name in done.out
    assert not Path("rebuilt").exists()


def _data_files(table: Path) -> list[Path]:
    return sorted((table / "data").rglob("*.parquet"))


def _on_a_full_disk(*words: str, bytes_max: int) -> subprocess.CompletedProcess[str]:
    """Run `tl` where no file can grow beyond a size: permission bits would not bind root."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, bytes_max))

    return subprocess.run(
        [sys.executable, "-m", "temporal_lineage", *words],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )


def test_a_full_disk_leaves_the_ledger_as_it_was(small: Path) -> None:
    delta_table(small / "delta" / "raw" / "payments", commits=40)
    before = transactions()
    done = _on_a_full_disk("harvest", "delta", bytes_max=20_000)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "ledger.db" in done.stderr + done.stdout
    assert transactions() == before
    assert asked("harvest", "delta").status == 0
    assert transactions() == before + 2  # the table, and the look at the catalog


def test_rows_that_do_not_fit_on_the_disk_leave_no_half_of_them(small: Path) -> None:
    done = _on_a_full_disk("reproduce", "lake.raw.orders", "--out", "rebuilt", bytes_max=200)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "rebuilt" in done.stderr
    assert not Path("rebuilt").exists()
    assert not list(small.glob("*rebuilt*"))


def test_rows_are_not_written_over_anything(small: Path) -> None:
    Path("rebuilt").mkdir()
    Path("rebuilt/mine").touch()
    done = asked("reproduce", "lake.raw.orders", "--out", "rebuilt")
    assert_one_line(done, "rebuilt", status=1)
    assert [path.name for path in Path("rebuilt").iterdir()] == ["mine"]
