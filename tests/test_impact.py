"""Impact: what a change would break, make stale or change, before it is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from snapshots.errors import BadTargetError, UnknownNameError
from temporal_lineage.cli.entry import run
from temporal_lineage.questions.impact.impacted import Consequence
from temporal_lineage.questions.impact.simulated import ImpactAnswer
from told_tables import Json, Shop, dataset, event


def copied(shop: Shop, name: str, source: str, field: str) -> Json:
    """Name a table as an output, whose column x is made of a column of another."""
    made_of = {"namespace": "file", "name": str(shop.path(source)), "field": field}
    facet = {"_producer": "p", "_schemaURL": "s", "fields": {"x": {"inputFields": [made_of]}}}
    return shop.told(name, columnLineage=facet)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Orders feed features by column a, features feed scores by x; a report says no columns."""
    shop = Shop(tmp_path)
    shop.commit("orders", 0, "2026-09-01", "a", "b")
    shop.commit("orders", 1, "2026-09-02")
    shop.commit("features", 0, "2026-09-02T10:30Z", "x")
    shop.commit("scores", 0, "2026-09-02T12:30Z", "x")
    shop.commit("report", 0, "2026-09-02T10:30Z", "y")
    shop.harvest(at="2026-09-06")
    work = (
        (1, "make", "10", "orders", copied(shop, "features", "orders", "a")),
        (2, "tell", "10", "orders", shop.told("report")),
        (3, "score", "12", "features", copied(shop, "scores", "features", "x")),
        (4, "train", "13", "features", dataset("model", "m", "v1")),
    )
    for number, job, hour, source, written in work:
        reads = [shop.told(source)]
        shop.tell(
            event("START", f"2026-09-02T{hour}:00Z", number, job, reads=reads),
            event("COMPLETE", f"2026-09-02T{hour}:50Z", number, job, reads=reads, writes=[written]),
        )
    return shop


def effects(answer: ImpactAnswer) -> dict[str, tuple[int, Consequence]]:
    return {one.address: (one.distance, one.effect) for one in answer.impacted}


@pytest.mark.parametrize("change", ["drop-column", "rename"])
def test_a_column_that_goes_breaks_its_reader_and_makes_the_rest_stale(
    shop: Shop, change: str
) -> None:
    answer = shop.session.impact("lake.s.orders#a", change=change)
    assert effects(answer) == {
        "lake.s.features#x": (1, Consequence.BREAKS),
        "lake.s.report": (1, Consequence.MAY_BREAK),
        "lake.s.scores#x": (2, Consequence.STALE),
        "model:m": (2, Consequence.MAY_CHANGE),
    }
    scores = next(one for one in answer.impacted if one.address == "lake.s.scores#x")
    assert scores.path == ("lake.s.orders#a", "lake.s.features#x", "lake.s.scores#x")
    assert scores.jobs == ("n/score",)


def test_a_column_that_nobody_uses_breaks_nothing_that_is_told(shop: Shop) -> None:
    answer = shop.session.impact("lake.s.orders#b", change="drop-column")
    assert Consequence.BREAKS not in {one.effect for one in answer.impacted}
    assert effects(answer)["lake.s.report"] == (1, Consequence.MAY_BREAK)


def test_another_type_changes_what_is_made_of_the_column(shop: Shop) -> None:
    answer = shop.session.impact("lake.s.orders#a", change="retype")
    assert effects(answer)["lake.s.scores#x"] == (2, Consequence.CHANGES)


def test_a_job_that_stops_lets_go_stale_what_only_it_feeds(shop: Shop) -> None:
    answer = shop.session.impact("job:n/make", change="stop-job")
    assert effects(answer) == {
        "lake.s.features": (0, Consequence.STALE),
        "lake.s.scores": (1, Consequence.STALE),
        "model:m": (1, Consequence.STALE),
    }


def test_what_another_job_writes_too_changes_only(shop: Shop) -> None:
    reads = [shop.told("report")]
    shop.tell(
        event("START", "2026-09-02T10:00Z", 9, "other", reads=reads),
        event(
            "COMPLETE",
            "2026-09-02T10:50Z",
            9,
            "other",
            reads=reads,
            writes=[shop.told("features")],
        ),
    )
    answer = shop.session.impact("job:n/make", change="stop-job")
    features = next(one for one in answer.impacted if one.address == "lake.s.features")
    assert (features.effect, features.why) == (Consequence.CHANGES, "written by n/other too")


def test_a_rollback_names_what_holds_rows_that_would_be_gone(shop: Shop) -> None:
    answer = shop.session.impact("lake.s.orders@0", change="rollback")
    found = effects(answer)
    assert found["lake.s.features@0"] == (1, Consequence.HOLDS_MORE)
    assert found["model:m@v1"] == (2, Consequence.HOLDS_MORE)
    assert "main would lose the rows of 1 commit" in answer.doubts
    stays = shop.session.impact("lake.s.orders@1", change="rollback")
    assert stays.impacted == ()


