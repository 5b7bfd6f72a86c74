"""The rows of any past state are streamed under its own schema, and filtered by its own columns."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyiceberg.types import DoubleType, LongType

from delta_files import data_file
from delta_logs import column, commit_info, metadata, protocol, write
from reproduce_lake import Lake, current
from snapshots.errors import BadTargetError, UnknownNameError, UnreadableError, UsageError


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_a_filter_means_the_columns_the_state_had(lake: Lake) -> None:
    kind = pa.schema([("id", pa.int32()), ("name", pa.string()), ("price", pa.float32())])
    table = lake.catalog.create_table("raw.t", schema=kind)
    table.append(pa.table([[1, 2, 3], ["a", "b", None], [0.5, 1.5, 2.5]], schema=kind))
    first = current(table)
    with table.update_schema() as update:
        update.rename_column("name", "label")
        update.update_column("id", LongType())
        update.update_column("price", DoubleType())
    with table.update_schema() as update:
        update.add_column("name", LongType())
    with table.update_schema() as update:
        update.delete_column("price")
    later = pa.table({"id": [4], "label": ["d"], "name": [7]})
    table.append(later)
    lake.session.harvest()

    def rows(target: str, where: str) -> list[dict[str, Any]]:
        answer = lake.session.scan(target, columns=["id"], where=where)
        found: list[dict[str, Any]] = pa.table(answer).sort_by("id").to_pylist()
        return found

    assert rows(f"lake.raw.t@{first}", "name = 'a'") == [{"id": 1}]
    assert rows(f"lake.raw.t@{first}", "price > 1.0 and name is null") == [{"id": 3}]
    assert rows("lake.raw.t", "label = 'a' or name = 7") == [{"id": 1}, {"id": 4}]
    assert lake.session.scan(f"lake.raw.t@{first}").batches.schema.names == ["id", "name", "price"]
    with pytest.raises(UnknownNameError, match=r"no column .*#price.*id, label, name"):
        rows("lake.raw.t", "price > 1")
    with pytest.raises(UnknownNameError, match=r"no column .*#lable; nearest: label"):
        lake.session.scan("lake.raw.t", columns=["lable"])


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("n not in (1, 2)", [3]),
        ("not (n = 1)", [2, 3]),
        ("not (n in (1))", [2, 3]),
        ("n is null or n > 2", [3, None]),
        ("d = '0.10'", [1]),
        ("d >= 0.10 and d < '12345678901234567890.12'", [1]),
        ("d = '12345678901234567890.12'", [2]),
        ("day > '2026-01-01'", [2]),
        ("at = '2026-01-02T00:00:00.000001+00:00'", [2]),
        ("s is null", [3, None]),
        ("t like 'a%'", [1]),
        ("true", [1, 2, 3, None]),
        ("false", []),
    ],
)
def test_conditions_are_read_as_sql_reads_them_and_literals_as_the_columns_type(
    lake: Lake, where: str, left: list[int | None]
) -> None:
    table = pa.table(
        {
            "n": pa.array([1, 2, 3, None], pa.int16()),
            "d": pa.array(
                [Decimal("0.10"), Decimal("12345678901234567890.12"), None, None],
                pa.decimal128(30, 2),
            ),
            "day": pa.array([0, 30_000, None, None], pa.int32()).cast(pa.date32()),
            "at": pa.array([0, 1_767_312_000_000_001, None, None]).cast(pa.timestamp("us", "UTC")),
            "s": pa.array([{"x": 5}, {"x": None}, None, None]),
            "t": ["ab", "ba", None, None],
        }
    )
    _delta(lake, table)
    lake.session.harvest()
    answer = lake.session.scan("delta.t", columns=["n"], where=where)
    assert pa.table(answer)["n"].to_pylist() == left


@pytest.mark.parametrize("where", ["n >", "n = 'x'", "n = = 1", "", "n in ()", "n", "n = 1 n"])
def test_a_condition_that_means_nothing_is_refused_in_one_line(lake: Lake, where: str) -> None:
    _delta(lake, pa.table({"n": [1]}))
    lake.session.harvest()
    with pytest.raises(UsageError, match="cannot be understood") as told:
        lake.session.scan("delta.t", where=where)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 300


def test_columns_of_a_mapped_table_are_filtered_by_the_names_of_the_state(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    root = lake.delta / "m"
    mapped = {"delta_columnMapping_mode": "name"}
    ids = {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1"}
    file = data_file(root, "a.parquet", pa.table({"col-1": [1, 2]}))
    write(root, 0, protocol("columnMapping"), metadata(column("a", "long", **ids), **mapped), file)
    write(root, 1, commit_info("RENAME COLUMN"), metadata(column("b", "long", **ids), **mapped))
    lake.session.harvest()
    for version, name in enumerate("ab"):
        answer = lake.session.scan(f"delta.m@{version}", where=f"{name} > 1")
        assert pa.table(answer).to_pylist() == [{name: 2}]


def test_a_scan_holds_a_batch_and_not_the_table(lake: Lake) -> None:
    rows = pa.table({"n": pa.array(range(200_000), pa.int64())})
    for _ in range(10):
        _delta(lake, rows)
    lake.session.harvest()
    before = pa.total_allocated_bytes()
    answer = lake.session.scan("delta.t", where="n >= 0")
    most = total = 0
    for batch in answer.batches:
        total += batch.num_rows
        most = max(most, pa.total_allocated_bytes() - before)
    assert total == 10 * rows.num_rows
    assert most < 3 * rows.nbytes


def test_libraries_of_arrow_take_the_answer_itself(lake: Lake) -> None:
    _delta(lake, pa.table({"n": [1, 2]}))
    lake.session.harvest()
    answer = lake.session.scan("delta.t@0")
    assert answer.address == "delta.t@0"
    assert answer.known.grade == "exact"
    assert pl.DataFrame(answer).rows() == [(1,), (2,)]


def test_what_cannot_be_scanned_is_an_error_before_the_first_row(lake: Lake) -> None:
    _delta(lake, pa.table({"n": [1]}))
    _delta(lake, pa.table({"n": [2]}))
    lake.session.harvest()
    with pytest.raises(UnknownNameError, match=r"#n\.x; the columns of this state are n"):
        lake.session.scan("delta.t", where="n.x = 1")
    with pytest.raises(BadTargetError):
        lake.session.scan("model:fraud@v1")
    for file in (lake.delta / "t").glob("*.parquet"):
        file.unlink()
    (lake.delta / "t" / "_delta_log" / f"{0:020d}.json").write_text("")
    (lake.delta / "t" / "_delta_log" / f"{1:020d}.json").unlink()
    with pytest.raises(UnreadableError, match="tl available"):
        lake.session.scan("delta.t@1")


def _delta(lake: Lake, rows: pa.Table) -> None:
    write_deltalake(lake.delta / "t", rows, mode="append")
