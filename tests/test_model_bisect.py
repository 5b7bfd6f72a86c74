"""Bisection finds in random histories of real rows what a slow and obvious model says."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path
from random import Random

from model_bisect import Bisect
from model_delta import RowsWorld
from model_target import Target
from model_world import Op
from test_model import world_in

HAPPENINGS = (*(["run"] * 6), *(["commit"] * 4), "twins", "hear", "harvest", "create")

SHAPES = {
    "found": 8,
    "the good state is bad": 3,
    "the bad state is good": 10,
    "climbed": 2,
    "turned bad": 2,
    "good": 1,
    "the same state as before": 1,
    "not read before": 1,
    "not followed": 2,
}
"""What the answers must hold, and how often at least."""


def test_a_search_finds_among_real_rows_what_the_model_says(
    tmp_path: Path, sqlite_url: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    drawn = Random(7)  # noqa: S311 - no secret
    shapes: Counter[str] = Counter()
    for _ in range(6):
        world = world_in(home, sqlite_url, RowsWorld)
        assert isinstance(world, RowsWorld)
        ops: list[Op] = []
        for _ in range(25):
            a, b, c = drawn.choices(range(12), k=3)
            ops.append((drawn.choice(HAPPENINGS), a, b, c))
        for op in (("create", 0, 1, 0), ("create", 0, 2, 0), *ops):
            world.do(op)
        world.do(("harvest", 0, 0, 0))
        world.do(("hear", 0, 0, 0))
        for number in range(10):
            shapes += searched(world, drawn, climbs=number % 2 == 0)
    assert {one: shapes[one] for one, least in SHAPES.items() if shapes[one] < least} == {}, shapes


def searched(world: RowsWorld, drawn: Random, *, climbs: bool) -> Counter[str]:
    """Search between two states of some table: where it can be, so that it climbs."""
    rows = sorted({row for many in world.rows.values() for row in many})
    name = drawn.choice(sorted(world.names))
    asked = Target(world, world.session, name, valid=world.now, system=world.now)
    table = asked.table()
    assert table is not None
    for tries in reversed(range(20)):
        search = Bisect(world, asked, drawn.sample(rows, 3))
        pairs = list(combinations(search.states(table), 2))
        if climbs and tries:
            pairs = [pair for pair in pairs if search.climbs(table, *pair)]
        if pairs:
            search.ask(table, *drawn.choice(pairs))
            return search.shapes
    return Counter()
