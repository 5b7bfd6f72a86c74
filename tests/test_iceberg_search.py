"""Searching an Iceberg table finds what reading every state finds, and what no state has."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import LongType

from catalogs.portion import BadFilterError
from catalogs.search import FileRole, Look
from iceberg_files import (
    current,
    field,
    schema,
    snapshot,
    write_commits,
    write_deletion_vector,
    write_manifest,
    write_manifest_list,
    write_position_deletes,
    write_rows,
)
from iceberg_lake import lake, orders, rows
from searches import looks, matching, read_by_state, rows_by_state, searched

KIND = pa.schema(
    {
        "id": pa.int64(),
        "name": pa.string(),
        "real": pa.float64(),
        "price": pa.decimal128(9, 2),
        "at": pa.timestamp("us"),
    }
)
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the column has no zone
LONG = "a long name that writers cut off "
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.one_of(st.none(), st.integers(-4, 4)),
            "name": st.sampled_from([None, "a", "b", f"{LONG}1", f"{LONG}2", "\U0010ffff" * 20]),
            "real": st.sampled_from([None, math.nan, -0.0, 0.5]),
            "price": st.sampled_from([None, Decimal("1.25"), Decimal("-3.10")]),
            "at": st.integers(-3, 3).map(lambda hours: EPOCH + dt.timedelta(hours=13 * hours)),
        }
    ),
    min_size=1,
    max_size=4,
)
WHERES = (
    "id = 2",
    "id in (1, 3) and name is not null",
    "not (id < 2)",
    "id is null or name = 'a'",
    f"name = '{LONG}2'",
    f"name like '{LONG}%'",
    "name > 'b'",
    "not (real < 1)",
    "real != 0.5",
    "price = 1.25",
    "price <= -3.1 or price > 1",
    "at < '1970-01-01T00:00:00'",
    "at = '1969-12-31T11:00:00'",
    "name is null",
    "not (name = 'a' or id = 2)",
)


@settings(max_examples=10, deadline=None)
@given(
    writes=st.lists(ROWS, min_size=1, max_size=4),
    partition=st.sampled_from([None, "id", "name", "price"]),
    deleted=st.sampled_from([None, "id = 2", "name = 'a'", "id > 0"]),
)
def test_a_search_finds_what_reading_every_state_finds(
    writes: list[list[dict[str, Any]]], partition: str | None, deleted: str | None
) -> None:
    with tempfile.TemporaryDirectory() as folder, lake(Path(folder) / "lake") as catalog:
        table = catalog.create_table("shop.t", schema=KIND)
        if partition is not None:
            with table.update_spec() as spec:
                spec.add_field(partition, IdentityTransform(), "p")
        for number, write in enumerate(writes):
            table.append(pa.Table.from_pylist(write, schema=KIND))
            if deleted is not None and number == 1:
                table.delete(deleted)
        root = table.location()
        for where in WHERES:
            found = searched(root, where)
            assert rows_by_state(found) == read_by_state(root, where), where
            assert found.unexamined == ()
            files = {one.path: one.rows for one in found.holding}
            for one in found.looked_at:
                whole = pq.read_table(one.path, partitioning=None).cast(KIND)
                assert files.get(one.path, 0) == matching(whole, where), where


PLAIN = schema(field(1, "id", "long"), field(2, "name", "string"))


class Written:
    """A table written file by file, whose snapshots share files and deletes as a test says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.snapshots: list[dict[str, Any]] = []

    def data(self, name: str, ids: Sequence[int | None], *, at: int) -> dict[str, Any]:
        told = [{"id": one, "name": f"n{one}"} for one in ids]
        entry = write_rows(self.root / "data" / f"{name}.parquet", PLAIN, told)
        return entry | {"sequence_number": at, "snapshot_id": at}

    def commit(self, *files: dict[str, Any]) -> None:
        number = len(self.snapshots) + 1
        folder = self.root / "metadata"
        manifests = []
        for place, one in enumerate(files):
            path = folder / f"m{number}-{place}.avro"
            write_manifest(path, [one])
            told = {"sequence_number": number, "added_snapshot_id": number}
            content = 1 if one.get("content", 0) else 0
            manifests.append({"manifest_path": str(path), "content": content} | told)
        listed = write_manifest_list(folder / f"snap-{number}.avro", manifests)
        self.snapshots.append(snapshot(number, number * 10, **{"manifest-list": listed}))

    def finish(self, **more: Any) -> None:  # noqa: ANN401
        commits = [
            {"at": one["timestamp-ms"]}
            | current(one["snapshot-id"], *self.snapshots[:place], **more)
            | {"schemas": [PLAIN], "format_version": 3}
            for place, one in enumerate(self.snapshots, start=1)
        ]
        write_commits(self.root, *commits)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_deletes_hide_from_a_state_is_in_the_file_all_the_same(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Written(Path(folder))
        ids = st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=1, max_size=4)
        counts = data.draw(st.lists(ids, min_size=1, max_size=3))
        files = [table.data(f"f{n}", one, at=n + 1) for n, one in enumerate(counts)]
        deletes = [data.draw(_deletes(table, files, number)) for number in range(3)]
        for _ in range(data.draw(st.integers(1, 4))):
            some = st.lists(st.sampled_from([*files, *deletes]), unique_by=id, min_size=1)
            table.commit(*data.draw(some))
        table.finish()
        for where in ("id = 2", "id is null", "not (id = 1)", "name = 'n3'"):
            found = searched(folder, where)
            assert found.unexamined == ()
            assert rows_by_state(found) == read_by_state(folder, where), where
            for one in found.holding:
                if one.role is FileRole.DATA:
                    assert one.rows == matching(pq.read_table(one.path), where)


