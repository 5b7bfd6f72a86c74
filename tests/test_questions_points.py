"""Points in time: what was not known then, or not there yet, is never answered for."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from small_lake import iceberg_table, sql_catalog, sqlite
from snapshots.errors import BadTargetError, BeforeHistoryError, UnknownNameError
from told_tables import Shop, dataset, event, run_id

EARLY = "2026-09-03T12:00Z"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Two tables and two runs, one of each learned late."""
    shop = Shop(tmp_path)
    shop.table("t", "2026-09-01", "2026-09-02")
    shop.harvest(at="2026-09-03")
    _train(shop, 1)
    shop.now = shop.now.plus(micros=2 * 86_400_000_000)
    shop.commit("t", 2, "2026-09-04")
    shop.table("late", "2026-09-04")
    shop.harvest(at="2026-09-05")
    _train(shop, 2)
    return shop


def _train(shop: Shop, number: int) -> None:
    shop.tell(
        event("START", f"2026-09-0{2 * number}T10:00Z", number, reads=[shop.told("t")]),
        event(
            "COMPLETE",
            f"2026-09-0{2 * number}T11:00Z",
            number,
            writes=[dataset("model", "m", f"v{number}")],
        ),
    )


def test_the_list_holds_what_was_known_then(shop: Shop) -> None:
    known = shop.session.show_all(as_known=EARLY).datasets

    assert [(one.dataset, one.snapshots) for one in known] == [("lake.s.t", 2), ("model:m", 0)]


def test_the_list_holds_what_was_there_then(shop: Shop) -> None:
    there = shop.session.show_all(as_of="2026-09-01T12:00Z").datasets

    assert next((one.dataset, one.snapshots) for one in there) == ("lake.s.t", 1)
    assert "lake.s.late" not in {one.dataset for one in there}


def test_a_dataset_that_events_named_is_listed_once_when_it_is_harvested(shop: Shop) -> None:
    shop.tell(event("COMPLETE", "2026-09-06", 3, reads=[shop.told("new")]))
    shop.table("new", "2026-09-05")
    before = len(shop.session.show_all().datasets)
    shop.harvest(at="2026-09-07")

    assert len(shop.session.show_all().datasets) == before
    assert "lake.s.new" in {one.dataset for one in shop.session.show_all().datasets}


def test_versions_of_a_model_are_those_that_were_known_and_made(shop: Shop) -> None:
    assert shop.session.show("model:m").versions == ("v1", "v2")
    assert shop.session.show("model:m", as_known=EARLY).versions == ("v1",)
    assert shop.session.show("model:m", as_of=EARLY).versions == ("v1",)


@pytest.mark.parametrize("target", ["model:m@v2", "lake.s.t@2"])
def test_a_version_nobody_knew_is_not_answered_for(shop: Shop, target: str) -> None:
    for ask in (shop.session.upstream, shop.session.downstream, shop.session.why):
        with pytest.raises(UnknownNameError, match="no version"):
            ask(target, as_known=EARLY)


@pytest.mark.parametrize("target", ["model:m@v2", "lake.s.t@2"])
def test_a_version_not_yet_made_is_not_answered_for(shop: Shop, target: str) -> None:
    for ask in (shop.session.upstream, shop.session.downstream, shop.session.why):
        with pytest.raises(BeforeHistoryError, match="starts at 2026-09-04"):
            ask(target, as_of=EARLY)


def test_a_run_nobody_knew_or_that_had_not_begun_is_not_answered_for(shop: Shop) -> None:
    target = f"run:{run_id(2)}"
    with pytest.raises(UnknownNameError, match="no run"):
        shop.session.why(target, as_known=EARLY)
    with pytest.raises(BeforeHistoryError, match="starts at 2026-09-04T10:00"):
        shop.session.why(target, as_of=EARLY)


def test_an_answer_for_a_time_to_come_says_so(shop: Shop) -> None:
    assert (
        "2027-01-01T00:00:00Z is yet to come" in shop.session.at("lake.s.t@2027-01-01").doubts[-1]
    )
    for answer in (
        shop.session.at("lake.s.t", as_of="2027-01-01"),
        shop.session.log("lake.s.t", as_of="2027-01-01"),
        shop.session.upstream("model:m@v2", as_of="forever"),
    ):
        assert "is yet to come: this is how things stand now" in answer.doubts[-1]
    assert not any("yet to come" in one for one in shop.session.at("lake.s.t").doubts)


@pytest.mark.parametrize(
    ("verb", "target"),
    [
        ("log", "lake.s.t@1"),
        ("log", "lake.s.t#a"),
        ("show", "lake.s.t@2026-09-01"),
        ("show", "model:m@v1"),
        ("schema_log", "lake.s.t@1"),
        ("at", "lake.s.t#a"),
        ("why", "lake.s.t@1#a"),
        ("available", "lake.s.t#a"),
    ],
)
def test_a_part_of_an_address_that_would_not_count_is_refused(
    shop: Shop, verb: str, target: str
) -> None:
    with pytest.raises(BadTargetError, match=r"leave .* out"):
        getattr(shop.session, verb)(target)


def test_datasets_and_jobs_have_no_states_and_no_columns(shop: Shop) -> None:
    for target in ("lake.s.t@1", "lake.s.t#a", "model:m@v1"):
        with pytest.raises(BadTargetError, match=r"leave .* out"):
            shop.session.upstream(target, by_flow=True)


@pytest.mark.parametrize("tag", ["20261001", "7", "v1.2"])
def test_a_tag_may_be_called_like_a_version(shop: Shop, tmp_path: Path, tag: str) -> None:
    catalog: SqlCatalog = sql_catalog(tmp_path / "ice", name="ice")
    table = iceberg_table(catalog, "s", "t", commits=2)
    first, _ = table.metadata.snapshots
    table.manage_snapshots().create_tag(first.snapshot_id, tag).commit()
    place = {"type": "sql", "uri": sqlite(tmp_path / "ice"), "warehouse": "file:///none"}
    Configuration(shop.home).add(CatalogEntry("ice", CatalogKind.PYICEBERG, place, "test"))
    shop.harvest("ice", at="2030-01-01")

    assert shop.session.at(f"ice.s.t@{tag}").snapshot_ids == (first.snapshot_id,)
    root = shop.session.upstream(f"ice.s.t@{tag}").root
    assert root == f"ice.s.t@{first.snapshot_id}"
    assert shop.session.schema_diff(f"ice.s.t@{tag}", "ice.s.t").changes == ()


def test_a_rollback_is_shown_from_when_it_happened(shop: Shop, tmp_path: Path) -> None:
    table = iceberg_table(sql_catalog(tmp_path / "ice", name="ice"), "s", "t", commits=2)
    first, second = (one.snapshot_id for one in table.metadata.snapshots)
    table.manage_snapshots().rollback_to_snapshot(first).commit()
    place = {"type": "sql", "uri": sqlite(tmp_path / "ice"), "warehouse": "file:///none"}
    Configuration(shop.home).add(CatalogEntry("ice", CatalogKind.PYICEBERG, place, "test"))
    shop.harvest("ice", at="2030-01-01")

    (back,) = shop.session.log("ice.s.t").rollbacks
    assert (back.ref, back.left_id, back.returned_id) == ("main", second, first)
    assert shop.session.log("ice.s.t", as_of=back.at.plus(micros=-1)).rollbacks == ()
    for one, way in ((second, "from"), (first, "to")):
        (reason,) = shop.session.why(f"ice.s.t@{one}").reasons
        assert (reason.method, reason.grade) == ("rollback", "exact")
        assert reason.shows == f"main went back {way} it at {back.at}"
