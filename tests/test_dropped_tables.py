"""Tables that leave their catalog, come back, change their name, or have two."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from iceberg_files import write_metadata
from small_lake import iceberg_table, sql_catalog, sqlite
from snapshots.errors import UnknownNameError
from snapshots.instant import FOREVER, Instant
from temporal_lineage.addresses import parse_address
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.harvesting.looks import absence
from temporal_lineage.keys import NodeKind
from temporal_lineage.questions.states.good_until import freshness
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.store.reader import open_reader
from temporal_lineage.workspace import Workspace
from told_tables import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Two tables, harvested on the second of September."""
    shop = Shop(tmp_path)
    shop.table("t", "2026-09-01")
    shop.table("u", "2026-09-01")
    shop.harvest(at="2026-09-02")
    return shop


def on(shop: Shop, day: str) -> None:
    shop.now = Instant.parse(day)


def day_of(instant: Instant | None) -> str:
    return str(instant)[:10]


def test_a_table_that_a_full_listing_misses_is_dropped_and_dated(shop: Shop) -> None:
    shop.harvest(at="2026-09-03")
    shutil.rmtree(shop.path("t"))
    on(shop, "2026-09-05")
    report = shop.session.harvest()

    assert [(one.address, one.outcome) for one in report.tables] == [
        ("lake.s.u", "unchanged"),
        ("lake.s.t", "dropped"),
    ]
    shown = shop.session.show("lake.s.t")
    assert day_of(shown.missing_since) == "2026-09-05"
    assert day_of(shown.harvested_at) == "2026-09-03"
    (name,) = shown.names
    assert (name.name, day_of(name.held.end)) == ("lake.s.t", "2026-09-05")
    missing = {one.dataset: day_of(one.missing_since) for one in shop.session.show_all().datasets}
    assert missing == {"lake.s.t": "2026-09-05", "lake.s.u": "None"}
    # It is noticed once.
    assert [one.outcome for one in shop.session.harvest().tables] == ["unchanged"]


def test_what_takes_over_a_name_later_does_not_make_its_old_table_go_again(shop: Shop) -> None:
    shop.harvest(at="2026-09-03")
    shutil.rmtree(shop.path("t"))
    shop.harvest(at="2026-09-05")
    shop.table("t", "2026-09-06", table_id="another")
    shop.harvest(at="2026-09-07")

    then = {"as_of": "2026-09-04"}
    before = next(one for one in shop.session.freshness("lake.s.t", **then).datasets)
    assert day_of(before.looked_at) == "2026-09-03"
    with open_reader(shop.session.workspace.ledger) as reader:
        (old,) = (one.node_id for one in reader.nodes(kind=NodeKind.DATASET) if ":t" in one.name)
        point = AsOf(valid=LAST, system=LAST)
        away = absence(reader, old, point)
    assert away is not None
    assert (day_of(away.last_seen), day_of(away.first_missed)) == ("2026-09-03", "2026-09-05")


def test_an_answer_about_a_dropped_table_says_when_it_was_last_seen_and_first_missed(
    shop: Shop,
) -> None:
    shutil.rmtree(shop.path("t"))
    shop.harvest(at="2026-09-05")

    now, between, then = (
        shop.session.at("lake.s.t", as_of=day) for day in (None, "2026-09-04", "2026-09-01")
    )

    assert now.snapshot_ids == between.snapshot_ids == then.snapshot_ids == (0,)
    (doubt,) = now.doubts
    assert doubt.startswith("last seen in its catalog at 2026-09-02")
    assert "and not there any more at 2026-09-05" in doubt
    assert "whether it was there then is not known" in between.doubts[0]
    assert then.doubts == ()


def test_what_was_known_before_the_drop_was_noticed_can_be_asked_again(shop: Shop) -> None:
    shutil.rmtree(shop.path("t"))
    shop.harvest(at="2026-09-05")

    assert shop.session.show("lake.s.t", as_known="2026-09-04").missing_since is None
    before = shop.session.show("lake.s.t", as_of="2026-09-04")
    assert before.missing_since is None


def test_a_table_made_again_under_a_dropped_name_is_another_dataset(shop: Shop) -> None:
    shutil.rmtree(shop.path("t"))
    shop.harvest(at="2026-09-05")
    shop.table("t", "2026-09-07", table_id="second")
    shop.harvest(at="2026-09-08")

    old = shop.session.show("lake.s.t", as_of="2026-09-02")
    gone = shop.session.show("lake.s.t", as_of="2026-09-06")
    new = shop.session.show("lake.s.t")

    assert (old.identity, new.identity) == ("delta:t", "delta:second")
    assert (gone.identity, day_of(gone.missing_since)) == ("delta:t", "2026-09-05")
    assert (new.missing_since, old.missing_since) == (None, None)


