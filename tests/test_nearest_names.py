"""A name that nobody knows is told with the nearest that is known, whatever the question."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from question_grid import TAKES
from transcripts import Told, asked, at_home, told_lake

CLEAN = "lake.staging.orders_clean"

MISTYPED = {
    "table": ("orders_clean", CLEAN),
    "state": (f"staging.orders_clan@{2**62}", CLEAN),
    "column": (f"{CLEAN}#amount_er", f"{CLEAN}#amount_eur"),
    "job": ("job:orders_clean", "job:shop/staging.orders_clean"),
    "run": ("run:01a190f9-0000-71ae-9384-34d4ff9ce854", "run:01a190f9-0000-71ae-9384-34d4ff9ce853"),
    "model": ("model:frad", "model:fraud"),
    "model version": ("model:fraud@v9", "model:fraud@v3"),
    "path": ("./delta/raw/payment", "delta.raw.payments"),
}
"""For each kind of target, what somebody types, and what the answer must name."""

IN_SCOPE = ("unused", "redundant", "freshness", "volume", "owners", "coverage", "schema audit")
OF_TABLES = (
    *("runs --dataset", "pins", "recover", "guard", "bisect --good 2026-10-18 --check true"),
    *("schema diff lake.raw.orders", "critical-path", "fingerprint"),
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    told = told_lake(tmp_path_factory.getbasetemp())
    with at_home(told.lake.root):
        yield told


@pytest.mark.parametrize(
    ("question", "kind"), [(question, kind) for question, takes in TAKES.items() for kind in takes]
)
def test_a_mistyped_target_is_answered_with_the_one_that_was_meant(
    question: str, kind: str, told: Told
) -> None:
    typed, meant = MISTYPED[kind]
    # A scope names many datasets, one of which is the model.
    done = asked(*question.split(), typed)

    assert done.status == 1
    assert f"nearest: {meant}" in done.err or f", {meant}" in done.err, done.err


@pytest.mark.parametrize("question", [*IN_SCOPE, *OF_TABLES])
def test_a_mistyped_table_or_scope_is_answered_with_the_one_that_was_meant(
    question: str, told: Told
) -> None:
    done = asked(*question.split(), "orders_clen")

    assert done.status == 1
    assert f"nearest: {CLEAN}" in done.err


def test_the_first_letters_of_a_run_are_answered_with_the_runs_that_begin_so(told: Told) -> None:
    done = asked("run", "show", "run:01a190f9")

    assert "nearest: run:01a190f9-0000-71ae-9384-34d4ff9ce853" in done.err
