"""Erasure traces: what states and files still hold, told with what nobody could look at."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from catalogs.portion import BadFilterError
from catalogs.search import FileRole
from reproduce_lake import Lake
from snapshots.errors import BadTargetError, UnknownNameError
from temporal_lineage.erasure.answer import ErasureAnswer, TracedTable


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def people(*ids: int) -> pa.Table:
    names = pa.array([f"n{one}" for one in ids], pa.string())
    return pa.table({"id": pa.array(ids, pa.int64()), "name": names})


def only(answer: ErasureAnswer) -> TracedTable:
    (table,) = answer.tables
    return table


def test_rows_deleted_now_are_told_in_older_states_tags_and_files(lake: Lake) -> None:
    table = lake.catalog.create_table("raw.people", schema=people().schema)
    table.append(people(1, 2))
    first = table.current_snapshot()
    assert first is not None
    table.manage_snapshots().create_tag(first.snapshot_id, "v1").commit()
    table.append(people(3))
    table.delete("id = 2")
    lake.harvest()
    found = only(lake.session.erasure_trace("lake.raw.people", where="id = 2"))
    assert [(one.rows, one.refs) for one in found.states] == [(1, ("v1",)), (1, ())]
    assert [(one.rows, one.states) for one in found.files] == [(1, 2)]
    assert found.examined.states == 3
    assert found.unexamined == ()


def test_a_snapshot_that_was_expired_by_metadata_alone_is_found(lake: Lake) -> None:
    table = lake.catalog.create_table("raw.people", schema=people().schema)
    table.append(people(1, 2))
    table.delete("id = 2")
    old = table.history()[0].snapshot_id
    table.maintenance.expire_snapshots().by_id(old).commit()
    lake.harvest()
    found = only(lake.session.erasure_trace("lake.raw.people", where="id = 2"))
    assert [(one.version, one.listed) for one in found.states] == [(old, False)]


def test_what_a_harvest_kept_tells_of_states_that_their_table_forgot(lake: Lake) -> None:
    lake.write_delta("people")
    lake.harvest()
    before = lake.session.erasure_trace("delta.people", where="id = 1")
    log = lake.delta / "people" / "_delta_log"
    lake.write_delta("people", mode="overwrite")
    lake.delta_table("people").create_checkpoint()
    (log / f"{0:020d}.json").unlink()
    after = only(lake.session.erasure_trace("delta.people", where="id = 1"))
    assert [one.version for one in only(before).states] == [0]
    assert [one.version for one in after.states] == [0, 1]


def test_a_vacuumed_table_holds_nothing_and_says_what_is_gone(lake: Lake) -> None:
    lake.write_delta("people")
    lake.delta_table("people").delete("id = 1")
    lake.harvest()
    where = "id = 1"
    held = only(lake.session.erasure_trace("delta.people", where=where))
    assert [(one.role, one.rows) for one in held.files] == [(FileRole.DATA, 1)]
    lake.vacuum("people")
    found = lake.session.erasure_trace("delta.people", where=where)
    assert not found.found
    assert only(found).examined.looks["gone"] == 1
    assert only(found).unexamined == ()


def test_a_table_that_cannot_be_opened_is_not_examined(lake: Lake) -> None:
    lake.write_delta("people")
    lake.harvest()
    for file in (lake.delta / "people" / "_delta_log").iterdir():
        file.unlink()
    found = only(lake.session.erasure_trace("delta.people", where="id = 1"))
    assert found.examined.states == 0
    assert len(found.unexamined) == 1


def test_a_bad_condition_is_refused_with_what_is_near(lake: Lake) -> None:
    lake.write_delta("people")
    lake.harvest()
    with pytest.raises(BadFilterError, match="no column idd, did you mean id"):
        lake.session.erasure_trace("delta.people", where="idd = 1")
    with pytest.raises(BadFilterError, match="stops making sense"):
        lake.session.erasure_trace("delta.people", where="id = = 1")
    with pytest.raises(UnknownNameError, match=r"nearest: delta\.people"):
        lake.session.erasure_trace("delta.peple", where="id = 1")
    with pytest.raises(BadTargetError, match="leave @0 out"):
        lake.session.erasure_trace("delta.people@0", where="id = 1")


def test_progress_is_told_file_by_file(lake: Lake) -> None:
    lake.write_delta("people")
    lake.write_delta("people")
    lake.harvest()
    told: list[tuple[str, int, int]] = []
    lake.session.erasure_trace(
        "delta.people", where="id = 1", progress=lambda *one: told.append(one)
    )
    assert told == [("delta.people", 1, 2), ("delta.people", 2, 2)]
