"""SQL of other projects: nothing is wrong, and each refusal says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.corpus_sql import Judged, Verdict, board
from benchmarks.corpus_sql_rewrites import board_of_rewrites
from benchmarks.corpus_sql_texts import board_of_texts
from sql_answers import answer
from temporal_lineage.sql.reading import NOT_UNDERSTOOD

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    if not (CORPUS / "sql").is_dir():
        pytest.skip(f"no SQL in {CORPUS}")
    root = CORPUS / "sql"
    sources = [*board(root), *board_of_rewrites(root), *board_of_texts(CORPUS)]
    return [one for _, found in sources for one in found]


def test_no_answer_is_wrong(judged: list[Judged]) -> None:
    assert [(one.name, one.why) for one in judged if one.verdict is Verdict.WRONG] == []


def test_refusals_are_few_and_have_a_reason(judged: list[Judged]) -> None:
    refused = [one for one in judged if one.verdict is Verdict.REFUSED]
    assert all(one.why for one in refused)
    assert len(refused) * 50 <= len(judged)


def test_most_answers_need_no_convention(judged: list[Judged]) -> None:
    right = sum(one.verdict is Verdict.RIGHT for one in judged)
    assert right * 10 >= len(judged) * 9


def test_every_statement_that_sqlglot_reads_is_understood() -> None:
    path = CORPUS / "sql" / "sqlglot-fixtures-open" / "identity.sql"
    if not path.is_file():
        pytest.skip(f"no {path}")
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    reasons = {line: [one.reason for one in answer(line).refused] for line in lines}
    assert [line for line, why in reasons.items() if NOT_UNDERSTOOD in why] == []
