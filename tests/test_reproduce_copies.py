"""What is written of a state: exactly its rows, and a lock that says all about them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from benchmarks.fingerprint_reference import reference
from iceberg_files import field, schema, write_parquet, write_position_deletes, write_table
from reproduce_lake import Lake, local, only, orders
from snapshots.availability import (
    Unverified,
)
from snapshots.errors import UnreadableError
from temporal_lineage.reproduce.answer import Irreproducible, Reproducible
from temporal_lineage.reproduce.manifest import LOCK_NAME, MANIFEST_NAME


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


SCHEMA = {
    "id": 0,
    "fields": [
        {"id": 1, "name": "id", "type": "long", "required": False},
        {"id": 2, "name": "name", "type": "string", "required": False},
    ],
}


def test_the_lock_says_all_about_what_was_read_and_written(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.harvest()
    out = lake.root / "out"
    target = f"lake.raw.orders@{snapshot}"

    lake.session.reproduce(target, out=out, as_of="2100-01-01", as_known="2100-01-02")

    (task,) = table.scan().plan_files()
    size = task.file.file_size_in_bytes
    line = json.dumps([task.file.file_path, size, "data"], separators=(",", ":")) + "\n"
    lock = json.loads((out / LOCK_NAME).read_text())
    assert lock.pop("tool").startswith("temporal-lineage ")
    (one,) = lock.pop("inputs")
    assert lock == {
        "lock": 2,
        "target": target,
        "as_of": "2100-01-01T00:00:00Z",
        "as_known": "2100-01-02T00:00:00Z",
        "made_by": None,
        "run": None,
    }
    witness = f"@{snapshot} is what was asked for"
    rows = pa.table(lake.session.scan(target))
    assert one == {
        "kind": "state",
        "address": target,
        "identity": f"iceberg:{table.metadata.table_uuid}",
        "format": "iceberg",
        "location": str(local(table.location())),
        "version": snapshot,
        "metadata": str(local(table.metadata_location)),
        "known": {"grade": "exact", "method": "named", "witness": witness},
        "schema": SCHEMA,
        "files": {"count": 1, "size_bytes": size, "sha256": _sha256(line.encode())},
        "taken": [
            {
                "columns": None,
                "fields": None,
                "where": None,
                "rows": 3,
                "fingerprint": reference(rows, {"id": 1, "name": 2}),
            }
        ],
    }


def test_the_manifest_names_what_was_written_by_digest_and_fingerprint(lake: Lake) -> None:
    lake.write_delta()
    lake.harvest()
    out = lake.root / "out"
    lake.session.reproduce("delta.orders@0", out=out)
    body = (out / "delta.orders@0.parquet").read_bytes()
    manifest = json.loads((out / MANIFEST_NAME).read_text())
    assert (manifest["manifest"], manifest["target"]) == (1, "delta.orders@0")
    assert manifest["files"] == [
        {
            "name": "delta.orders@0.parquet",
            "address": "delta.orders@0",
            "rows": 3,
            "size_bytes": len(body),
            "sha256": _sha256(body),
            "fingerprint": reference(pa.table(lake.session.scan("delta.orders@0"))),
        }
    ]


def test_the_answer_names_every_file_that_was_written(lake: Lake) -> None:
    lake.append(lake.iceberg())
    lake.harvest()
    out = lake.root / "out"
    outcome = lake.session.reproduce("lake.raw.orders", out=out).outcome
    assert isinstance(outcome, Reproducible)
    assert outcome.written is not None
    written = outcome.written
    named = {written.lock, written.manifest, *(file.name for file in written.files)}
    assert {path.name for path in out.iterdir()} == named


def test_the_same_state_reproduced_twice_gives_the_same_bytes(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.append(table)
    lake.harvest()
    for name in ("one", "two"):
        lake.session.reproduce(
            f"lake.raw.orders@{snapshot}",
            out=lake.root / name,
            as_of="2100-01-01",
            as_known="2100-01-01",
        )
    one, two = (
        {path.name: path.read_bytes() for path in (lake.root / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two


def test_a_state_is_written_under_the_schema_it_had(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    with table.update_schema() as update:
        update.rename_column("name", "label")
    table.append(orders(1).rename_columns(["id", "label"]))
    lake.harvest()
    lake.session.reproduce(f"lake.raw.orders@{snapshot}", out=lake.root / "out")
    copy = parquet.read_table(lake.root / "out" / f"lake.raw.orders@{snapshot}.parquet")
    assert copy.to_pylist() == orders(3).to_pylist()


def test_a_file_that_lies_about_its_rows_stops_everything(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.harvest()
    (task,) = table.scan().plan_files()
    path = local(task.file.file_path)
    size = path.stat().st_size
    parquet.write_table(pa.table({"id": [1]}), path)
    assert path.stat().st_size < size
    with path.open("ab") as file:
        file.truncate(size)
    out = lake.root / "outs" / "out"
    with pytest.raises(UnreadableError, match=path.name):
        lake.session.reproduce(f"lake.raw.orders@{snapshot}", out=out)
    assert not out.parent.exists()


def test_rows_that_delete_files_take_are_not_written(lake: Lake) -> None:
    data = _data(lake.root, "one", 4)
    gone = write_position_deletes(lake.root / "d.parquet", [(data["file_path"], 1)])
    twice = write_position_deletes(lake.root / "e.parquet", [(data["file_path"], 1)])
    write_table(lake.root / "t", [data, gone, twice])
    lake.session.harvest([str(lake.root / "t")])
    address = f"dataset:file/{lake.root / 't'}@1"

    answer = lake.session.reproduce(address, out=lake.root / "out")

    assert only(answer).rows is None
    assert answer.doubts == (f"the number of rows of {address} is not recorded exactly",)
    (path,) = (lake.root / "out").glob("*.parquet")
    assert parquet.read_table(path).to_pydict() == {"id": [0, 2, 3]}


def test_a_state_that_nothing_here_reads_exactly_is_not_called_readable(lake: Lake) -> None:
    equal = _data(lake.root, "eq", 1) | {"content": 2, "sequence_number": 2, "equality_ids": [1]}
    kind = {"type": "list", "element-id": 2, "element": "int", "element-required": False}
    columns = schema(field(1, "id", kind))
    write_table(lake.root / "t", [_data(lake.root, "one", 2), equal], schemas=[columns])
    lake.session.harvest([str(lake.root / "t")])
    address = f"dataset:file/{lake.root / 't'}@1"

    answer = lake.session.reproduce(address, out=lake.root / "out")

    assert answer.outcome == Irreproducible((), (address,))
    one = only(answer)
    assert isinstance(one.availability, Unverified)
    assert "needs equality deletes by id, of type list" in one.availability.reason
    assert one.files == 2
    assert not (lake.root / "out").exists()


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _data(root: Path, name: str, count: int) -> dict[str, Any]:
    table = pa.table({"id": pa.array(range(count), pa.int64())})
    return write_parquet(root / "t" / "data" / f"{name}.parquet", table, ids={"id": 1})
