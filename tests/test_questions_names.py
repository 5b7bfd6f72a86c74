"""Names over time: one name, two tables one after the other; what is printed parses back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from snapshots.errors import UnknownNameError
from snapshots.instant import Instant
from temporal_lineage.addresses import AtVersion, DatasetAddress, parse_address
from temporal_lineage.facts import AsOf
from temporal_lineage.naming import find_addressed
from temporal_lineage.questions.walks.answer import LineageAnswer
from temporal_lineage.store.reader import open_reader
from told_tables import Shop, dataset, event


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def created_again(shop: Shop) -> None:
    """A model is trained on the first table called lake.s.t, another on the second."""
    shop.table("t", "2026-09-01", "2026-09-02", table_id="first")
    shop.harvest(at="2026-09-03")
    shutil.rmtree(shop.path("t"))
    shop.table("t", "2026-09-10", "2026-09-11", table_id="second")
    shop.harvest(at="2026-09-12")
    for number, day in ((1, "02"), (2, "11")):
        shop.tell(
            event("START", f"2026-09-{day}T10:00Z", number, reads=[shop.told("t", "1")]),
            event("COMPLETE", f"2026-09-{day}T11:00Z", number, writes=[dataset("model", "m", "v1")])
            | {"outputs": [dataset("model", "m", f"v{number}")]},
        )


def sources(answer: LineageAnswer) -> list[str]:
    return [edge.source for edge in answer.edges]


def test_a_table_that_lost_its_name_is_printed_by_another_that_parses_back(shop: Shop) -> None:
    created_again(shop)

    (old,) = sources(shop.session.upstream("model:m@v1"))
    (new,) = sources(shop.session.upstream("model:m@v2"))

    assert new == "lake.s.t@1"
    assert old == "dataset:delta:first@1"
    state = shop.session.at(old)
    assert (state.dataset, state.committed_at) == (
        "dataset:delta:first",
        Instant.parse("2026-09-02"),
    )
    (made,) = shop.session.downstream(old).edges
    assert made.target == "model:m@v1"


def test_before_a_table_took_a_name_over_the_name_is_the_former_ones(shop: Shop) -> None:
    created_again(shop)

    (old,) = sources(shop.session.upstream("model:m@v1", as_of="2026-09-05"))

    assert old == "lake.s.t@1"


def test_an_address_with_a_time_means_what_the_name_meant_then(shop: Shop) -> None:
    created_again(shop)

    with_time = shop.session.at("lake.s.t@2026-09-05")
    as_of = shop.session.at("lake.s.t", as_of="2026-09-05")

    assert with_time.dataset == "dataset:delta:first"
    assert with_time.committed_at == as_of.committed_at == Instant.parse("2026-09-02")
    with pytest.raises(UnknownNameError, match="common table"):
        shop.session.schema_diff("lake.s.t@2026-09-05", "lake.s.t")


def test_a_name_means_a_table_older_than_the_swap_only_from_the_swap_on(shop: Shop) -> None:
    shop.table("t", "2026-09-01", table_id="first")
    shop.harvest(at="2026-09-03")
    # The second was filled elsewhere before it took the first one's place.
    shutil.rmtree(shop.path("t"))
    shop.table("t", "2026-09-02", "2026-09-05", table_id="second")
    shop.harvest(at="2026-09-06")

    before, after = (shop.session.at("lake.s.t", as_of=day) for day in ("2026-09-02", "2026-09-05"))

    assert before.committed_at == Instant.parse("2026-09-01")
    assert after.committed_at == Instant.parse("2026-09-05")
    shop.harvest(at="2026-09-07")
    assert shop.session.at("lake.s.t", as_of="2026-09-02").committed_at == before.committed_at


def test_a_table_that_gets_its_name_back_keeps_its_former_time_under_it(shop: Shop) -> None:
    shop.table("t", "2026-09-01", table_id="first")
    shop.harvest(at="2026-09-02")
    shutil.move(shop.path("t"), shop.path("u"))
    shop.table("t", "2026-09-03", table_id="second")
    shop.harvest(at="2026-09-04")
    shutil.rmtree(shop.path("t"))
    shutil.move(shop.path("u"), shop.path("t"))
    shop.commit("t", 1, "2026-09-05", table_id="first")
    shop.harvest(at="2026-09-06")

    found = [shop.session.at("lake.s.t", as_of=f"2026-09-0{day}") for day in (1, 3, 5)]

    assert [str(one.committed_at)[:10] for one in found] == [
        "2026-09-01",
        "2026-09-03",
        "2026-09-05",
    ]


def test_one_table_under_two_spellings_of_its_place_is_one(shop: Shop) -> None:
    shop.table("t", "2026-09-01")
    shop.harvest(at="2026-09-02")
    shop.harvest(f"file://{shop.path('t')}", at="2026-09-03")

    assert len(shop.session.show_all().datasets) == 1


@pytest.mark.parametrize("version", ["2026-09-01", "v@1#x", 'so "called"', "7", "plain", '"'])
@pytest.mark.parametrize("name", ["user@host/key#1", 'a "b"', "plain", '"'])
def test_odd_names_and_versions_in_events_are_printed_so_that_they_parse_back(
    shop: Shop, name: str, version: str
) -> None:
    told = dataset("s3://b", name, version)
    shop.tell(event("COMPLETE", "2026-09-01T10:00Z", 1, reads=[told], writes=[]))
    shop.tell(
        event(
            "COMPLETE", "2026-09-01T10:00Z", 2, reads=[told], writes=[dataset("model", name, "v")]
        )
    )

    (edge,) = shop.session.upstream(f"model:{_quoted(name)}@v").edges

    assert edge.target.startswith("model:")
    (back,) = shop.session.downstream(edge.source).edges
    assert back == edge
    address = parse_address(edge.source)
    assert isinstance(address, DatasetAddress)
    assert address.column is None
    assert str(address) == edge.source
    with open_reader(shop.session.workspace.ledger) as reader:
        now = AsOf(valid=shop.now, system=shop.now)
        assert find_addressed(reader, address, as_of=now) is not None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def test_a_version_in_quotes_is_no_time() -> None:
    address = parse_address('dataset:s3://b/k@"2026-09-01"')
    assert isinstance(address, DatasetAddress)
    assert address.at == AtVersion("2026-09-01")


def test_a_doubt_names_a_table_whose_name_holds_a_sign_of_addresses(shop: Shop) -> None:
    shop.table("a@b", "2026-09-01")
    shop.harvest(at="2026-09-02")
    answer = shop.session.upstream('lake.s."a@b"')
    assert answer.doubts == ('no run claims 1 commit of lake.s."a@b"',)
