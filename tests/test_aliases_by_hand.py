"""Names settled by hand: what they mean, since when it is known, and how it is taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from snapshots.errors import BadTargetError, EmptyPeriodError, UnknownNameError
from told_tables import Shop, dataset, event, run_id

TRINO = ("trino://t:8443", "lake.s.t")
NAME = "/".join(TRINO)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A table that a query of Trino read, and another wrote, under a name nobody knows."""
    shop = Shop(tmp_path)
    shop.table("t", "2026-09-01", "2026-09-02T10:00:05Z")
    shop.harvest(at="2026-09-03")
    named = dataset(*TRINO)
    shop.tell(
        event("START", "2026-09-02T10:00:00Z", 1, "load"),
        event("COMPLETE", "2026-09-02T10:00:10Z", 1, "load", writes=[named]),
        event("START", "2026-09-03T10:00:00Z", 2, "report", reads=[named]),
        event("COMPLETE", "2026-09-03T11:00:00Z", 2, "report", writes=[dataset("model", "m", "v")]),
    )
    shop.now = shop.now.plus(micros=86_400_000_000)
    return shop


def _states(shop: Shop, number: int, **when: str) -> list[tuple[str, ...]]:
    return [one.states for one in shop.session.run_show(run_id(number), **when).links]


def _settle(shop: Shop, **more: str) -> None:
    report = shop.session.alias_add(NAME, "lake.s.t", who="ada", why="one metastore", **more)
    assert (report.names, report.dataset, report.runs) == ((NAME,), "lake.s.t", 2)


def test_a_settled_name_links_the_runs_that_used_it(shop: Shop) -> None:
    assert _states(shop, 1) == [(f"dataset:{NAME}@run:{run_id(1)}",)]
    _settle(shop)
    assert _states(shop, 1) == [("lake.s.t@1",)]
    assert _states(shop, 2)[0] == ("lake.s.t@1",)
    assert [one.job for one in shop.session.log("lake.s.t").lines] == [None, "n/load"]
    assert shop.session.coverage().unresolved == ()
    assert f"dataset:{NAME}" not in {one.dataset for one in shop.session.show_all().datasets}
    (edge,) = shop.session.upstream("lake.s.t", by_flow=True).edges or (None,)
    assert edge is None


def test_what_was_believed_before_stays_known(shop: Shop) -> None:
    before = shop.now.isoformat()
    _settle(shop)
    assert _states(shop, 1, as_known=before) == [(f"dataset:{NAME}@run:{run_id(1)}",)]
    assert shop.session.aliases(as_known=before).aliases == ()
    assert [one.dataset for one in shop.session.coverage(as_known=before).unresolved] == [
        f"dataset:{NAME}"
    ]


def test_an_alias_says_who_said_it_and_why(shop: Shop) -> None:
    _settle(shop)
    (one,) = shop.session.aliases().aliases
    assert (one.name, one.dataset, one.who, one.why) == (NAME, "lake.s.t", "ada", "one metastore")


def test_an_alias_that_is_taken_back_is_still_known_to_have_held(shop: Shop) -> None:
    _settle(shop)
    held = shop.now.isoformat()
    shop.now = shop.now.plus(micros=1_000_000)
    report = shop.session.alias_remove(NAME, who="bob", why="another cluster")
    assert report.runs == 2
    assert _states(shop, 1) == [(f"dataset:{NAME}@run:{run_id(1)}",)]
    assert shop.session.aliases().aliases == ()
    assert [one.job for one in shop.session.log("lake.s.t").lines] == [None, None]
    assert len(shop.session.aliases(as_known=held).aliases) == 1
    assert _states(shop, 1, as_known=held) == [("lake.s.t@1",)]


def test_a_name_means_it_only_as_long_as_was_said(shop: Shop) -> None:
    _settle(shop, until="2026-09-03")
    assert _states(shop, 1) == [("lake.s.t@1",)]
    assert _states(shop, 2)[0] == ()


def test_what_people_said_goes_before_what_a_later_harvest_finds(shop: Shop) -> None:
    _settle(shop)
    shop.table("other", "2026-09-01")
    shop.harvest(at="2026-10-20")
    assert _states(shop, 1) == [("lake.s.t@1",)]


def test_what_cannot_be_settled_is_said(shop: Shop) -> None:
    with pytest.raises(UnknownNameError, match=r"no name trino://t:8443/lake.s.x; nearest: trino"):
        shop.session.alias_add("trino://t:8443/lake.s.x", "lake.s.t", who="ada")
    with pytest.raises(UnknownNameError, match=r"nearest: lake\.s\.t"):
        shop.session.alias_add(NAME, "lake.s.tt", who="ada")
    with pytest.raises(UnknownNameError, match="`tl alias list`"):
        shop.session.alias_remove(NAME, who="ada")
    _settle(shop)
    with pytest.raises(BadTargetError, match=r"it means lake\.s\.t already"):
        shop.session.alias_add(NAME, "lake.s.t", who="ada")
    with pytest.raises(EmptyPeriodError, match="earlier time comes first"):
        shop.session.alias_add(NAME, "lake.s.t", who="a", since="2026-09-02", until="2026-09-01")


def test_a_name_that_meant_another_table_is_said_to_have_meant_it(shop: Shop) -> None:
    shop.table("u", "2026-09-01")
    shop.harvest(at="2026-09-05")

    listed = shop.session.alias_add("lake.s.u", "lake.s.t", who="ada", why="")
    again = shop.session.alias_add(NAME, "lake.s.t", who="ada", why="")
    back = shop.session.alias_remove("lake.s.u", who="ada", why="")

    assert (listed.dataset, listed.meant) == ("lake.s.t", ("lake.s.u",))
    assert again.meant == ()
    assert (back.dataset, back.meant) == ("lake.s.u", ("lake.s.t",))


@pytest.mark.parametrize("last", ["v", "t"])
def test_a_name_that_meant_several_tables_loses_the_runs_of_each_of_them(
    shop: Shop, last: str
) -> None:
    for name in "uv":
        shop.table(name, "2026-09-01")
    shop.harvest(at="2026-09-05")
    shop.session.alias_add(NAME, "lake.s.t", who="ada", until="2026-09-03")
    shop.session.alias_add(NAME, "lake.s.u", who="ada", since="2026-09-03")
    assert [_states(shop, 1)[0], _states(shop, 2)[0]] == [("lake.s.t@1",), ("lake.s.u@0",)]

    settled = shop.session.alias_add(NAME, f"lake.s.{last}", who="ada", since="2026-09-01")

    assert settled.meant == (("lake.s.t", "lake.s.u") if last == "v" else ("lake.s.u",))
    assert settled.runs == 2
    version = {"v": "0", "t": "1"}[last]
    assert _states(shop, 2)[0] == (f"lake.s.{last}@{version}",)
    (wrote,) = shop.session.run_show(run_id(1)).links
    assert wrote.dataset == f"lake.s.{last}"
