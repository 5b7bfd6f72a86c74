"""The scoreboard over foreign tables: what it prints, and that a wrong answer fails it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benchmarks.corpus import VARIABLE, main
from benchmarks.corpus_marks import Column
from delta_files import data_file
from delta_logs import column, commit_info, metadata, protocol, write

Board = Callable[..., tuple[int, str]]


@pytest.fixture
def board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Board:
    """Write a corpus of one Delta table with these facts, score it, and give status and text."""
    root = tmp_path / "delta" / "shop"
    rows = pa.table({"id": pa.array([1, 2], pa.int64())})
    told = metadata(column("id", "long"))
    write(root, 0, commit_info("WRITE"), protocol(), told, data_file(root, "f", rows))
    monkeypatch.setenv(VARIABLE, str(tmp_path))

    def score(*arguments: str, facts: Mapping[str, Any], **more: Any) -> tuple[int, str]:  # noqa: ANN401
        entry: dict[str, Any] = {
            "id": "delta.shop",
            "format": "delta",
            "category": "table",
            "path": "delta/shop",
        }
        entry |= {
            "features": [],
            "facts": {**FACTS, **facts},
            "loads_in_peer": {"load": "ok"},
        } | more
        (tmp_path / "INDEX.json").write_text(json.dumps([entry]))
        return main(["--only", "delta", *arguments]), capsys.readouterr().out

    return score


COMMIT = {"v": 0, "op": "WRITE", "adds": 1, "removes": 0, "files": 1, "rows": 2}
FACTS: Mapping[str, Any] = {
    "versions": {"first": 0, "latest": 0, "listed": 1, "unreconstructable": []},
    "history": [COMMIT],
    "first_schema": ["id:long"],
    "current_schema": ["id:long"],
    "table_id": "t",
    "current": {"missing_files": 0},
    "current_row_count": 2,
}


def test_each_table_has_a_line_with_every_kind_of_fact_beside_what_the_peer_does(
    board: Board,
) -> None:
    status, text = board(facts={})
    heading, line = text.splitlines()[:2]
    assert status == 0
    assert heading.split() == ["table", *Column, "peer"]
    cells = line.split()
    assert cells[0] == "delta.shop"
    assert [cell for cell in cells if cell in {"right", "WRONG", "refused"}] == ["right"] * 5
    assert cells[-1] == "ok"
    assert "right in everything: 1 of 1" in text


@pytest.mark.parametrize(
    "facts",
    [
        {"table_id": "another"},
        {"current_schema": ["id:string"]},
        {"history": [{**COMMIT, "ict": 12}]},
        {"history": [{**COMMIT, "files": 2}]},
        {"current_row_count": 3},
    ],
    ids=["history", "schemas", "instants", "files", "rows"],
)
def test_one_wrong_fact_of_any_kind_fails_the_scoreboard(
    board: Board, facts: Mapping[str, Any]
) -> None:
    status, text = board("--quiet", facts=facts)
    assert status == 1
    assert "1 WRONG" in text
    assert "right in everything: 0 of 1" in text
    assert " is right" in text


def test_a_known_bad_table_that_is_loaded_fails_the_scoreboard(board: Board) -> None:
    status, text = board(facts={}, category="known-bad")
    assert status == 1
    assert "known-bad, and loaded" in text


def test_a_refusal_is_printed_with_its_reason_and_fails_nothing(
    board: Board, tmp_path: Path
) -> None:
    (tmp_path / "delta" / "shop" / "f").unlink()
    status, text = board("--quiet", facts={"current": {"missing_files": 1}})
    assert status == 0
    assert "refused" in text
    assert "there is no such file" in text