def test_a_table_replaced_between_two_harvests_is_missing_since_the_second(shop: Shop) -> None:
    shutil.rmtree(shop.path("t"))
    shop.table("t", "2026-09-04", table_id="second")
    shop.harvest("lake.s.t", at="2026-09-05")

    old = shop.session.show("dataset:delta:t")

    assert day_of(old.missing_since) == "2026-09-05"
    assert day_of(old.harvested_at) == "2026-09-02"
    assert shop.session.show("lake.s.t").missing_since is None


def test_an_iceberg_table_made_again_in_files_of_the_same_names_is_another(shop: Shop) -> None:
    """Spark's folder catalogs count metadata files: what was dropped and made anew has a v1 too."""
    seen = []
    for number, day in ((1, "2026-09-03"), (2, "2026-09-05")):
        shutil.rmtree(shop.path("i"), ignore_errors=True)
        one = f"00000000-0000-4000-8000-{number:012d}"
        millis = Instant.parse(day).micros // 1000
        write_metadata(shop.path("i"), "v1.metadata.json", millis, table_uuid=one)
        (shop.path("i") / "metadata" / "version-hint.text").write_text("1")
        shop.harvest(at=day)
        seen.append(shop.session.show("lake.s.i").identity)
    assert seen == [f"iceberg:00000000-0000-4000-8000-{number:012d}" for number in (1, 2)]


def test_a_table_that_comes_back_was_away_in_between(shop: Shop) -> None:
    shutil.move(shop.path("t"), shop.home / "aside")
    shop.harvest(at="2026-09-05")
    shutil.move(shop.home / "aside", shop.path("t"))
    shop.harvest(at="2026-09-08")
    shop.harvest(at="2026-09-09")

    away = {
        day: shop.session.show("lake.s.t", as_of=f"2026-09-0{day}").missing_since is not None
        for day in (4, 6, 9)
    }

    assert away == {4: False, 6: True, 9: False}
    held = [
        (day_of(one.held.start), day_of(one.held.end))
        for one in shop.session.show("lake.s.t").names
    ]
    assert held[0] == ("2026-09-01", "2026-09-05")
    assert held[1][0] == "2026-09-08"


def test_a_catalog_that_fails_to_list_drops_nothing(shop: Shop) -> None:
    shutil.move(shop.lake, shop.home / "unmounted")
    on(shop, "2026-09-05")
    report = shop.session.harvest()

    assert [one.outcome for one in report.tables] == ["failed"]
    assert all(one.missing_since is None for one in shop.session.show_all().datasets)


def test_a_table_that_cannot_be_read_is_not_dropped_and_was_not_looked_at(shop: Shop) -> None:
    (shop.path("t") / "_delta_log" / f"{1:020d}.json").write_text("{")
    on(shop, "2026-09-05")
    assert [one.outcome for one in shop.session.harvest().tables] == ["failed", "unchanged"]

    looked = {name: shop.session.show(f"lake.s.{name}").harvested_at for name in ("t", "u")}

    assert {name: day_of(at) for name, at in looked.items()} == {
        "t": "2026-09-02",
        "u": "2026-09-05",
    }
    assert shop.session.show("lake.s.t").missing_since is None


def test_a_harvest_of_one_table_says_nothing_of_the_others(shop: Shop) -> None:
    shutil.rmtree(shop.path("t"))
    shop.harvest("lake.s.u", at="2026-09-05")

    assert shop.session.show("lake.s.t").missing_since is None
    assert day_of(shop.session.show("lake.s.u").harvested_at) == "2026-09-05"
    assert day_of(shop.session.show("lake.s.t").harvested_at) == "2026-09-02"


def test_an_answer_says_when_its_table_was_last_harvested(shop: Shop) -> None:
    shop.harvest(at="2026-09-05")

    later = shop.session.at("lake.s.t", as_of="2026-09-07T12:00Z", as_known="2026-09-20")
    known = shop.session.at("lake.s.t", as_of="2026-09-04", as_known="2026-09-04")

    on(shop, "2026-09-20")
    now = shop.session.at("lake.s.t")
    assert shop.session.at("lake.s.t", as_of="2026-09-04").question.known_until is None
    assert shop.session.at("lake.s.t@0").question.known_until is None
    assert now.doubts == ()
    assert day_of(now.question.known_until) == "2026-09-05"
    assert now.question.point.endswith(f", harvested {now.question.known_until}")
    assert day_of(later.question.known_until) == "2026-09-05"
    assert day_of(known.question.known_until) == "2026-09-02"


def test_an_answer_about_two_tables_rests_on_the_older_harvest(shop: Shop) -> None:
    shop.harvest("lake.s.u", at="2026-09-05")

    on(shop, "2026-09-20")
    asked = (parse_address("lake.s.t"), parse_address("lake.s.u"))
    now = shop.session.clock()
    with open_reader(shop.session.workspace.ledger) as reader:
        fresh = freshness(reader, asked, AsOf(valid=now, system=now), now=now)

    assert day_of(fresh.known_until) == "2026-09-02"


