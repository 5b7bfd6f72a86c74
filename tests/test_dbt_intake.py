"""`tl ingest dbt`: all of it or nothing, one line for what is wrong, and nothing twice."""

import json
from pathlib import Path

import pytest

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from dbt_files import (
    INVOCATION,
    catalog,
    manifest,
    metadata,
    node,
    result,
    run_results,
    source,
    written,
)
from snapshots.errors import UnknownNameError, UnreadableError
from temporal_lineage.capture.dbt_run_ids import node_run_id
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.store.reader import open_reader
from temporal_lineage.workspace import Workspace

ORDERS = "model.shop.orders"
NAMESPACE = "duckdb://shop.duckdb"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    home = tmp_path / "home"
    home.mkdir()
    return Session(Workspace(home, str(home / "ledger.db")), clock=wall_clock)


def _target(folder: Path, *, invocation: str = INVOCATION) -> Path:
    results = run_results(result(ORDERS))
    results["metadata"]["invocation_id"] = invocation
    body = manifest(source("source.shop.shop.raw"), node(ORDERS, ["source.shop.shop.raw"]))
    return written(folder, manifest=body, run_results=results)


def test_a_second_ingest_of_the_same_artifacts_changes_nothing(
    session: Session, tmp_path: Path
) -> None:
    target = str(_target(tmp_path / "target"))
    first = session.ingest_dbt([target], namespace=NAMESPACE)
    again = session.ingest_dbt([target], namespace=NAMESPACE)
    assert (first.events, first.new, first.runs) == (4, 4, 2)
    assert (again.new, again.repeated) == (0, 4)


def test_a_run_tells_what_it_read_and_wrote(session: Session, tmp_path: Path) -> None:
    session.ingest_dbt([str(_target(tmp_path / "target"))], namespace=NAMESPACE)
    run_id = node_run_id(INVOCATION, ORDERS)
    written_there = f"dataset:{NAMESPACE}/db.main.orders@run:{run_id}"
    (edge,) = session.upstream(written_there).edges
    assert edge.source == f"dataset:{NAMESPACE}/db.raw.raw"


def test_the_project_folder_stands_for_the_target_folder_in_it(
    session: Session, tmp_path: Path
) -> None:
    _target(tmp_path / "shop" / "target")
    assert session.ingest_dbt([str(tmp_path / "shop")], namespace=NAMESPACE).new == 4


def test_several_projects_are_taken_in_together(session: Session, tmp_path: Path) -> None:
    one, other = _target(tmp_path / "one"), _target(tmp_path / "other")
    files = [str(one / "manifest.json"), str(one / "run_results.json"), str(other)]
    report = session.ingest_dbt(files, namespace=NAMESPACE)
    assert [len(report.projects), report.new, report.repeated] == [2, 4, 4]


def test_a_manifest_of_another_invocation_is_taken_only_where_that_is_asked_for(
    session: Session, tmp_path: Path
) -> None:
    target = str(_target(tmp_path / "target", invocation="99999999-0000-0000-0000-000000000000"))
    with pytest.raises(UnreadableError, match="it is of invocation 9999"):
        session.ingest_dbt([target], namespace=NAMESPACE)
    assert session.ingest_dbt([target], namespace=NAMESPACE, any_manifest=True).new == 4


def test_a_later_version_is_read_and_said_to_be_later(session: Session, tmp_path: Path) -> None:
    target = written(tmp_path / "target", manifest=manifest(node(ORDERS), version=20))
    report = session.ingest_dbt([str(target)], namespace=NAMESPACE)
    (doubt,) = report.projects[0].doubts
    assert "later than v12" in doubt
    assert report.new == 1


def test_without_a_profile_the_adapter_names_the_tables_and_that_is_said(
    session: Session, tmp_path: Path
) -> None:
    report = session.ingest_dbt([str(_target(tmp_path / "target"))])
    assert report.projects[0].namespace == "duckdb"
    assert "say --namespace or --profiles-dir" in report.projects[0].doubts[0]


def test_the_projects_own_profile_names_the_tables(session: Session, tmp_path: Path) -> None:
    _target(tmp_path / "shop" / "target")
    (tmp_path / "shop" / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "shop" / "profiles.yml").write_text(
        "shop: {target: dev, outputs: {dev: {type: duckdb, path: dev.duckdb}}}"
    )
    report = session.ingest_dbt([str(tmp_path / "shop" / "target")])
    assert (report.projects[0].namespace, report.projects[0].doubts) == ("duckdb://dev.duckdb", ())


def test_columns_are_resolved_through_the_compiled_sql(session: Session, tmp_path: Path) -> None:
    later = {
        "name": "execute",
        "started_at": "2026-11-09T06:00:20Z",
        "completed_at": "2026-11-09T06:00:25Z",
    }
    doubled = 'select id, amount * 2 as twice from "db"."raw"."raw"'
    starred = 'select * from "db"."main"."orders"'
    body = manifest(
        source("source.shop.shop.raw"),
        node(ORDERS, ["source.shop.shop.raw"], compiled_code=doubled),
        node("model.shop.spent", [ORDERS], compiled_code=starred),
    )
    target = written(
        tmp_path / "target",
        manifest=body,
        run_results=run_results(result(ORDERS), result("model.shop.spent", timing=[later])),
        catalog=catalog({ORDERS: {"id": "INTEGER", "twice": "INTEGER"}}),
    )
    session.ingest_dbt([str(target)], namespace=NAMESPACE)
    edges = session.upstream(f"dataset:{NAMESPACE}/db.main.spent#twice").edges
    assert {(edge.source, edge.target) for edge in edges} == {
        (f"dataset:{NAMESPACE}/db.main.orders#twice", f"dataset:{NAMESPACE}/db.main.spent#twice"),
        (f"dataset:{NAMESPACE}/db.raw.raw#amount", f"dataset:{NAMESPACE}/db.main.orders#twice"),
    }


