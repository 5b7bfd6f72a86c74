"""Promises: what is to stay readable, what keeps it, and what a promise cannot cover."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reproduce_lake import Lake
from snapshots.availability import AtRisk, Live, Protected
from snapshots.errors import BadTargetError, UnknownNameError
from snapshots.instant import FOREVER, Instant
from temporal_lineage.promises.keeping import KeptBy, NotKept
from temporal_lineage.promises.pinning import NothingToKeepError, PinReport
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

YEAR = 365 * 86_400_000_000


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def pinned(
    lake: Lake, target: str, *, until: Instant | None = None, enforce: bool = False
) -> PinReport:
    end = until or wall_clock().plus(micros=YEAR)
    return lake.session.pin(target, until=end, reason="an audit", who="ada", enforce=enforce)


def tags(lake: Lake, name: str = "raw.orders") -> dict[str, int]:
    refs = lake.catalog.load_table(name).metadata.refs
    return {one: ref.snapshot_id for one, ref in refs.items() if one != "main"}


def test_a_promise_stands_beside_the_verdict_and_does_not_change_it(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    lake.harvest()
    report = pinned(lake, f"lake.raw.orders@{first}")
    (state,) = lake.session.available("lake.raw.orders").states
    (beside,) = lake.session.available("lake.raw.orders").promises
    answer = lake.session.reproduce(f"lake.raw.orders@{first}")
    assert isinstance(state.availability, Live)
    assert (beside.address, beside.promise) == (f"lake.raw.orders@{first}", report.promise)
    assert answer.promises == (beside,)
    assert isinstance(answer.inputs[0].availability, Live)
    assert tags(lake) == {}


def test_a_model_is_kept_by_keeping_every_state_that_it_was_trained_on(lake: Lake) -> None:
    version = lake.append(lake.iceberg())
    delta = lake.write_delta()
    place = f"{lake.root}/warehouse/raw/orders"
    lake.harvest()
    lake.trained("v1", (place, version), (str(lake.delta / "orders"), delta))
    report = pinned(lake, "model:fraud@v1")
    assert [one.address for one in report.states] == [
        f"delta.orders@{delta}",
        f"lake.raw.orders@{version}",
    ]
    assert lake.session.keep_versions("delta.orders") == [int(delta)]


def test_a_tag_keeps_a_state_until_the_promise_ends_and_the_verdict_says_so(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    lake.append(table)
    lake.harvest()
    until = wall_clock().plus(micros=YEAR)
    report = pinned(lake, f"lake.raw.orders@{first}", until=until, enforce=True)
    (held,) = report.states
    assert isinstance(held.kept, KeptBy)
    assert tags(lake) == {held.kept.tag: int(first)}
    states = lake.session.available("lake.raw.orders").states
    verdict = next(one.availability for one in states if str(one.version) == first)
    assert isinstance(verdict, Protected)
    assert verdict.ref == held.kept.tag
    assert until <= verdict.until <= until.plus(micros=2000)
    assert held.ways == ()
    assert held.kept.metadata == lake.catalog.load_table("raw.orders").metadata_location


def test_a_promise_for_ever_is_a_tag_that_never_ends(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    lake.append(table)
    lake.harvest()
    pinned(lake, f"lake.raw.orders@{first}", until=FOREVER, enforce=True)
    with table.transaction() as transaction:
        transaction.set_properties({"history.expire.max-ref-age-ms": "1"})
    verdict = lake.session.available(f"lake.raw.orders@{first}").states[0].availability
    assert isinstance(verdict, Protected)
    assert verdict.until.micros > wall_clock().plus(micros=200 * YEAR).micros


def test_a_tag_that_was_dropped_protects_no_more_though_the_promise_stands(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    lake.append(table)
    lake.harvest()
    (held,) = pinned(lake, f"lake.raw.orders@{first}", enforce=True).states
    assert isinstance(held.kept, KeptBy)
    lake.catalog.load_table("raw.orders").manage_snapshots().remove_tag(held.kept.tag).commit()
    answer = lake.session.available(f"lake.raw.orders@{first}")
    assert isinstance(answer.states[0].availability, AtRisk)
    assert [one.promise for one in answer.promises] == ["pin:1"]


def test_where_there_are_no_tags_the_report_says_what_people_can_do(lake: Lake) -> None:
    version = lake.write_delta()
    lake.harvest()
    (held,) = pinned(lake, f"delta.orders@{version}", enforce=True).states
    assert held.kept == NotKept("its format has no tags")
    said = {way.where: way.what for way in held.ways}
    assert "'delta.deletedFileRetentionDuration' = 'interval 365 days'" in said["Spark"] or (
        "'interval 366 days'" in said["Spark"]
    )
    assert "tl pins --keep-versions delta.orders" in said["delta-rs"]


def test_a_state_that_is_gone_cannot_be_promised(lake: Lake) -> None:
    first = lake.write_delta()
    lake.write_delta(mode="overwrite")
    lake.harvest()
    lake.vacuum()
    with pytest.raises(NothingToKeepError, match="gone already, by VACUUM"):
        pinned(lake, f"delta.orders@{first}")
    assert lake.session.pins().promises == ()


def test_inputs_that_are_gone_are_named_and_the_others_are_kept(lake: Lake) -> None:
    version = lake.append(lake.iceberg())
    gone = lake.write_delta()
    lake.write_delta(mode="overwrite")
    lake.harvest()
    place = f"{lake.root}/warehouse/raw/orders"
    lake.trained("v1", (place, version), (str(lake.delta / "orders"), gone))
    lake.vacuum()
    report = pinned(lake, "model:fraud@v1")
    assert [one.address for one in report.states] == [f"lake.raw.orders@{version}"]
    assert [one.address for one in report.left_out] == [f"delta.orders@{gone}"]
    words = ("pin", "model:fraud@v1", "--until", "2999-01-01", "--reason", "x")
    assert lake.tl_status(*words) == 3


def test_a_lock_is_kept_by_keeping_the_states_that_it_names(lake: Lake) -> None:
    version = lake.append(lake.iceberg())
    delta = lake.write_delta()
    lake.harvest()
    place = f"{lake.root}/warehouse/raw/orders"
    lake.trained("v1", (place, version), (str(lake.delta / "orders"), delta))
    lock = lake.root / "v1.lock"
    lake.session.lock("model:fraud@v1", out=lock)
    report = pinned(lake, str(lock), enforce=True)
    assert report.target == "model:fraud@v1"
    assert [one.address for one in report.states] == [
        f"delta.orders@{delta}",
        f"lake.raw.orders@{version}",
    ]
    assert list(tags(lake).values()) == [int(version)]


def test_a_lock_of_tables_that_no_harvest_knows_is_refused_with_what_to_do(
    lake: Lake, tmp_path: Path
) -> None:
    version = lake.write_delta()
    lake.harvest()
    lock = lake.root / "orders.lock"
    lake.session.lock(f"delta.orders@{version}", out=lock)
    workspace = Workspace(tmp_path / "other", str(tmp_path / "other.db"))
    stranger = Session(workspace, clock=wall_clock)
    with pytest.raises(NothingToKeepError, match=r"no harvest here knows its table; `tl harvest"):
        stranger.pin(str(lock), until=FOREVER, reason="audit", who="ada")


def test_a_promise_about_the_past_is_refused(lake: Lake) -> None:
    version = lake.write_delta()
    lake.harvest()
    with pytest.raises(BadTargetError, match="is not after now"):
        pinned(lake, f"delta.orders@{version}", until=Instant.parse("2020-01-01"))
    with pytest.raises(BadTargetError, match="needs a reason"):
        lake.session.pin("delta.orders", until="2999-01-01", reason=" ", who="ada")


def test_what_nobody_knows_cannot_be_promised(lake: Lake) -> None:
    lake.write_delta()
    lake.harvest()
    with pytest.raises(UnknownNameError):
        pinned(lake, "delta.orders@99")
    with pytest.raises(UnknownNameError):
        pinned(lake, "model:nosuch@v1")
    assert lake.session.pins().promises == ()


def test_a_revoked_promise_is_known_to_have_been_made(lake: Lake) -> None:
    version = lake.write_delta()
    lake.harvest()
    report = pinned(lake, f"delta.orders@{version}")
    before = wall_clock()
    lake.session.unpin(report.promise, who="bob", reason="over")
    assert lake.session.pins().promises == ()
    assert lake.session.available("delta.orders").promises == ()
    (known,) = lake.session.pins(as_known=before).promises
    (held,) = lake.session.pins(as_of=before).promises
    assert (known.promise, known.who, held.target) == ("pin:1", "ada", f"delta.orders@{version}")
    with pytest.raises(UnknownNameError, match="promise in force"):
        lake.session.unpin(report.promise, who="bob")
    assert pinned(lake, f"delta.orders@{version}").promise == "pin:2"


def test_a_promise_ends_by_itself(lake: Lake) -> None:
    version = lake.write_delta()
    lake.harvest()
    until = wall_clock().plus(micros=YEAR)
    pinned(lake, f"delta.orders@{version}", until=until)
    assert len(lake.session.pins(as_of=until.plus(micros=-1)).promises) == 1
    assert lake.session.pins(as_of=until).promises == ()


def test_revoking_removes_the_tag_only_where_it_stands_as_it_was_made(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    second = lake.append(table)
    lake.harvest()
    (one,) = pinned(lake, f"lake.raw.orders@{first}", enforce=True).states
    (other,) = pinned(lake, f"lake.raw.orders@{first}", enforce=True).states
    assert isinstance(one.kept, KeptBy)
    assert isinstance(other.kept, KeptBy)
    assert one.kept.tag != other.kept.tag
    assert lake.session.unpin("pin:1", who="bob").tags[0].dropped is False
    lake.catalog.load_table("raw.orders").manage_snapshots().create_tag(
        int(second), other.kept.tag
    ).commit()
    (left,) = lake.session.unpin("pin:2", who="bob", drop_tags=True).tags
    assert (left.dropped, "was moved" in (left.why or "")) == (False, True)
    assert tags(lake) == {one.kept.tag: int(first), other.kept.tag: int(second)}


def test_a_name_that_stands_for_another_snapshot_is_left_alone(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    second = lake.append(table)
    lake.harvest()
    (one,) = pinned(lake, f"lake.raw.orders@{first}", enforce=True).states
    assert isinstance(one.kept, KeptBy)
    taken = one.kept.tag.replace("pin-1-", "pin-2-")
    lake.catalog.load_table("raw.orders").manage_snapshots().create_tag(int(second), taken).commit()
    (refused,) = pinned(lake, f"lake.raw.orders@{first}", enforce=True).states
    assert isinstance(refused.kept, NotKept)
    assert f"tag {taken} on snapshot {second}, not on {first}" in refused.kept.why
    assert tags(lake)[taken] == int(second)


def test_a_table_of_a_folder_has_nobody_to_commit_a_tag(lake: Lake) -> None:
    table = lake.iceberg()
    version = lake.append(table)
    target = f"{lake.root}/warehouse/raw/orders"
    lake.session.harvest([target])
    (held,) = pinned(lake, f"{target}@{version}", enforce=True).states
    assert isinstance(held.kept, NotKept)
    assert "no catalog lists it" in held.kept.why
    assert [way.where for way in held.ways] == ["Spark"]


def test_a_tag_that_may_not_be_written_is_said_and_the_promise_stands(lake: Lake) -> None:
    version = lake.append(lake.iceberg())
    lake.harvest()
    # Root may write wherever it likes, so the database is one that takes no more writes.
    with closing(sqlite3.connect(lake.root / "catalog.db")) as connection:
        connection.execute(
            "CREATE TRIGGER no BEFORE UPDATE ON iceberg_tables"
            " BEGIN SELECT RAISE(ABORT, 'permission denied for table'); END"
        )
    (held,) = pinned(lake, f"lake.raw.orders@{version}", enforce=True).states
    assert isinstance(held.kept, NotKept)
    assert "permission denied for table" in held.kept.why
    assert [way.where for way in held.ways] == ["Spark", "here"]
    words = ("pin", f"lake.raw.orders@{version}", "--until", "2999-01-01", "--reason", "x")
    assert lake.tl_status(*words, "--enforce") == 3
    assert len(lake.session.pins().promises) == 2
    assert tags(lake) == {}


def test_every_database_keeps_promises_and_what_a_watch_saw(lake: Lake, ledger_url: str) -> None:
    lake.session = Session(Workspace(lake.root / "workspace", ledger_url), clock=wall_clock)
    versions = [lake.write_delta() for _ in range(12)]
    lake.harvest()
    for version in versions:
        pinned(lake, f"delta.orders@{version}")
    assert [one.promise for one in lake.session.pins().promises] == [
        f"pin:{number}" for number in range(1, 13)
    ]
    assert lake.session.keep_versions("delta.orders") == list(range(12))
    assert lake.session.guard_watch().states == 12
    lake.session.unpin("pin:11", who="bob")
    assert 10 not in lake.session.keep_versions("delta.orders")
    assert len(lake.session.available("delta.orders").promises) == 11
    (table, _) = lake.session.guard(["delta"]).tables
    assert len(table.promises) == 11
