"""Tables that other engines wrote: harvested by their path, and explained right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

DELTA = (
    "delta.dat-column_mapping",
    "delta.dat-with_schema_change",
    "delta.delta-kd-basic-dv-with-checkpoint",
    "delta.deltars-cdc_ict_table",
    "delta.deltars-simple_table",
    "delta.dkr-golden-basic-with-inserts-overwrite-restore",
)
ICEBERG_MIN = 8
"""How many Iceberg fixtures with several snapshots must be there and right."""


@pytest.fixture(scope="module")
def index(corpus: Path) -> dict[str, dict[str, Any]]:
    entries = json.loads((corpus / "INDEX.json").read_text())
    return {entry["id"]: entry for entry in entries}


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(Workspace(tmp_path, str(tmp_path / "ledger.db")), clock=wall_clock)


@pytest.mark.parametrize("name", DELTA)
def test_a_delta_table_of_another_engine_has_the_history_it_has(
    name: str, index: dict[str, dict[str, Any]], corpus: Path, session: Session
) -> None:
    entry = index[name]
    place = str(corpus / entry["path"])
    session.harvest([place])

    lines = session.log(place).lines
    told = entry["facts"]["history"]

    assert [one.snapshot_id for one in lines] == [one["v"] for one in told]
    assert [one.operation for one in lines] == [one["op"] or "unknown" for one in told]
    newest = session.at(place)
    assert newest.snapshot_ids == (told[-1]["v"],)
    current = [column.partition(":")[0] for column in entry["facts"]["current_schema"]]
    assert list(newest.columns) == current


def test_each_state_of_an_iceberg_table_is_current_from_its_commit_on(
    index: dict[str, dict[str, Any]], corpus: Path, session: Session
) -> None:
    checked = 0
    for entry in index.values():
        facts = entry["facts"]
        if entry["format"] != "iceberg" or entry["category"] != "table":
            continue
        ids = [one["id"] for one in facts.get("snapshots", ())]
        if len(ids) < 2 or facts["snapshot_log"] != ids or max(ids) >= 2**63:
            continue
        place = str(corpus / entry["path"])
        session.harvest([place])
        lines = {one.snapshot_id: one for one in session.log(place).lines}
        assert set(ids) <= set(lines), entry["id"]
        for one in facts["snapshots"]:
            line = lines[one["id"]]
            assert line.operation == one["op"], entry["id"]
            if line.current:
                answer = session.at(place, as_of=line.current[0].start)
                assert answer.snapshot_ids == (one["id"],), entry["id"]
        checked += 1
    assert checked >= ICEBERG_MIN