def test_a_harvest_with_nothing_new_notes_a_whole_catalog_in_one_entry(
    shop: Shop,
) -> None:
    size = (shop.home / "ledger.db").stat().st_size
    for hour in range(24):
        shop.harvest(at=f"2026-09-05T{hour:02}:00Z")

    assert day_of(shop.session.show("lake.s.t").harvested_at) == "2026-09-05"
    assert (shop.home / "ledger.db").stat().st_size - size < 24 * 4096


@pytest.fixture
def session(tmp_path: Path, ledger_url: str) -> Session:
    """A session whose ledger is on each database in turn."""
    return Session(Workspace(tmp_path / ".temporal-lineage", ledger_url), clock=wall_clock)


def configured(session: Session, folder: Path, name: str) -> SqlCatalog:
    properties = {"type": "sql", "uri": sqlite(folder), "warehouse": f"file://{folder}/wh"}
    Configuration(session.workspace.folder).add(
        CatalogEntry(name, CatalogKind.PYICEBERG, properties, "test")
    )
    return sql_catalog(folder, name=name)


def test_a_table_that_was_renamed_in_its_catalog_was_not_dropped(
    session: Session, tmp_path: Path
) -> None:
    catalog = configured(session, tmp_path / "lake", "lake")
    iceberg_table(catalog, "raw", "orders", commits=2)
    session.harvest()
    before = wall_clock()
    catalog.rename_table("raw.orders", "raw.sales")

    outcomes = {one.address: one.outcome for one in session.harvest().tables}

    assert outcomes == {"lake.raw.sales": "changed"}
    shown = session.show("lake.raw.sales")
    assert shown.missing_since is None
    assert {one.name: one.held.end < FOREVER for one in shown.names} == {
        "lake.raw.orders": True,
        "lake.raw.sales": False,
    }
    assert session.show("lake.raw.orders").identity == shown.identity
    assert shown.dataset == "lake.raw.sales"
    assert (
        session.show("lake.raw.orders", as_of=before, as_known=before).dataset == "lake.raw.orders"
    )
    catalog.close()


def test_a_table_that_two_catalogs_name_is_called_by_the_name_seen_first(
    session: Session, tmp_path: Path
) -> None:
    first = configured(session, tmp_path / "lake", "zoo")
    table = iceberg_table(first, "raw", "orders", commits=1)
    session.harvest()
    second = configured(session, tmp_path / "other", "ark")
    second.create_namespace("raw")
    second.register_table("raw.orders", table.metadata_location)
    for _ in range(2):
        table.append(table.scan().to_arrow())
        session.harvest()

    called = [session.show(name).dataset for name in ("ark.raw.orders", "zoo.raw.orders")]
    assert called == ["zoo.raw.orders", "zoo.raw.orders"]

    first.drop_table("raw.orders")
    session.harvest()
    shown = session.show("zoo.raw.orders")
    assert shown.dataset == "ark.raw.orders"
    assert shown.missing_since is None
    first.close()
    second.close()


def test_of_two_names_seen_at_once_the_alphabet_chooses(session: Session, tmp_path: Path) -> None:
    first = configured(session, tmp_path / "lake", "zoo")
    table = iceberg_table(first, "raw", "orders", commits=1)
    second = configured(session, tmp_path / "other", "ark")
    second.create_namespace("raw")
    second.register_table("raw.orders", table.metadata_location)

    session.harvest()

    assert session.show("zoo.raw.orders").dataset == "ark.raw.orders"
    first.close()
    second.close()


def test_a_time_when_a_name_meant_another_table_is_said_with_that_tables_address(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    shop.table("t", "2026-09-01", table_id="first")
    shop.harvest(at="2026-09-02")
    shutil.rmtree(shop.path("t"))
    shop.table("t", "2026-09-06", "2026-09-07", table_id="second")
    shop.harvest(at="2026-09-08")
    said = "lake.s.t was another table .*, dataset:delta:first; this one starts at 2026-09-06"
    doubts = shop.session.changes("lake.s.t", good="2026-09-03").doubts
    assert [one for one in doubts if re.match(said, one)]
    with pytest.raises(UnknownNameError, match=said):
        shop.session.bisect("lake.s.t", good="2026-09-03", check="count(*) > 0")
    with pytest.raises(UnknownNameError, match="table of dataset:delta:first and "):
        shop.session.schema_diff("lake.s.t@2026-09-03", "lake.s.t@2026-09-07")
    both = "before 2026-09-06T00:00:00Z lake.s.t was another table: its version 0 is"
    for ask in (shop.session.at, shop.session.upstream, shop.session.contamination):
        assert f"{both} dataset:delta:first@0" in ask("lake.s.t@0").doubts
        assert not any("another table" in one for one in ask("lake.s.t@1").doubts)
    assert shop.session.at("dataset:delta:first@0").dataset == "dataset:delta:first"
    early = shop.session.changes("dataset:delta:second", good="2026-09-03").doubts
    assert [one for one in early if re.match(said, one)]
