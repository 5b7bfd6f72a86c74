"""Searching a Delta table finds what reading every version finds, and what no version has."""

from __future__ import annotations

import json
import math
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.catalog import open_path
from catalogs.delta.statistics import Statistics
from catalogs.engines.in_process import InProcess
from catalogs.search import FileRole, Look
from delta_files import data_file
from delta_logs import column, commit_info, metadata, protocol, remove, write
from delta_vectors import stored_vector
from searches import looks, matching, read_by_state, rows_by_state, searched

KIND = pa.schema(
    {
        "id": pa.int64(),
        "name": pa.string(),
        "real": pa.float64(),
        "price": pa.decimal128(9, 2),
        "part": pa.string(),
    }
)
COLUMNS = (
    column("id", "long"),
    column("name", "string"),
    column("real", "double"),
    column("price", "decimal(9,2)"),
    column("part", "string"),
)
LONG = "a long name that writers cut off, letter after letter "
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.one_of(st.none(), st.integers(-3, 3)),
            "name": st.sampled_from([None, "a", "b", f"{LONG}1", f"{LONG}2"]),
            "real": st.sampled_from([None, math.nan, -0.0, 0.5]),
            "price": st.sampled_from([None, Decimal("1.25"), Decimal("-3.10")]),
        }
    ),
    min_size=1,
    max_size=4,
)
WHERES = (
    "id = 2",
    "not (id < 2)",
    "id is null or part = 'x'",
    f"name = '{LONG}2'",
    "name > 'b'",
    "not (real < 1)",
    "price = 1.25",
    "part is null",
    "part = 'y' and id > 0",
    "not (name = 'a' or part = 'x')",
)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_search_finds_what_reading_every_version_finds(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        told = metadata(*COLUMNS, partitions=["part"])
        write(root, 0, commit_info("CREATE TABLE"), protocol("deletionVectors"), told)
        live: dict[str, Any] = {}
        whole: dict[str, pa.Table] = {}
        for version in range(1, data.draw(st.integers(2, 5))):
            actions = [_change(data, root, live, whole, version)]
            for name in data.draw(st.lists(st.sampled_from(sorted(live)), unique=True, max_size=1)):
                gone = live.pop(name)["add"]
                actions.append([remove(name, deletionVector=gone.get("deletionVector"))])
            write(
                root,
                version,
                commit_info("WRITE"),
                *[one for some in actions for one in some],
            )
        for where in WHERES:
            found = searched(root, where)
            assert found.unexamined == ()
            assert rows_by_state(found) == read_by_state(root, where), where
            rows = {Path(one.path).name: one.rows for one in found.holding}
            assert rows == {
                name: count for name, table in whole.items() if (count := matching(table, where))
            }


def _change(
    data: st.DataObject, root: Path, live: dict[str, Any], whole: dict[str, pa.Table], version: int
) -> list[Any]:
    """Add a file, or mask rows of one that is there."""
    masks = data.draw(st.booleans())
    if live and masks:
        name = data.draw(st.sampled_from(sorted(live)))
        before = live[name]["add"]
        count = whole[name].num_rows
        masked = data.draw(st.lists(st.integers(0, count - 1), min_size=1, unique=True))
        vector = stored_vector(root, f"deletion_vector_{version}.bin", masked)
        after = {**before, "deletionVector": vector}
        if data.draw(st.booleans()):
            # Statistics of what is left say nothing of what is masked.
            left = [one for n, one in enumerate(whole[name].to_pylist()) if n not in masked]
            after["stats"] = _stats(left, count)
        live[name] = {"add": after}
        return [remove(name, deletionVector=before.get("deletionVector")), live[name]]
    rows = data.draw(ROWS)
    part = data.draw(st.sampled_from([None, "x", "y"]))
    name = f"f{version}.parquet"
    table = pa.Table.from_pylist(rows, schema=pa.schema(list(KIND)[:-1]))
    action = data_file(root, name, table, partitionValues={"part": part})
    if data.draw(st.booleans()):
        action["add"]["stats"] = _stats(rows, len(rows))
    whole[name] = table.append_column("part", pa.array([part] * len(rows), pa.string()))
    live[name] = action
    return [action]


def _stats(rows: list[dict[str, Any]], physical: int) -> str:
    least: dict[str, Any] = {}
    most: dict[str, Any] = {}
    for name in ("id", "name", "real", "price"):
        values = [row[name] for row in rows if row[name] is not None and row[name] == row[name]]
        if values:
            low, high = min(values), max(values)
            cut = isinstance(low, str)
            least[name] = low[:32] if cut else float(low) if name == "price" else low
            most[name] = high[:32] if cut else float(high) if name == "price" else high
    nulls = {name: sum(row[name] is None for row in rows) for name in ("id", "name", "real")}
    told = {"numRecords": physical, "minValues": least, "maxValues": most, "nullCount": nulls}
    return json.dumps(told)


def test_what_real_writers_say_rules_files_out(tmp_path: Path) -> None:
    root = str(tmp_path / "t")
    write_deltalake(root, pa.table({"id": [1, 2, 42], "name": ["a", "b", None]}))
    write_deltalake(root, pa.table({"id": [100, 200], "name": ["a", "b"]}), mode="append")
    write_deltalake(root, pa.table({"id": [42, 42], "name": ["x", "y"]}), mode="append")
    DeltaTable(root).delete("id = 42")
    found = searched(root, "id = 42")
    assert rows_by_state(found) == read_by_state(root, "id = 42") == {0: 1, 1: 1, 2: 3, 3: 0}
    assert sorted(looks(found).values()) == [
        Look.READ,
        Look.READ,
        *[Look.RULED_OUT_BY_STATISTICS] * (len(found.looked_at) - 2),
    ]


def test_change_data_and_orphans_are_searched_too(tmp_path: Path) -> None:
    write(tmp_path, 0, commit_info("CREATE TABLE"), protocol(), metadata(column("id", "long")))
    write(tmp_path, 1, commit_info("WRITE"), data_file(tmp_path, "f", pa.table({"id": [1]})))
    data_file(tmp_path, "_change_data/cdc-0.parquet", pa.table({"id": [2, 2]}))
    data_file(tmp_path, "lost.parquet", pa.table({"id": [2]}))
    data_file(tmp_path, "other.parquet", pa.table({"thing": [2]}))
    (tmp_path / "notes.csv").write_text("2")
    found = searched(tmp_path, "id = 2")
    assert {one.role: one.rows for one in found.holding} == {
        FileRole.CHANGES: 2,
        FileRole.ORPHAN: 1,
    }
    assert looks(found)["other.parquet"] is Look.NO_SUCH_COLUMN
    assert [Path(one.place).name for one in found.unexamined] == ["notes.csv"]


def test_a_renamed_and_a_dropped_column_are_found_by_their_physical_names(tmp_path: Path) -> None:
    mapped = {"delta_columnMapping_mode": "name"}

    def named(name: str, number: int, physical: str) -> dict[str, object]:
        more = {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": physical}
        return column(name, "long", **more)

    both = (named("a", 1, "c-1"), named("b", 2, "c-2"))
    rows = pa.table({"c-1": [1, 2], "c-2": [3, 4]})
    write(tmp_path, 0, protocol("columnMapping"), metadata(*both, **mapped))
    write(tmp_path, 1, commit_info("WRITE"), data_file(tmp_path, "f", rows))
    write(tmp_path, 2, metadata(named("customer", 1, "c-1"), **mapped))
    renamed = searched(tmp_path, "customer = 2")
    assert rows_by_state(renamed) == {0: 0, 1: 1, 2: 1}
    dropped = searched(tmp_path, "b = 4")
    assert rows_by_state(dropped) == {0: 0, 1: 1, 2: 1}
    assert [(one.field_id, one.current) for one in dropped.columns] == [(2, False)]


def test_a_column_that_was_another_type_before_is_not_guessed(tmp_path: Path) -> None:
    write(tmp_path, 0, protocol(), metadata(column("a", "long")))
    write(tmp_path, 1, commit_info("WRITE"), data_file(tmp_path, "f", pa.table({"a": [1]})))
    write(tmp_path, 2, commit_info("WRITE"), metadata(column("a", "string")), remove("f"))
    found = searched(tmp_path, "a = '1'")
    (lost,) = found.unexamined
    assert lost.states == (1,)
    assert "it holds int64 where the table has string" in lost.reason


def test_versions_that_the_log_forgot_are_not_examined(tmp_path: Path) -> None:
    root = tmp_path / "t"
    for number in range(3):
        write_deltalake(str(root), pa.table({"a": [number]}), mode="append")
    before = open_path(str(root), {}).history(known=None)
    DeltaTable(str(root)).create_checkpoint()
    for number in range(3):
        (root / "_delta_log" / f"{number:020d}.json").unlink()
    source = open_path(str(root), {})
    history = source.history(known=before)
    found = source.search(
        "a = 0", history=history, kept=(), sieve=InProcess(), watch=lambda _done, _total: None
    )
    assert rows_by_state(found) == {2: 1}
    assert (found.unexamined, found.forgotten) == ((), (0, 1))


@pytest.mark.parametrize(
    ("kind", "told", "least", "most"),
    [
        ("timestamp", "2020-01-01T00:00:00.000Z", None, None),
        ("date", "2020-01-02", 18263, 18263),
        ("string", "a", b"a", b"a"),
        ("string", "x" * 32, b"x" * 32, b"x" * 32 + b"\xff"),
        ("float", 0.1, 0.10000000149011612, 0.10000000149011612),
        ("decimal(9,2)", 1.25, Decimal("1.25"), Decimal("1.25")),
        ("decimal(38,2)", 1.25, None, None),
        ("long", "5", None, None),
        ("long", 1.5, None, None),
        ("binary", "5", None, None),
    ],
)
def test_statistics_bound_no_more_than_writers_mean(
    kind: str, told: object, least: object, most: object
) -> None:
    text = json.dumps({"numRecords": 2, "minValues": {"a": told}, "maxValues": {"a": told}})
    spread = Statistics(text).spread(("a",), kind)
    assert (spread.least, spread.most) == (least, most)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"minValues": 5}'])
def test_statistics_that_are_none_say_nothing(text: str) -> None:
    spread = Statistics(text).spread(("a", "b"), "long")
    assert (spread.least, spread.may_hold, spread.may_be_null) == (None, True, True)


def test_a_file_that_is_gone_is_told_and_one_that_cannot_be_read_is_never_clean(
    tmp_path: Path,
) -> None:
    write(tmp_path, 0, protocol(), metadata(column("a", "long")))
    write(tmp_path, 1, commit_info("WRITE"), data_file(tmp_path, "f", pa.table({"a": [1]})))
    (tmp_path / "f").write_bytes(b"no")
    (lost,) = searched(tmp_path, "a = 1").unexamined
    assert (Path(lost.place).name, lost.states) == ("f", (1,))
    (tmp_path / "f").unlink()
    found = searched(tmp_path, "a = 1")
    assert (found.unexamined, looks(found)) == ((), {"f": Look.GONE})


def test_rows_behind_a_vector_that_is_gone_are_not_called_hidden(tmp_path: Path) -> None:
    write(tmp_path, 0, protocol("deletionVectors"), metadata(column("a", "long")))
    file = data_file(tmp_path, "f", pa.table({"a": [1]}))
    file["add"]["deletionVector"] = stored_vector(tmp_path, "deletion_vector_1.bin", [0])
    write(tmp_path, 1, commit_info("WRITE"), file)
    assert [one.live for one in searched(tmp_path, "a = 1").holding] == [{1: 0}]
    (tmp_path / "deletion_vector_1.bin").unlink()
    (lost,) = searched(tmp_path, "a = 1").unexamined
    assert (Path(lost.place).name, lost.states) == ("f", (1,))


def test_a_file_from_before_the_table_was_partitioned_is_read_for_the_column(
    tmp_path: Path,
) -> None:
    plain, part = column("a", "long"), column("b", "long")
    write(tmp_path, 0, protocol(), metadata(plain, part))
    before = data_file(tmp_path, "f", pa.table({"a": [1], "b": [2]}))
    write(tmp_path, 1, commit_info("WRITE"), before)
    after = data_file(tmp_path, "b=2/g", pa.table({"a": [1]}), partitionValues={"b": "2"})
    parted = metadata(plain, part, partitions=["b"])
    write(tmp_path, 2, commit_info("WRITE"), parted, remove("f"), after)
    for where in ("b = 2", "b is null", "b = 3"):
        assert rows_by_state(searched(tmp_path, where)) == read_by_state(tmp_path, where)
