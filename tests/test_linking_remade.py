"""Runs that drop the table they write and make another: they read the old one and wrote the new."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.catalog.sql import SqlCatalog

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from small_lake import sqlite
from snapshots.instant import Instant
from temporal_lineage.questions.walks.answer import LineageAnswer
from test_linking import beliefs
from told_tables import Json, Shop, dataset, event, run_id

BUILD, USE = 1, 2
SQL = "CREATE TABLE t AS SELECT total AS price, id FROM t"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return made(tmp_path)


def told(t: Json, u: Json, **more: Json) -> list[Json]:
    """Tell of a run that makes `t` again out of itself, and of one that makes `u` of it."""
    return [
        {**one, "job": {**one["job"], "facets": more}}
        for one in (
            event("START", "2026-09-02T10:00Z", BUILD, "build", reads=[t], writes=[t]),
            event("COMPLETE", "2026-09-02T10:10Z", BUILD, "build", reads=[t], writes=[t]),
            event("START", "2026-09-03T10:00Z", USE, "use", reads=[t]),
            event("COMPLETE", "2026-09-03T10:10Z", USE, "use", reads=[t], writes=[u]),
        )
    ]


def links(shop: Shop, run: int) -> set[tuple[str, tuple[str, ...]]]:
    return {(one.side, one.states) for one in shop.session.run_show(run_id(run)).links}


def nothing_is_left(shop: Shop) -> bool:
    coverage = shop.session.coverage()
    orphans = [one for one in coverage.orphans if "2026-09-01" not in str(one)]
    return (orphans, coverage.phantoms) == ([], ())


def of_paths(shop: Shop) -> list[Json]:
    return told(shop.told("t"), shop.told("u"))


def at(shop: Shop, instant: str) -> None:
    shop.now = max(shop.now, Instant.parse(instant))


Step = Callable[[Shop], None]


def old(shop: Shop) -> None:
    shop.table("t", "2026-09-01T10:00Z", "2026-09-01T11:00Z", table_id="old")


def new(shop: Shop) -> None:
    shutil.rmtree(shop.path("t"), ignore_errors=True)
    shop.table("t", "2026-09-02T10:05Z", table_id="new")


def use(shop: Shop) -> None:
    shop.table("u", "2026-09-03T10:05Z")


def tell(shop: Shop) -> None:
    at(shop, "2026-09-03T12:00Z")
    shop.tell(*of_paths(shop))


def tell_backwards(shop: Shop) -> None:
    at(shop, "2026-09-03T12:00Z")
    for one in reversed(of_paths(shop)):
        shop.tell(one)


def tell_its_start(shop: Shop) -> None:
    at(shop, "2026-09-02T10:01Z")
    shop.tell(of_paths(shop)[0])


def tell_its_run(shop: Shop) -> None:
    at(shop, "2026-09-02T10:20Z")
    shop.tell(*of_paths(shop)[:2])


def harvest_old(shop: Shop) -> None:
    shop.harvest(at="2026-09-02T09:00Z")


def harvest_at_once(shop: Shop) -> None:
    shop.harvest(at="2026-09-02T10:30Z")


def harvest_new(shop: Shop) -> None:
    shop.harvest(at="2026-09-04")


def made(folder: Path, *steps: Step) -> Shop:
    shop = Shop(folder)
    shop.now = Instant.parse("2026-09-01T12:00Z")
    for step in steps:
        step(shop)
    return shop


def everything(folder: Path, *steps: Step) -> dict[str, set[str]]:
    shop = made(folder, *steps)
    return {
        kind: {one.replace(str(folder), "") for one in many}
        for kind, many in beliefs(shop.session).items()
    }


def test_a_delta_table_made_again_inside_a_run_is_its_output_and_the_old_one_its_input(
    tmp_path: Path,
) -> None:
    shop = made(tmp_path, old, harvest_old, new, use, harvest_new, tell)

    assert links(shop, BUILD) == {
        ("read", ("dataset:delta:old@1",)),
        ("wrote", ("lake.s.t@0",)),
    }
    assert links(shop, USE) == {("read", ("lake.s.t@0",)), ("wrote", ("lake.s.u@0",))}
    assert nothing_is_left(shop)
    above = shop.session.upstream("lake.s.u")
    assert {(one.source, one.target) for one in above.edges} == {
        ("lake.s.t@0", "lake.s.u@0"),
        ("dataset:delta:old@1", "lake.s.t@0"),
    }


@pytest.mark.parametrize(
    "steps",
    [
        (old, harvest_old, new, use, tell, harvest_new),
        (old, harvest_old, new, use, tell_backwards, harvest_new),
        (old, harvest_old, new, use, harvest_new, tell_backwards),
        (old, tell_its_start, harvest_old, new, use, tell, harvest_new),
        (
            old,
            harvest_old,
            tell_its_start,
            new,
            harvest_at_once,
            tell_its_run,
            use,
            tell,
            harvest_new,
        ),
        (old, harvest_old, new, tell_its_run, harvest_at_once, use, tell_backwards, harvest_new),
        (old, harvest_old, new, use, tell, harvest_new, tell_backwards),
    ],
)
def test_events_before_between_and_after_both_harvests_end_in_the_same_beliefs(
    tmp_path: Path, steps: Sequence[Step]
) -> None:
    in_order = (old, harvest_old, new, use, harvest_new, tell)
    assert everything(tmp_path / "a", *steps) == everything(tmp_path / "b", *in_order)


def test_where_only_the_new_table_was_ever_harvested_the_run_wrote_that_all_the_same(
    tmp_path: Path,
) -> None:
    late = (old, new, use, harvest_new, tell)
    shop = made(tmp_path / "a", *late)

    assert ("wrote", ("lake.s.t@0",)) in links(shop, BUILD)
    assert links(shop, USE) == {("read", ("lake.s.t@0",)), ("wrote", ("lake.s.u@0",))}
    assert nothing_is_left(shop)
    early = everything(tmp_path / "b", old, new, use, tell_backwards, harvest_new)
    assert early == everything(tmp_path / "c", *late)


def test_a_run_wrote_the_table_of_its_own_time_though_another_was_made_before_it_ended(
    shop: Shop,
) -> None:
    """What an event told of while it ran goes before the end, at which it does not name it."""
    shop.table("t", "2026-09-01T10:00Z", "2026-09-02T10:02Z", table_id="old")
    harvest_old(shop)
    t = shop.told("t")
    at(shop, "2026-09-02T10:11Z")
    shop.tell(
        event("START", "2026-09-02T10:00Z", BUILD, "stream", writes=[t]),
        event("RUNNING", "2026-09-02T10:03Z", BUILD, "stream", writes=[t]),
        event("COMPLETE", "2026-09-02T10:10Z", BUILD, "stream"),
    )
    new(shop)
    harvest_new(shop)

    assert links(shop, BUILD) == {("wrote", ("dataset:delta:old@1",))}


def test_a_run_that_only_drops_its_table_wrote_no_other(shop: Shop) -> None:
    old(shop)
    harvest_old(shop)
    t = shop.told("t")
    shutil.rmtree(shop.path("t"))
    harvest_new(shop)
    shop.tell(
        event("START", "2026-09-02T10:00Z", BUILD, "drop", writes=[t]),
        event("COMPLETE", "2026-09-02T10:10Z", BUILD, "drop", writes=[t]),
    )

    (only,) = shop.session.run_show(run_id(BUILD)).links

    assert (only.dataset, only.states) == ("lake.s.t", ())
    assert shop.session.coverage().unresolved == ()


@pytest.fixture
def lake(shop: Shop) -> Iterator[SqlCatalog]:
    place = {"type": "sql", "uri": sqlite(shop.home), "warehouse": f"file://{shop.lake}"}
    Configuration(shop.home).add(CatalogEntry("ice", CatalogKind.PYICEBERG, place, "test"))
    catalog = SqlCatalog("ice", uri=place["uri"], warehouse=place["warehouse"])
    catalog.create_namespace("s")
    yield catalog
    catalog.close()


def write(lake: SqlCatalog, name: str, at: str, *columns: str) -> int:
    with time_machine.travel(Instant.parse(at).micros / 1e6, tick=False):
        rows = pa.table({one: pa.array([1], pa.int64()) for one in columns})
        table = lake.create_table(("s", name), schema=rows.schema)
        table.append(rows)
        snapshot = table.current_snapshot()
        assert snapshot is not None
        return snapshot.snapshot_id


def sources(answer: LineageAnswer) -> set[tuple[str, str]]:
    return {(one.source, one.target) for one in answer.edges}


@pytest.mark.parametrize("told_of", ["before the harvest", "after it"])
def test_an_iceberg_table_dropped_and_created_inside_a_run_has_columns_of_its_own(
    shop: Shop, lake: SqlCatalog, told_of: str
) -> None:
    sql = {"sql": {"_producer": "p", "_schemaURL": "s", "query": SQL, "dialect": "spark"}}
    t, u = (dataset("catalog", f"ice.s.{name}") for name in "tu")
    before = write(lake, "t", "2026-09-01T10:00Z", "id", "total")
    identity = lake.load_table(("s", "t")).metadata.table_uuid
    shop.harvest("ice", at="2026-09-02T09:00Z")
    lake.drop_table(("s", "t"))
    after = write(lake, "t", "2026-09-02T10:05Z", "price", "id")
    write(lake, "u", "2026-09-03T10:05Z", "price", "id")
    if told_of == "after it":
        shop.harvest("ice", at="2026-09-04")
    at(shop, "2026-09-03T12:00Z")
    shop.tell(*told(t, u, **sql))
    if told_of == "before the harvest":
        shop.harvest("ice", at="2026-09-04")

    was = f"dataset:iceberg:{identity}"
    assert links(shop, BUILD) == {
        ("read", (f"{was}@{before}",)),
        ("wrote", (f"ice.s.t@{after}",)),
    }
    assert nothing_is_left(shop)
    # `id` was the first field of the old table and is the second of the new one.
    assert (f"{was}#total", "ice.s.t#price") in sources(shop.session.upstream("ice.s.t#price"))
    assert (f"{was}#id", "ice.s.t#id") in sources(shop.session.upstream("ice.s.t#id"))


DAYS = 3
"""On each of them the table is made again at noon; midnight after it is harvested."""

Told = tuple[int, Json]
"""An event, and after how many harvests it is told."""


@st.composite
def runs(draw: st.DrawFn, number: int) -> list[Told]:
    """Draw the events of a run that goes on for hours or days, and when each is told."""
    hours = sorted(draw(st.lists(st.integers(1, 24 * DAYS - 1), min_size=2, max_size=3)))
    kinds = ["START", "COMPLETE"] if len(hours) == 2 else ["START", "RUNNING", "COMPLETE"]
    found: list[Told] = []
    for kind, hour in zip(kinds, hours, strict=True):
        when = str(Instant.parse("2026-09-01").plus(micros=hour * 3_600_000_000 - 60_000_000))
        reads, writes = (["t"] if draw(st.booleans()) else [] for _ in "ab")
        body = event(kind, when, number, f"job-{number}")
        found.append((draw(st.integers(hour // 24, DAYS)), {**body, "in": reads, "out": writes}))
    return found


def played(folder: Path, told_after: Sequence[Told]) -> dict[str, set[str]]:
    shop = Shop(folder)
    for day in range(DAYS + 1):
        midnight = Instant.parse("2026-09-01").plus(micros=day * 86_400_000_000)
        if day:
            noon = midnight.plus(micros=-43_200_000_000)
            shutil.rmtree(shop.path("t"), ignore_errors=True)
            times = [str(noon.plus(micros=hour * 3_600_000_000)) for hour in (0, 3, 7)]
            shop.table("t", *times, table_id=f"made-{day}")
            shop.harvest(at=str(midnight))
        at(shop, str(midnight.plus(micros=86_000_000_000)))
        for after, one in told_after:
            sides = {"inputs": one["in"], "outputs": one["out"]}
            if after == day:
                shop.tell({**one, **{side: [shop.told(x) for x in sides[side]] for side in sides}})
    return {
        kind: {one.replace(str(folder), "") for one in many}
        for kind, many in beliefs(shop.session).items()
    }


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_table_made_again_each_day_ends_in_the_same_beliefs_whenever_runs_are_told_of(
    data: st.DataObject,
) -> None:
    events = [one for number in range(1, 5) for one in data.draw(runs(number))]
    late = [(DAYS, one) for _, one in events]
    with tempfile.TemporaryDirectory() as place:
        whole = played(Path(place) / "a", late)
        assert played(Path(place) / "b", data.draw(st.permutations(events))) == whole
