"""The ledger answers about changes, use and cost as a slow and obvious model does."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from model_work import WORK, asked_of_work
from model_world import Op, World
from model_worth import USE, AskedOfUse
from test_model import world_in

HAPPENINGS = (
    *(["run"] * 7),
    *(["create", "deploy", "hear"] * 2),
    *("twins", "commit", "series", "rollback", "tag", "column", "expire", "rename", "drop", "fail"),
    *("harvest", "look", "tell", "tell", "settle", "unsettle"),
)

NUMBERS = st.integers(0, 11)
OPS = st.lists(
    st.tuples(st.sampled_from(HAPPENINGS), NUMBERS, NUMBERS, NUMBERS), min_size=15, max_size=35
)
QUESTION = st.tuples(st.sampled_from((*WORK, *USE)), NUMBERS, NUMBERS, NUMBERS, NUMBERS)
QUESTIONS = st.lists(QUESTION, min_size=12, max_size=12)

Asked = tuple[str, int, int, int, int]

SHAPES = {
    "new source": 50,
    "source lost": 1,
    "run failed": 5,
    "other writer": 5,
    "volume out of line": 5,
    "overdue": 1,
    "other operation": 15,
    "rolled back": 2,
    "other code": 3,
    "other parameters": 1,
    "schema change": 3,
    "breaking schema change": 3,
    "healed": 5,
    "rebuilt after others": 10,
    "rebuilt in a circle": 1,
    "superseded product": 5,
    "spread by a deletion": 1,
    "rollback reaches": 5,
    "rollback reaches far": 1,
    "rollback brings back": 5,
    "column used": 15,
    "column used far": 2,
    "column perhaps used": 10,
    "never read": 20,
    "not read in the period": 10,
    "read by its own writers only": 1,
    "read": 20,
    "unused column": 2,
    "same output from the same inputs": 1,
    "nothing it writes is read": 10,
    "another way brings it too": 10,
    "overdue table": 1,
    "odd volume": 2,
    "chain": 10,
    "long chain": 2,
    "slack": 2,
    "ready before": 1,
    "pipeline": 10,
    "learned that it is new": 10,
    "learned that it is lost": 1,
    "learned that it is changed": 2,
}
"""What answers about chance histories must hold, and how often at least."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def lived(world: World, ops: Sequence[Op]) -> World:
    """Let a history happen among three tables, and tell all that is left of it at last."""
    for op in (("create", 0, 1, 0), ("create", 0, 2, 0), *ops):
        world.do(op)
    world.do(("harvest", 0, 0, 0))
    world.do(("hear", 0, 0, 0))
    return world


def ask(world: World, question: Asked, shapes: Counter[str]) -> None:
    kind, a, b, c, choice = question
    point = asked_of_work(world, world.session, a, b, c)
    asked = AskedOfUse(world, world.session, point.target, valid=point.valid, system=point.system)
    getattr(asked, kind)(choice)
    shapes.update(asked.shapes)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ops=OPS, questions=QUESTIONS)
def test_the_ledger_answers_about_work_as_the_model_does(
    home: Path, sqlite_url: str, ops: list[Op], questions: list[Asked]
) -> None:
    hold_together(world_in(home, sqlite_url), ops, questions)


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ops=OPS, questions=QUESTIONS)
def test_so_does_a_ledger_in_postgresql(
    home: Path, postgresql_url: str, ops: list[Op], questions: list[Asked]
) -> None:
    hold_together(world_in(home, postgresql_url), ops, questions)


def hold_together(world: World, ops: Sequence[Op], questions: Sequence[Asked]) -> None:
    lived(world, ops)
    shapes: Counter[str] = Counter()
    for question in questions:
        ask(world, question, shapes)
    for shape in sorted(+shapes):
        event(shape)


def test_what_histories_of_chance_hold_is_worth_asking_about(home: Path, sqlite_url: str) -> None:
    drawn = random.Random(7)  # noqa: S311 - no secret

    def number() -> int:
        return drawn.randrange(12)

    shapes: Counter[str] = Counter()
    for _ in range(24):
        ops = [(drawn.choice(HAPPENINGS), number(), number(), number()) for _ in range(30)]
        world = lived(world_in(home, sqlite_url), ops)
        for kind in (*WORK, *USE) * 6:
            ask(world, (kind, number(), number(), number(), number()), shapes)
    assert {one: shapes[one] for one, least in SHAPES.items() if shapes[one] < least} == {}, shapes
