"""The ledger answers as a slow and obvious model does, on both databases, at any point."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from model_delta import LAKE_OPS as DELTA_OPS
from model_delta import DeltaWorld
from model_questions import QUESTIONS, asked_in
from model_world import ACTS, LAKE_OPS, Op, World
from snapshots.instant import Instant
from snapshots.period import Period

NUMBERS = st.integers(0, 11)
OPS = st.tuples(
    st.sampled_from([*LAKE_OPS, *ACTS, "run", "run", "tell", "tell", "harvest"]),
    NUMBERS,
    NUMBERS,
    NUMBERS,
)
QUESTION = st.tuples(st.sampled_from((*QUESTIONS, "diff")), NUMBERS, NUMBERS, NUMBERS)

OF_ROWS = ("at", "log", "upstream", "downstream", "contamination", "deletion", "flow", "diff")
"""Questions that are not about columns, which have no ids in these Delta tables."""

_numbers = count()
_DAYS = 86_400_000_000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def world_in(home: Path, ledger: str, kind: type[World] = World) -> World:
    """Make a world of its own: others in the same ledger have other names, and are over."""
    number = next(_numbers)
    start = Instant.parse("2026-01-01").plus(micros=number * 60 * _DAYS)
    return kind(home, ledger, name=f"m{number:06d}", start=start)


def ask(world: World, question: tuple[str, int, int, int]) -> None:
    kind, a, b, c = question
    asked, before = asked_in(world, world.session, a, b, c)
    if kind == "diff":
        asked.diff(before)
    else:
        getattr(asked, kind)()


LOST = [("create", 0, 1, 0), ("harvest", 0, 0, 0), ("run", 0, 1, 3), ("commit", 0, 0, 0)]
LOST += [("expire", 0, 0, 0), ("harvest", 0, 0, 0), ("tell", 0, 1, 0)]
"""A run of which is heard when its commit is forgotten: too rare to be drawn."""


@example(ops=LOST, questions=[("downstream", 1, 0, 0)])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ops=st.lists(OPS, min_size=4, max_size=30),
    questions=st.lists(QUESTION, min_size=12, max_size=12),
)
def test_the_ledger_answers_as_the_model_does(
    home: Path, ledger_url: str, ops: list[Op], questions: list[tuple[str, int, int, int]]
) -> None:
    world = world_in(home, ledger_url)
    for op in ops:
        world.do(op)
    world.do(("harvest", 0, 0, 0))
    for question in questions:
        ask(world, question)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ops=st.lists(
        st.tuples(st.sampled_from([*DELTA_OPS, *ACTS, "run", "tell"]), NUMBERS, NUMBERS, NUMBERS),
        min_size=4,
        max_size=25,
    ),
    questions=st.lists(
        st.tuples(st.sampled_from(OF_ROWS), NUMBERS, NUMBERS, NUMBERS), min_size=12, max_size=12
    ),
)
def test_the_ledger_answers_as_the_model_does_about_tables_that_lie_on_disk(
    home: Path, ledger_url: str, ops: list[Op], questions: list[tuple[str, int, int, int]]
) -> None:
    world = world_in(home, ledger_url, DeltaWorld)
    for op in ops:
        world.do(op)
    world.do(("harvest", 0, 0, 0))
    for question in questions:
        ask(world, question)


def test_a_later_change_of_columns_ends_no_snapshots_time(home: Path, sqlite_url: str) -> None:
    world = world_in(home, sqlite_url)
    for op in (("column", 0, 0, 0), ("harvest", 0, 0, 0)):
        world.do(op)
    created = world.happened[0]

    (line,) = world.session.log(f"{world.name}.s.t0", as_of=created).lines

    assert line.current == (Period.since(created),)