@st.composite
def _deletes(draw: st.DrawFn, table: Written, files: list[dict[str, Any]], number: int) -> Any:  # noqa: ANN401
    target = draw(st.sampled_from(files))
    place = draw(st.integers(0, target["record_count"] - 1))
    at = draw(st.integers(1, 5))
    path = table.root / "data" / f"d{number}.parquet"
    match draw(st.sampled_from(["position", "equality", "vector"])):
        case "position":
            entry = write_position_deletes(path, [(target["file_path"], place)])
        case "vector":
            entry = write_deletion_vector(path.with_suffix(".puffin"), target["file_path"], [place])
            at = 9
        case _:
            key = draw(st.one_of(st.none(), st.integers(0, 4)))
            entry = write_rows(path, PLAIN, [{"id": key}]) | {"content": 2, "equality_ids": [1]}
    return entry | {"sequence_number": at, "snapshot_id": at}


def test_a_key_in_an_equality_delete_is_found_there_too(tmp_path: Path) -> None:
    table = Written(tmp_path)
    older = table.data("older", [1, 2], at=1)
    gone = write_rows(tmp_path / "data" / "gone.parquet", PLAIN, [{"id": 2}])
    table.commit(older)
    table.commit(older, gone | {"content": 2, "equality_ids": [1], "sequence_number": 2})
    table.finish()
    found = searched(tmp_path, "id = 2")
    assert rows_by_state(found) == {1: 1, 2: 0}
    assert {one.role: one.live for one in found.holding} == {
        FileRole.DATA: {1: 1, 2: 0},
        FileRole.EQUALITY_DELETES: {},
    }


def test_columns_are_followed_by_their_ids_and_dropped_ones_are_still_in_files(
    tmp_path: Path,
) -> None:
    with lake(tmp_path / "lake") as catalog:
        table = orders(catalog)
        table.append(rows(1, 2))
        with table.update_schema() as update:
            update.rename_column("id", "customer")
        with table.update_schema() as update:
            update.delete_column("name")
        table.append(pa.table({"customer": pa.array([2], pa.int64())}))
        renamed = {1: "customer"}
        root = table.location()
        found = searched(root, "customer = 2")
        assert rows_by_state(found) == read_by_state(root, "customer = 2", renamed=renamed)
        assert [one.current for one in found.columns] == [True]
        dropped = searched(root, "name = 'x2'")
        assert [one.current for one in dropped.columns] == [False]
        assert sorted(rows_by_state(dropped).values()) == [1, 1]
        with pytest.raises(BadFilterError, match="no column custmer, did you mean customer"):
            searched(root, "custmer = 2")


def test_orphans_are_searched_and_a_broken_file_is_never_clean(tmp_path: Path) -> None:
    with lake(tmp_path / "lake") as catalog:
        table = orders(catalog)
        table.append(rows(1, 2))
        table.append(rows(3))
        root = Path(table.location())
        told = pa.schema(
            [one.with_metadata({"PARQUET:field_id": "1"}) for one in rows().schema][:1]
        )
        pq.write_table(pa.table({"id": [2]}, schema=told), root / "data" / "orphan.parquet")
        (root / "data" / "broken.parquet").write_bytes(b"no")
        (root / "data" / "notes.txt").write_text("2")
        first = searched(root, "id = 2")
        assert {one.role: one.rows for one in first.holding} == {
            FileRole.DATA: 1,
            FileRole.ORPHAN: 1,
        }
        assert {Path(one.place).name for one in first.unexamined} == {"broken.parquet", "notes.txt"}
        (held,) = (one for one in first.holding if one.role is FileRole.DATA)
        body = Path(held.path).read_bytes()
        Path(held.path).write_bytes(b"no")
        lost = next(one for one in searched(root, "id = 2").unexamined if one.place == held.path)
        assert set(lost.states) == set(first.states)
        Path(held.path).write_bytes(body)
        Path(held.path).unlink()
        again = searched(root, "id = 2")
        assert looks(again)[Path(held.path).name] is Look.GONE
        assert [one.role for one in again.holding] == [FileRole.ORPHAN]


def test_files_are_ruled_out_by_what_manifests_say_of_them(tmp_path: Path) -> None:
    with lake(tmp_path / "lake") as catalog:
        table = orders(catalog)
        table.append(rows(1, 2))
        table.append(rows(5, 9))
        assert set(looks(searched(table.location(), "id = 5")).values()) == {
            Look.READ,
            Look.RULED_OUT_BY_STATISTICS,
        }


def test_a_file_that_is_not_the_one_that_was_recorded_is_not_ruled_out(tmp_path: Path) -> None:
    with lake(tmp_path / "lake") as catalog:
        table = orders(catalog)
        table.append(rows(1, 2))
        (held,) = searched(table.location(), "id = 1").holding
        assert searched(table.location(), "id = 7").unexamined == ()
        Path(held.path).write_bytes(b"another file")
        (lost,) = searched(table.location(), "id = 7").unexamined
        assert lost.place == held.path
        Path(held.path).unlink()
        assert set(looks(searched(table.location(), "id = 7")).values()) == {Look.GONE}


def test_another_column_of_the_same_name_is_told_apart(tmp_path: Path) -> None:
    with lake(tmp_path / "lake") as catalog:
        table = orders(catalog)
        table.append(rows(1, 2))
        with table.update_schema() as update:
            update.delete_column("name")
        with table.update_schema() as update:
            update.add_column("name", LongType())
        found = searched(table.location(), "name = 2")
        assert [(one.field_id, one.namesakes) for one in found.columns] == [(3, (2,))]
        assert set(rows_by_state(found).values()) == {0}
        former = searched(table.location(), "name = 'x2'")
        assert [(one.field_id, one.current) for one in former.columns] == [(2, False)]
        assert set(rows_by_state(former).values()) == {1}
