"""Actors: who ran a run, as its engine, a run above it, its commit or its job's owner tells."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from snapshots.instant import Instant
from temporal_lineage.cli.entry import run as tl
from told_tables import Shop, event, run_id

AT = "2026-09-02T10:00Z"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A table, whose second commit names its user."""
    shop = Shop(tmp_path)
    shop.commit("t", 0, "2026-09-01")
    shop.commit("t", 1, "2026-09-02T10:00:30Z", userName="delta-ada")
    shop.harvest(at="2026-09-03")
    return shop


def ran(shop: Shop, number: int, **facets: Any) -> tuple[str | None, str | None]:  # noqa: ANN401
    shop.tell(with_facets(event("START", AT, number), **facets))
    (line,) = [one for one in shop.session.runs().runs if one.run == run_id(number)]
    return line.actor, line.actor_told_by


def with_facets(told: dict[str, Any], **facets: Any) -> dict[str, Any]:  # noqa: ANN401
    told["run"]["facets"] = facets
    return told


@pytest.mark.parametrize(
    ("facet", "body"),
    [
        ("spark_applicationDetails", {"applicationId": "app-1", "userName": "ada"}),
        ("trino_query_context", {"user": "ada"}),
        ("temporalLineage_environment", {"user": "ada", "host": "h"}),
        ("airflowDagRun", {"dagRun": {"triggering_user_name": "ada"}}),
    ],
)
def test_an_engine_names_who_ran_it(shop: Shop, facet: str, body: dict[str, Any]) -> None:
    assert ran(shop, 1, **{facet: body}) == ("ada", facet)


@pytest.mark.parametrize("body", [{}, {"userName": ""}, {"userName": ["ada"]}, {"userName": None}])
def test_a_facet_without_a_name_names_nobody(shop: Shop, body: dict[str, Any]) -> None:
    assert ran(shop, 1, spark_applicationDetails=body) == (None, None)


def test_what_spark_tells_of_its_application_holds_for_the_runs_below(shop: Shop) -> None:
    shop.tell(with_facets(event("START", AT, 1), spark_applicationDetails={"userName": "ada"}))
    parent = {"run": {"runId": run_id(1)}, "job": {"namespace": "n", "name": "job"}}

    assert ran(shop, 2, parent=parent) == ("ada", f"run:{run_id(1)}")


def test_a_commit_names_who_ran_what_made_it(shop: Shop) -> None:
    writes = [shop.told("t", "1")]
    shop.tell(event("START", AT, 1), event("COMPLETE", "2026-09-02T10:01Z", 1, writes=writes))

    told = shop.session.run_show(f"run:{run_id(1)}")

    assert (told.actor, told.actor_told_by) == ("delta-ada", "commit 1")


def test_an_owner_is_told_apart_from_who_ran_it(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    told = event("START", AT, 1)
    told["job"]["facets"] = {"ownership": {"owners": [{"name": "team:ml"}]}}
    shop.tell(told)

    assert shop.session.runs().runs[0].actor_told_by == "ownership"
    assert tl(["runs"], session=shop.session) == 0
    assert "team:ml (owner)" in capsys.readouterr().out
    assert tl(["runs", "--output", "json"], session=shop.session) == 0
    (row,) = json.loads(capsys.readouterr().out)["answer"]["runs"]
    assert row["actor"] == "team:ml"
    assert tl(["runs", "--output", "csv"], session=shop.session) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [one["actor"] for one in rows if one["line"] == "runs"] == ["team:ml"]


def test_who_ran_it_was_not_known_before_somebody_said_so(shop: Shop) -> None:
    assert ran(shop, 1) == (None, None)
    known = shop.now
    shop.now = Instant.parse("2026-09-05")
    late = event("COMPLETE", "2026-09-02T11:00Z", 1)
    shop.tell(with_facets(late, spark_applicationDetails={"userName": "ada"}))

    assert shop.session.runs(as_known=known).runs[0].actor is None
    assert shop.session.runs().runs[0].actor == "ada"


def test_lineage_with_its_runs_says_who_ran_them(shop: Shop) -> None:
    shop.table("made", "2026-09-02T10:00:40Z")
    shop.harvest(at="2026-09-04")
    begun = event("START", AT, 1, reads=[shop.told("t")])
    ended = event("COMPLETE", "2026-09-02T10:01Z", 1, writes=[shop.told("made")])
    shop.tell(with_facets(begun, trino_query_context={"user": "ada"}), ended)

    (told,) = shop.session.upstream("lake.s.made", parameters=True).runs

    assert (told.actor, told.actor_told_by) == ("ada", "trino_query_context")
    assert shop.session.upstream("lake.s.made").runs[0].actor is None