def test_what_was_made_again_of_a_later_state_is_as_far_as_the_runs_between(shop: Shop) -> None:
    shop.commit("features", 1, "2026-09-03T10:30Z", "x")
    shop.commit("late", 0, "2026-09-03T12:30Z", "y")
    shop.harvest(at="2026-09-07")
    work = (
        (11, "10", [shop.told("scores")], shop.told("features")),
        (12, "12", [shop.told("features")], shop.told("late")),
    )
    for number, hour, reads, written in work:
        shop.tell(
            event("START", f"2026-09-03T{hour}:00Z", number, "again", reads=reads),
            event("COMPLETE", f"2026-09-03T{hour}:50Z", number, "again", writes=[written]),
        )
    found = effects(shop.session.impact("lake.s.orders@0", change="rollback"))
    # Version 1 holds the rows of version 0 too, and so is as near for what was made of it.
    distances = {name: distance for name, (distance, _) in found.items()}
    assert distances["lake.s.features@0"] == 1
    assert distances["lake.s.features@1"] == 3
    assert distances["lake.s.late@0"] == 2


def test_a_state_that_expires_takes_the_reproduction_of_what_was_made_of_it(shop: Shop) -> None:
    answer = shop.session.impact("lake.s.features@0", change="expire")
    assert effects(answer) == {
        "lake.s.scores@0": (1, Consequence.UNREADABLE),
        "model:m@v1": (1, Consequence.UNREADABLE),
    }
    assert shop.session.impact("lake.s.orders@0", change="expire").impacted == ()


def test_a_table_that_is_deleted_breaks_its_readers(shop: Shop) -> None:
    found = effects(shop.session.impact("lake.s.orders", change="delete"))
    assert found["lake.s.features"] == (1, Consequence.BREAKS)
    assert found["model:m"] == (2, Consequence.STALE)


def test_who_answers_for_what_is_hit_is_named_datasets_and_jobs_apart(shop: Shop) -> None:
    facet = {"_producer": "p", "_schemaURL": "s"}
    owned = shop.told("features", ownership=facet | {"owners": [{"name": "team:ml"}]})
    told = event("COMPLETE", "2026-09-03T11:00Z", 9, "make", reads=[shop.told("orders")])
    owners = [{"name": "ada", "type": "MAINTAINER"}]
    told["job"]["facets"] = {"ownership": facet | {"owners": owners}}
    told["outputs"] = [owned]
    shop.tell(told)
    answer = shop.session.impact("lake.s.orders", change="delete")
    by_name = {one.address: (one.owners, one.job_owners) for one in answer.impacted}
    assert by_name["lake.s.features"] == (("team:ml",), ("ada (MAINTAINER)",))
    assert by_name["lake.s.scores"] == ((), ())
    before = shop.session.impact("lake.s.orders", change="delete", as_of="2026-09-03T10:00Z")
    assert {(one.owners, one.job_owners) for one in before.impacted} == {((), ())}


def test_what_lies_deeper_than_asked_is_named(shop: Shop) -> None:
    answer = shop.session.impact("lake.s.orders", change="delete", depth_max=1)
    assert "model:m" not in effects(answer)
    assert any("deeper than 1: lake.s.features" in one for one in answer.doubts)


@pytest.mark.parametrize(
    ("target", "change", "said"),
    [
        ("lake.s.orders", "drop-column", "asks for a column"),
        ("lake.s.orders#a", "delete", "asks for a table"),
        ("lake.s.orders", "rollback", "asks for the state to go back to"),
        ("job:n/make", "expire", "asks for the state that would be expired"),
        ("lake.s.orders#a", "explode", "a change is one of drop-column"),
    ],
)
def test_a_target_that_does_not_fit_the_change_is_refused(
    shop: Shop, target: str, change: str, said: str
) -> None:
    with pytest.raises(BadTargetError, match=said):
        shop.session.impact(target, change=change)


def test_a_job_nobody_heard_of_is_refused_with_the_nearest(shop: Shop) -> None:
    with pytest.raises(UnknownNameError, match="job:n/make"):
        shop.session.impact("job:n/mak", change="stop-job")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("lake.s.orders#a --change drop-column --paths", 3),
        ("lake.s.orders#a --change retype --output json", 0),
        ("lake.s.orders --change delete --output ndjson", 3),
        ("lake.s.orders#a", 2),
    ],
)
def test_the_exit_status_says_whether_anything_breaks(shop: Shop, words: str, status: int) -> None:
    assert run(["impact", *words.split()], session=shop.session) == status