def test_a_dashboard_is_downstream_of_what_it_shows(session: Session, tmp_path: Path) -> None:
    body = manifest(
        source("source.shop.shop.raw"),
        node(ORDERS, ["source.shop.shop.raw"]),
        node("exposure.shop.weekly", [ORDERS]),
    )
    session.ingest_dbt([str(written(tmp_path / "target", manifest=body))], namespace=NAMESPACE)
    edges = session.downstream(f"dataset:{NAMESPACE}/db.raw.raw", by_flow=True).edges
    assert [edge.target for edge in edges] == [
        f"dataset:{NAMESPACE}/db.main.orders",
        "dataset:dbt/exposure.shop.weekly",
    ]


def test_artifacts_of_a_time_yet_to_come_are_told_as_refused(
    session: Session, tmp_path: Path
) -> None:
    body = manifest(node(ORDERS))
    body["metadata"]["generated_at"] = "2999-01-01T00:00:00Z"
    report = session.ingest_dbt([str(written(tmp_path / "t", manifest=body))], namespace=NAMESPACE)
    assert (report.events, report.new, report.repeated, report.refused) == (1, 0, 0, 1)


@pytest.mark.parametrize("told", [{"*": "nix"}, {"db": "lake", "other": "nix"}])
def test_a_catalog_that_nobody_knows_is_refused_with_those_that_are_known(
    session: Session, tmp_path: Path, told: dict[str, str]
) -> None:
    target = str(_target(tmp_path / "t"))
    with pytest.raises(UnknownNameError, match=r"no catalog (nix|lake); `tl catalog add` adds one"):
        session.ingest_dbt([target], namespace=NAMESPACE, catalogs=told)

    catalogs = Configuration(session.workspace.folder)
    for name in ("lake", "attic"):
        place = {"location": str(tmp_path / name)}
        catalogs.add(CatalogEntry(name, CatalogKind.FOLDER, place, "test"))
    with pytest.raises(UnknownNameError, match="no catalog nix; nearest: attic, lake; those are"):
        session.ingest_dbt([target], namespace=NAMESPACE, catalogs=told)
    with open_reader(session.workspace.ledger) as reader:
        assert reader.event_run_ids() == []

    assert session.ingest_dbt([target], namespace=NAMESPACE, catalogs={"*": "attic"}).new
    (tmp_path / "attic").mkdir()
    session.harvest(["attic"])
    catalogs.remove("attic")  # what was harvested is known all the same
    assert session.ingest_dbt([target], namespace=NAMESPACE, catalogs={"*": "attic"}).events


BAD: dict[str, tuple[str, str]] = {
    "nothing": ("", "it is empty"),
    "half a file": ('{"metadata": {"dbt_schema', "it is no whole JSON"),
    "a list": ("[]", "it is no dbt artifact"),
    "no schema": ('{"metadata": {}}', "it has no metadata.dbt_schema_version"),
    "another schema": (
        json.dumps({"metadata": {"dbt_schema_version": "https://x/dbt/semantic/v1.json"}}),
        "is none of dbt's manifest, catalog, run-results, sources",
    ),
    "run results": (json.dumps(run_results()), "it is a run-results, not a manifest"),
    "no nodes": (json.dumps({"metadata": metadata("manifest", 12)}), "missing required field"),
    "nodes that are a list": (
        json.dumps({"metadata": metadata("manifest", 12), "nodes": []}),
        "Expected `object`, got `array`",
    ),
    "no time": (
        json.dumps({**manifest(), "metadata": {**metadata("manifest", 12), "generated_at": None}}),
        "it has no metadata.generated_at",
    ),
    "not even text": ("\x00\x01", "it is no whole JSON"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_manifest_is_refused_for_the_true_reason_and_nothing_is_kept(
    session: Session, tmp_path: Path, name: str
) -> None:
    body, reason = BAD[name]
    good = _target(tmp_path / "good")
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "manifest.json").write_text(body)
    with pytest.raises(UnreadableError, match=reason) as caught:
        session.ingest_dbt([str(good), str(bad)], namespace=NAMESPACE)
    assert "\n" not in str(caught.value)
    assert session.show_all().datasets == ()


@pytest.mark.parametrize("missing", ["", "nowhere", "empty"])
def test_what_is_not_there_is_named_with_what_would_work(
    session: Session, tmp_path: Path, missing: str
) -> None:
    (tmp_path / "empty").mkdir()
    place = str(tmp_path / missing) if missing else ""
    with pytest.raises(UnreadableError, match="give the target folder of a dbt run"):
        session.ingest_dbt([place])


def test_run_results_alone_are_refused(session: Session, tmp_path: Path) -> None:
    target = _target(tmp_path / "target")
    (target / "manifest.json").unlink()
    with pytest.raises(UnreadableError, match="no manifest"):
        session.ingest_dbt([str(target / "run_results.json")])


def test_a_broken_profile_is_named_by_its_place_and_not_by_its_text(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "profiles.yml").write_text("shop:\n  password: hunter2: [\n")
    with pytest.raises(UnreadableError, match="it is no YAML at line") as caught:
        session.ingest_dbt([str(_target(tmp_path / "target"))], profiles=tmp_path)
    assert "hunter2" not in str(caught.value)
