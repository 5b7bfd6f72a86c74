"""A lock says what was read, and brings it back without the ledger that made it, or refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import temporal_lineage
from benchmarks.fingerprint_reference import reference
from reproduce_lake import Lake, only
from snapshots.availability import Recoverable, Unverified
from snapshots.errors import BadTargetError
from temporal_lineage.locks.text import BadLockError, lock_text, parse_lock, read_lock
from temporal_lineage.reproduce.answer import Reproducible
from temporal_lineage.reproduce.folder import CannotWriteError
from temporal_lineage.reproduce.proof import ContentError
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def stranger(root: Path) -> Session:
    """Give a session without ledger and catalogs, in a folder where nothing is."""
    folder = root / "elsewhere"
    folder.mkdir(exist_ok=True)
    return Session(Workspace(folder, str(folder / "ledger.db")), clock=wall_clock)


def trained(lake: Lake) -> None:
    """Train a model on a portion of an Iceberg table, a Delta table, and a file."""
    table = lake.iceberg()
    lake.append(table, rows=5)
    lake.write_delta("customers", rows=4)
    rules = lake.root / "rules.txt"
    rules.write_text("be strict")
    lake.harvest()
    with temporal_lineage.run("train", to=lake.session, params={"depth": 6}) as run:
        run.read_iceberg("lake.raw.orders", columns=["name"], where="id < 3").to_arrow()
        run.read_delta("delta.customers").to_arrow()
        run.read_file(rules)
        run.log_model("fraud", "v1")
    lake.append(table, rows=2)
    lake.write_delta("customers", rows=9)


def test_a_lock_is_reproduced_where_neither_ledger_nor_catalog_is(lake: Lake) -> None:
    trained(lake)
    path = lake.root / "training.lock"
    made = lake.session.lock("model:fraud@v1", out=path, fingerprint=True)
    assert made.lock == str(path)
    (lake.root / "workspace" / "ledger.db").unlink()
    (lake.root / "catalog.db").unlink()

    out = lake.root / "out"
    answer = stranger(lake.root).reproduce(str(path), out=out)

    assert isinstance(answer.outcome, Reproducible)
    assert [one.verdict for one in answer.inputs] == ["live", "at-risk", "at-risk"]
    (orders,) = out.glob("lake.raw.orders@*.parquet")
    assert parquet.read_table(orders).to_pydict() == {"name": [f"order {n}" for n in range(3)]}
    assert parquet.read_table(out / "delta.customers@0.parquet").num_rows == 4
    (rules,) = (file for file in out.iterdir() if "rules.txt" in file.name)
    assert rules.read_text() == "be strict"
    # What was written has a lock again, and it says the same.
    diff = lake.session.lock_diff(str(path), str(out / "reproduction.lock.json"))
    assert (diff.same_inputs, diff.changes) == (True, ())


def test_a_lock_names_all_that_went_in_and_what_made_it(lake: Lake) -> None:
    trained(lake)
    path = lake.root / "training.lock"
    lake.session.lock("model:fraud@v1", out=path, fingerprint=True)
    lock = read_lock(path)

    assert lock.run is not None
    assert lock.run.parameters == {"depth": "6"}
    assert "python" in lock.run.environment
    assert "host" not in lock.run.environment
    assert "pyarrow" in lock.run.packages
    kinds = [one["kind"] for one in json.loads(path.read_text())["inputs"]]
    assert kinds == ["content", "state", "state"]
    orders = next(one for one in lock.inputs if one.address.startswith("lake.raw.orders@"))
    (taken,) = orders.taken  # type: ignore[union-attr]
    assert (taken.columns, taken.fields, taken.where) == (("name",), (2,), "id < 3")
    rows = pa.table({"name": [f"order {n}" for n in range(3)]})
    assert (taken.rows, taken.fingerprint) == (3, reference(rows, {"name": 2}))
    delta = next(one for one in lock.inputs if one.address.startswith("delta.customers@"))
    (whole,) = delta.taken  # type: ignore[union-attr]
    table = pa.table(lake.session.scan("delta.customers@0"))
    assert whole.fingerprint == reference(table)


def test_rows_are_only_counted_without_fingerprint_and_no_row_is_read(lake: Lake) -> None:
    trained(lake)
    path = lake.root / "training.lock"
    made = lake.session.lock("model:fraud@v1", out=path)
    assert made.fingerprints == {}
    taken = [one for each in read_lock(path).inputs for one in getattr(each, "taken", ())]
    assert [(one.rows, one.fingerprint) for one in taken] == [(4, None), (3, None)]
    answer = stranger(lake.root).reproduce(str(path), out=lake.root / "out")
    assert answer.verdict == "reproducible"


def test_the_same_things_give_the_same_lock_and_the_text_reads_back(lake: Lake) -> None:
    trained(lake)
    when = {"as_of": "2100-01-01", "as_known": "2100-01-01"}
    texts = []
    for name in ("one.lock", "two.lock"):
        lake.session.lock("model:fraud@v1", out=lake.root / name, **when)  # type: ignore[arg-type]
        texts.append((lake.root / name).read_text())
    assert texts[0] == texts[1]
    assert lock_text(parse_lock(texts[0], location="one.lock")) == texts[0]


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("fingerprint", f"tlf1:4:{'0' * 32}"),
        ("rows", 3),
    ],
)
def test_other_rows_than_were_locked_are_refused_by_name_and_nothing_is_left(
    lake: Lake, part: str, value: object
) -> None:
    path, told = locked(lake)
    told["inputs"][0]["taken"][0][part] = value
    told["inputs"][0]["taken"][0].update({"rows": 4} if part == "fingerprint" else {})
    path.write_text(json.dumps(told))
    with pytest.raises(ContentError, match=r"delta\.customers@0 gave other rows than were locked"):
        stranger(lake.root).reproduce(str(path), out=lake.root / "deep" / "out")
    assert not (lake.root / "deep").exists()


def test_other_files_or_another_schema_are_no_state_of_the_lock(lake: Lake) -> None:
    path, told = locked(lake)
    for change, reason in (
        ({"files": {"count": 2, "size_bytes": 1, "sha256": "0" * 64}}, "its files are not those"),
        ({"schema": {"id": 0, "fields": []}}, "its schema is not that of the lock"),
    ):
        other = {**told, "inputs": [{**told["inputs"][0], **change}]}
        path.write_text(json.dumps(other))
        answer = stranger(lake.root).reproduce(str(path), out=lake.root / "out")
        assert isinstance(only(answer).availability, Unverified)
        assert reason in only(answer).availability.reason  # type: ignore[union-attr]
        assert answer.verdict == "irreproducible"
        assert not (lake.root / "out").exists()


def test_another_table_in_the_same_place_is_not_taken_for_it(lake: Lake) -> None:
    path, _ = locked(lake)
    shutil.rmtree(lake.delta / "customers")
    lake.write_delta("customers", rows=4)
    one = only(stranger(lake.root).reproduce(str(path)))
    assert isinstance(one.availability, Unverified)
    assert "holds another table" in one.availability.reason


def test_a_table_that_forgot_the_state_is_read_with_what_a_ledger_here_kept(lake: Lake) -> None:
    path, _ = locked(lake)
    for commit in (lake.delta / "customers" / "_delta_log").glob("*0.json"):
        lake.write_delta("customers")
        lake.delta_table("customers").create_checkpoint()
        commit.unlink()
    alone = stranger(lake.root).reproduce(str(path))
    assert alone.verdict == "irreproducible"
    here = lake.session.reproduce(str(path))
    assert isinstance(only(here).availability, Recoverable)
    done = lake.session.reproduce(str(path), out=lake.root / "out", recover=True)
    assert done.verdict == "reproducible"


def test_a_state_that_its_table_forgot_is_locked_with_its_lists_and_needs_no_ledger(
    lake: Lake,
) -> None:
    table = lake.iceberg()
    first = lake.append(table, rows=5)
    lake.append(table, rows=2)
    lake.harvest()
    table.maintenance.expire_snapshots().by_id(int(first)).commit()
    for old in (lake.root / "warehouse").rglob("*.metadata.json"):
        if old != Path(table.refresh().metadata_location.removeprefix("file://")):
            old.unlink()
    path = lake.root / "old.lock"

    told = lake.session.lock(f"lake.raw.orders@{first}", out=path, fingerprint=True)

    assert told.lock == str(path)
    assert any("the lock holds the list of its files" in doubt for doubt in told.doubts)
    assert lock_text(read_lock(path)) == path.read_text()
    for session in (stranger(lake.root), lake.session):
        assert session.reproduce(str(path)).verdict == "recovery-needed"
        out = lake.root / f"out-{session.workspace.folder.name}"
        assert session.reproduce(str(path), out=out, recover=True).verdict == "reproducible"
        (rows,) = out.glob("*.parquet")
        assert parquet.read_table(rows).num_rows == 5
        # The rows lie apart now, and their lock says the same.
        again = lake.session.lock_diff(str(path), str(out / "reproduction.lock.json"))
        assert again.same_inputs


def test_a_lock_of_a_forgotten_state_outlives_all_metadata_of_its_table(lake: Lake) -> None:
    lake.write_delta(rows=4)
    lake.write_delta(rows=3)
    lake.harvest()
    log = lake.delta / "orders" / "_delta_log"
    lake.delta_table().create_checkpoint()
    (log / f"{0:020}.json").unlink()
    path = lake.root / "old.lock"
    lake.session.lock("delta.orders@0", out=path)
    shutil.rmtree(log)
    done = stranger(lake.root).reproduce(str(path), out=lake.root / "out", recover=True)
    assert done.verdict == "reproducible"
    assert parquet.read_table(lake.root / "out" / "delta.orders@0.parquet").num_rows == 4
    # A file that is gone is gone, whatever a lock says.
    for one in (lake.delta / "orders").glob("*.parquet"):
        one.unlink()
    assert stranger(lake.root).reproduce(str(path), recover=True).verdict == "irreproducible"


@pytest.mark.parametrize("body", ["?", "AAAA", "eJwDAAAAAAE", ""])
def test_a_lock_with_pieces_that_cannot_be_unpacked_is_refused(lake: Lake, body: str) -> None:
    path, told = locked(lake)
    told["inputs"][0]["kept"] = [{"name": "files/1", "body": body}]
    path.write_text(json.dumps(told))
    with pytest.raises(BadLockError, match=r"the piece files/1"):
        read_lock(path)


def test_a_ledger_that_cannot_be_read_is_no_obstacle(lake: Lake) -> None:
    path, _ = locked(lake)
    session = stranger(lake.root)
    Path(session.workspace.ledger).write_text("no ledger")
    answer = session.reproduce(str(path))
    assert answer.verdict == "reproducible"
    assert any("without the ledger here" in doubt for doubt in answer.doubts)


def test_what_cannot_be_read_as_it_lies_is_not_locked(lake: Lake) -> None:
    version = lake.write_delta()
    lake.write_delta(mode="overwrite")
    lake.harvest()
    lake.vacuum()
    lake.trained("v1", (str(lake.delta / "orders"), version))
    lake.trained("v2")
    path = lake.root / "old.lock"
    path.write_text("mine")
    for target, count in (("model:fraud@v1", 1), ("model:fraud@v2", 0), ("delta.orders@0", 1)):
        answer = lake.session.lock(target, out=path)
        assert (answer.lock, len(answer.inputs)) == (None, count)
        assert lake.tl_status("lock", target, "-o", str(path)) == 3
    assert path.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_named_and_nothing_is_left(lake: Lake) -> None:
    locked(lake)
    with pytest.raises(CannotWriteError, match=r"nowhere/a\.lock: no such file or directory"):
        lake.session.lock("delta.customers@0", out=lake.root / "nowhere" / "a.lock")
    assert not list(lake.root.glob(".*partial"))


def test_a_lock_says_itself_as_of_when_it_is(lake: Lake) -> None:
    path, told = locked(lake)
    with pytest.raises(BadTargetError, match="a lock says itself as of when"):
        lake.session.reproduce(str(path), as_of="2026-01-01")
    question = lake.session.reproduce(str(path)).question
    assert question.as_of.valid.isoformat() == told["as_of"]


def test_locks_differ_by_what_is_read_and_by_what_ran(lake: Lake) -> None:
    first, second = lake.root / "one.lock", lake.root / "two.lock"
    lake.write_delta("customers", rows=4)
    for version, depth, path in (("v1", 6, first), ("v2", 7, second)):
        with temporal_lineage.run("train", to=lake.session, params={"depth": depth}) as run:
            run.read_delta("delta.customers").to_arrow()
            run.log_model("fraud", version)
        lake.write_delta("customers", rows=3)
        lake.session.harvest()
        lake.session.lock(f"model:fraud@{version}", out=path)
    answer = lake.session.lock_diff(str(first), str(second))
    changes = {(one.part, one.what): (one.before, one.after) for one in answer.changes}
    assert not answer.same_inputs
    assert changes["delta.customers", "version"] == ("0", "1")
    assert changes["delta.customers", "rows"] == ("4", "7")
    assert changes["parameter", "depth"] == ("6", "7")
    assert changes["lock", "target"] == ("model:fraud@v1", "model:fraud@v2")
    assert lake.tl_status("lock", "diff", str(first), str(second)) == 3
    assert lake.tl_status("lock", "diff", str(first), str(first)) == 0


def test_a_fingerprint_that_only_one_lock_has_is_no_other_row(lake: Lake) -> None:
    path, _ = locked(lake)
    with_it = lake.root / "with.lock"
    lake.session.lock("delta.customers@0", out=with_it, fingerprint=True)
    answer = lake.session.lock_diff(str(path), str(with_it))
    assert answer.same_inputs
    assert [one.what for one in answer.changes] == ["fingerprint"]


def locked(lake: Lake) -> tuple[Path, dict[str, Any]]:
    """Lock the first state of a Delta table, without fingerprint."""
    lake.write_delta("customers", rows=4)
    lake.harvest()
    path = lake.root / "customers.lock"
    lake.session.lock("delta.customers@0", out=path)
    return path, json.loads(path.read_text())
