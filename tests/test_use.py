"""What is read and by whom, who answers for it, and which flows may not be needed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

import temporal_lineage
from reproduce_lake import Lake
from snapshots.errors import EmptyPeriodError, UnknownNameError
from snapshots.instant import Instant
from temporal_lineage.cli.entry import run
from temporal_lineage.questions.use.redundant import Redundancy, RedundantFlow
from temporal_lineage.questions.use.unused import UnusedDataset, Use
from told_tables import Json, dataset
from use_stories import FACET, UseShop


@pytest.fixture
def shop(tmp_path: Path) -> UseShop:
    """Orders make features, of which a model is trained; logs and old are read by nobody now."""
    shop = UseShop(tmp_path)
    shop.commit("orders", 0, "2026-09-01", "a", "b", "c")
    shop.commit("features", 0, "2026-09-02T11:00Z", "x")
    shop.table("logs", "2026-09-02")
    shop.table("old", "2026-09-01")
    shop.harvest(at="2026-09-20")
    made = shop.made_of("features", x=("orders", "a"))
    shop.ran(1, "make", "02T10:00", "02T11:30", reads=["orders"], writes=[made])
    shop.ran(2, "train", "03T10:00", "03T12:00", reads=["features"], writes=["model:m@v1"])
    shop.ran(3, "look", "04T10:00", "04T11:00", reads=["old"])
    shop.ran(4, "make", "12T10:00", "12T11:00", reads=["orders"], writes=[made])
    shop.ran(5, "train", "13T10:00", "13T12:00", reads=["features"], writes=["model:m@v2"])
    return shop


def left(shop: UseShop, **more: str) -> dict[str, UnusedDataset]:
    answer = shop.session.unused("lake", as_of="2026-09-20", **more)
    return {one.dataset: one for one in answer.datasets}


def test_a_table_that_no_run_ever_read_is_unused(shop: UseShop) -> None:
    found = left(shop)
    assert {name: one.use for name, one in found.items()} == {"lake.s.logs": Use.NEVER}
    assert (found["lake.s.logs"].read_at, found["lake.s.logs"].size_bytes) == (None, 100)


def test_a_table_that_was_read_before_the_period_only_is_told_with_its_last_reader(
    shop: UseShop,
) -> None:
    old = left(shop, since="2026-09-10")["lake.s.old"]
    assert (old.use, old.reader) == (Use.NOT_SINCE, "n/look")
    assert old.read_at == Instant.parse("2026-09-04T10:00Z")
    assert "lake.s.old" not in left(shop, since="2026-09-04T10:30Z")


def test_what_only_its_own_writers_read_is_unused(shop: UseShop) -> None:
    shop.ran(6, "merge", "14T10:00", "14T11:00", reads=["logs", "orders"], writes=["logs"])
    logs = left(shop)["lake.s.logs"]
    assert (logs.use, logs.writes) == (Use.UPKEEP, 1)


def test_what_a_job_is_said_to_read_is_told_apart(shop: UseShop) -> None:
    design: Json = {
        "eventTime": "2026-09-05T00:00Z",
        "producer": "https://example.org/p",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent",
        "job": {"namespace": "n", "name": "dashboard"},
        "inputs": [shop.told("logs")],
        "outputs": [],
    }
    shop.tell(design)
    assert left(shop)["lake.s.logs"].use is Use.DESIGNED


def test_columns_that_nothing_is_made_of_are_told_where_all_readers_tell(shop: UseShop) -> None:
    answer = shop.session.unused("lake", as_of="2026-09-20")
    assert [one.column for one in answer.columns] == ["lake.s.orders#b", "lake.s.orders#c"]
    assert {one.readers for one in answer.columns} == {("n/make",)}
    untold = "which columns of lake.s.features are used is not known: n/train told none"
    assert untold in answer.doubts
    shop.ran(7, "count", "14T10:00", "14T11:00", reads=["orders"])
    assert shop.session.unused("lake", as_of="2026-09-20").columns == ()


def test_columns_that_a_run_recorded_to_have_taken_are_used(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    columns = {"id": [1, 2], "name": ["a", "b"], "kind": ["x", "y"], "note": ["", ""]}
    write_deltalake(lake.delta / "t", pa.table(columns))
    lake.harvest()
    with temporal_lineage.run("train", to=lake.session) as training:
        training.read_delta("delta.t", columns=["id"], where="kind = 'x'").to_arrow()
        training.log_model("m", "v1")
    answer = lake.session.unused("delta")
    assert [one.column for one in answer.columns] == ["delta.t#name", "delta.t#note"]
    with temporal_lineage.run("train", to=lake.session) as training:
        training.read_delta("delta.t").to_arrow()
        training.log_model("m", "v2")
    answer = lake.session.unused("delta")
    assert answer.columns == ()
    assert any("which columns of delta.t are used is not known" in one for one in answer.doubts)


def test_no_read_known_is_not_called_no_read(shop: UseShop) -> None:
    doubts = shop.session.unused("lake", as_of="2026-09-20").doubts
    assert any("who reads without sending events is not known" in one for one in doubts)
    early = shop.session.unused("lake", as_of="2026-09-02T00:00Z")
    assert early.doubts[0].startswith("no run of that time was heard of")


def test_what_was_learned_later_was_not_known_before(shop: UseShop) -> None:
    known = shop.now
    shop.ran(8, "late", "14T10:00", "14T11:00", reads=["logs"])
    assert "lake.s.logs" not in left(shop)
    assert "lake.s.logs" in left(shop, as_known=str(known))


def test_a_scope_is_a_table_a_namespace_a_catalog_or_all(shop: UseShop) -> None:
    for scope, looked in (("lake.s.logs", 1), ("lake.s", 4), ("lake.*", 4), ("", 5)):
        assert shop.session.unused(scope, as_of="2026-09-20").looked == looked
    with pytest.raises(UnknownNameError, match=r"lake\.s"):
        shop.session.unused("lake.t")
    with pytest.raises(EmptyPeriodError):
        shop.session.unused(since="2026-09-02", as_of="2026-09-01")


def test_owners_of_datasets_and_of_the_jobs_that_write_them_are_told_apart(
    shop: UseShop,
) -> None:
    owned = shop.told("features", ownership=FACET | {"owners": [{"name": "team:ml"}]})
    shop.ran(9, "make", "15T10:00", "15T11:00", reads=["orders"], writes=[owned], owners=["ada"])
    answer = shop.session.owners(as_of="2026-09-20")
    assert (answer.looked, answer.unowned) == (5, 4)
    by_name = {one.dataset: one for one in answer.datasets}
    features = by_name["lake.s.features"]
    assert [one.name for one in features.owners] == ["team:ml"]
    assert [(one.job, [owner.name for owner in one.owners]) for one in features.jobs] == [
        ("n/make", ["ada"])
    ]
    assert answer.doubts[0].startswith("nobody told an owner of 4 of 5 datasets")

    def shown(**more: object) -> list[str]:
        found = shop.session.owners(as_of="2026-09-20", **more)  # type: ignore[arg-type]
        return [one.dataset for one in found.datasets]

    assert shown(owner="team:*") == shown(owner="ada") == ["lake.s.features"]
    assert shown(owner="bob") == []
    assert "lake.s.features" not in shown(only_unowned=True)
    assert shop.session.owners(as_of="2026-09-15").unowned == 5


def flows(shop: UseShop, kind: Redundancy, **more: str) -> list[RedundantFlow]:
    answer = shop.session.redundant(as_of="2026-09-20", **more)
    return [one for one in answer.flows if one.kind is kind]


def test_two_jobs_that_write_the_same_from_the_same_are_found_with_their_cost(
    shop: UseShop,
) -> None:
    assert flows(shop, Redundancy.SAME_WORK) == []
    shop.ran(6, "again", "14T10:00", "14T10:45", reads=["orders"], writes=["features"])
    (found,) = flows(shop, Redundancy.SAME_WORK)
    assert (found.sources, found.targets) == (("lake.s.orders",), ("lake.s.features",))
    assert [(one.job, one.runs, one.seconds) for one in found.jobs] == [
        ("n/again", 1, 2700.0),
        ("n/make", 2, 9000.0),
    ]
    (later,) = flows(shop, Redundancy.SAME_WORK, since="2026-09-13")
    assert [one.runs for one in later.jobs] == [1, 0]


def test_a_job_that_reads_more_does_not_do_the_same(shop: UseShop) -> None:
    more = ["orders", "old"]
    shop.ran(6, "again", "14T10:00", "14T10:45", reads=more, writes=["features"])
    assert flows(shop, Redundancy.SAME_WORK) == []


def test_a_job_whose_results_nobody_reads_is_found(shop: UseShop) -> None:
    shop.ran(6, "log", "14T10:00", "14T11:00", reads=["orders"], writes=["logs"])
    found = {one.jobs[0].job: one.targets for one in flows(shop, Redundancy.UNREAD)}
    assert found == {"n/log": ("lake.s.logs",), "n/train": ("model:m",)}
    shop.ran(7, "look", "15T10:00", "15T11:00", reads=["logs"])
    assert "n/log" not in {one.jobs[0].job for one in flows(shop, Redundancy.UNREAD)}


def test_a_direct_flow_is_implied_where_a_longer_way_brings_all_its_columns(
    shop: UseShop,
) -> None:
    shop.commit("report", 0, "2026-09-14T10:30Z", "z", "w")
    shop.harvest(at="2026-09-21")
    by_features = shop.made_of("report", z=("features", "x"))
    shop.ran(6, "tell", "14T10:00", "14T11:00", reads=["features"], writes=[by_features])
    direct = shop.made_of("report", z=("orders", "a"))
    shop.ran(7, "tell2", "14T12:00", "14T13:00", reads=["orders"], writes=[direct])
    (found,) = flows(shop, Redundancy.IMPLIED)
    assert found.way == ("lake.s.orders", "lake.s.features", "lake.s.report")
    assert [one.job for one in found.jobs] == ["n/tell2"]
    assert found.why == "all 1 column flows of the direct way are in the longer one"
    other = shop.made_of("report", z=("orders", "a"), w=("orders", "b"))
    shop.ran(8, "tell2", "15T12:00", "15T13:00", reads=["orders"], writes=[other])
    assert flows(shop, Redundancy.IMPLIED) == []


def test_an_implied_flow_of_which_nobody_told_columns_says_so(shop: UseShop) -> None:
    shop.ran(6, "retrain", "14T10:00", "14T11:00", reads=["orders"], writes=["model:m@v3"])
    (found,) = flows(shop, Redundancy.IMPLIED)
    assert found.way == ("lake.s.orders", "lake.s.features", "model:m")
    assert found.why == "nobody told which columns go the direct way"


def test_a_table_that_a_model_of_another_name_reads_is_still_in_doubt(shop: UseShop) -> None:
    shop.ran(6, "look", "14T10:00", "14T11:00", reads=[dataset("s3://b", "logs")])
    doubts = shop.session.unused("lake", as_of="2026-09-20").doubts
    assert any("1 dataset that they read no harvest knows" in one for one in doubts)


@pytest.mark.parametrize(
    "words",
    [
        ("unused", "lake", "--since", "2026-09-10"),
        ("redundant",),
        ("owners", "--unowned"),
        ("owners", "--owner", "ada"),
    ],
)
def test_each_is_asked_from_the_command_line(shop: UseShop, words: tuple[str, ...]) -> None:
    for output in ("text", "json", "ndjson"):
        assert run([*words, "--as-of", "2026-09-20", "--output", output], session=shop.session) == 0
