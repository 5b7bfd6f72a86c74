"""Other projects' dbt artifacts: what is read of them is what their index counts in them."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dbt_files import events_of, project
from snapshots.errors import UnreadableError
from temporal_lineage.capture.dbt import translate
from temporal_lineage.capture.dbt_manifest import Manifest
from temporal_lineage.evidence.runs import gather
from temporal_lineage.intake.dbt_folders import read_sets
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

Facts = dict[str, Any]


def _entries(corpus: Path) -> list[Facts]:
    entries = json.loads((corpus / "INDEX.json").read_text())
    found = [one for one in entries if one["format"] == "dbt"]
    assert found
    return found


def _files(corpus: Path, kind: str) -> Iterator[tuple[str, Path, Facts]]:
    """Give every artifact of one kind with the index's facts of it."""
    for entry in _entries(corpus):
        base = corpus / entry["path"]
        folder = base if base.is_dir() else base.parent
        for name, facts in entry["facts"].items():
            if f"/{name}".rpartition("/")[2].startswith(kind):
                told = [folder / name, *sorted(folder.rglob(f"*/{name}"))]
                path = next(one for one in told if one.is_file())
                yield entry["id"], path, facts


def _counted(read: Manifest) -> Facts:
    models = [one for one in read.nodes.values() if one.kind == "model"]
    edges = [*read.nodes.values(), *read.exposures.values()]
    return {
        "dbt_version": read.metadata.dbt_version,
        "adapter": read.metadata.adapter_type,
        "nodes": dict(Counter(one.kind for one in read.nodes.values())),
        "sources": len(read.sources),
        "exposures": len(read.exposures),
        "edges_depends_on": sum(len(one.depends_on.nodes) for one in edges),
        "models_with_compiled_sql": sum(one.compiled is not None for one in models),
        "models_with_columns": sum(bool(one.columns) for one in models),
    }


def test_manifests_are_read_as_their_index_counts_them(corpus: Path) -> None:
    seen = 0
    for name, path, facts in _files(corpus, "manifest"):
        (found,) = read_sets([str(path)], any_manifest=False)
        counted = _counted(found.manifest.content)
        assert counted == {key: facts[key] for key in counted}, name
        assert f"v{found.manifest.witness.version}.json" == facts["schema"], name
        seen += 1
    assert seen > 30


def test_catalogs_are_read_as_their_index_counts_them(corpus: Path) -> None:
    for name, path, facts in _files(corpus, "catalog"):
        manifest = _any_manifest(corpus)
        if "unparsable" in facts:
            with pytest.raises(UnreadableError, match="it is empty"):
                list(read_sets([str(manifest), str(path)], any_manifest=False))
            continue
        (found,) = read_sets([str(manifest), str(path)], any_manifest=False)
        assert found.catalog is not None
        tables = found.catalog.content
        everything = [*tables.nodes.values(), *tables.sources.values()]
        assert len(tables.nodes) == facts["nodes"], name
        assert len(tables.sources) == facts["sources"], name
        assert sum(len(one.columns) for one in everything) == facts["columns"], name


def test_run_results_are_read_as_their_index_counts_them(corpus: Path) -> None:
    for name, path, facts in _files(corpus, "run_results"):
        manifest = _any_manifest(corpus)
        (found,) = read_sets([str(manifest), str(path)], any_manifest=True)
        assert found.results is not None
        results = found.results.content.results
        assert len(results) == facts["results"], name
        assert dict(Counter(one.status for one in results)) == facts["status"], name


def _any_manifest(corpus: Path) -> Path:
    return next(path for _, path, _ in _files(corpus, "manifest"))


def test_every_event_of_every_project_is_understood_without_a_doubt(corpus: Path) -> None:
    for name, path, facts in _files(corpus, "manifest"):
        told = translate(project(path))
        assert [one.doubts for one in told.events if one.doubts] == [], name
        built = {kind: facts["nodes"].get(kind, 0) for kind in ("model", "seed", "snapshot")}
        assert told.designed >= sum(built.values()) - _ephemeral(path), name


def _ephemeral(path: Path) -> int:
    nodes = json.loads(path.read_text())["nodes"].values()
    return sum(one.get("config", {}).get("materialized") == "ephemeral" for one in nodes)


def test_every_model_is_made_from_what_it_refers_to(corpus: Path) -> None:
    """Checked against the artifacts' JSON, which here is followed by hand."""
    for name, path, _ in _files(corpus, "manifest"):
        body = json.loads(path.read_text())
        relations = {**body["nodes"], **body["sources"]}
        designed = {
            one["job"]["facets"]["dbt_node"]["unique_id"]: one for one in events_of(project(path))
        }
        for unique_id, one in body["nodes"].items():
            if one["resource_type"] != "model" or unique_id not in designed:
                continue
            read = {
                _name(relations[above])
                for above in one["depends_on"].get("nodes", ())
                if above in relations
            }
            event = designed[unique_id]
            assert {each["name"] for each in event["inputs"]} == read, (name, unique_id)
            assert [each["name"] for each in event["outputs"]] == [_name(one)], (name, unique_id)


def _name(node: Facts) -> str:
    own = node["identifier"] if node["resource_type"] == "source" else node["alias"]
    return ".".join(part for part in (node["database"], node["schema"], own) if part)


# What the openlineage-dbt wrapper does not tell, or tells otherwise: see docs/dbt.md.
_SEEDS = ("raw_customers", "raw_orders", "raw_payments")
_WRAPPED = (
    "ol-alias",
    "ol-catalog",
    "ol-duckdb",
    "ol-env_vars",
    "ol-large",
    "ol-postgres",
    "ol-profiles",
    "ol-small",
    "ol-spark-odbc",
    "ol-spark-thrift",
    "ol-test",
)
_DOCTORED = {
    "ol-alias": "its START was edited to name the model where COMPLETE names the alias",
    "ol-test": "the name of one tested dataset was edited",
}


@pytest.mark.parametrize("name", _WRAPPED)
def test_our_events_are_those_of_the_openlineage_wrapper(corpus: Path, name: str) -> None:
    folder = corpus / "dbt" / name
    if not folder.is_dir():
        pytest.skip(f"this corpus has no {name}")
    theirs = json.loads((folder / "result.json").read_text())
    namespaces = {one["namespace"] for event in theirs for one in event.get("outputs", [])}
    namespace = min(namespaces, default="bigquery")
    ours = [
        one for one in events_of(project(folder / "target", namespace=namespace)) if "run" in one
    ]
    told = {_told(one) for one in theirs}
    own = {_told(one) for one in ours if not one["job"]["name"].startswith("dbt-run-")}
    missing = told - own
    assert len(missing) <= (1 if name in _DOCTORED else 0), missing
    extra = {job for _, job, _, _ in own - told if not job.endswith(".seed")}
    assert extra <= ({job for _, job, _, _ in missing} if name in _DOCTORED else set()), extra
    assert all(one["namespace"] == namespace for event in ours for one in event["outputs"])


def _told(event: Facts) -> tuple[str, str, frozenset[str], frozenset[str]]:
    """Give what an event says, without the seeds that the wrapper leaves out of inputs."""
    inputs = {one["name"] for one in event.get("inputs", [])}
    outputs = {one["name"] for one in event.get("outputs", [])}
    read = frozenset(one for one in inputs if not one.endswith(_SEEDS))
    return event["eventType"], event["job"]["name"], read, frozenset(outputs)


def test_runs_are_as_long_as_the_artifacts_say(corpus: Path) -> None:
    folder = corpus / "dbt" / "ol-spark-thrift" / "target"
    results = json.loads((folder / "run_results.json").read_text())["results"]
    records = gather(
        one.event  # type: ignore[misc]
        for one in translate(project(folder)).events
        if hasattr(one.event, "run_id")
    )
    by_job = {one.job.name: one for one in records.values()}
    for result in results:
        own = result["unique_id"].partition(".")[2]
        suffix = {"model": ".build.run", "seed": ".build.seed"}.get(
            result["unique_id"][:5].strip(".")
        )
        if suffix is None:
            continue
        record = by_job[f"default.{own}{suffix}"]
        (execute,) = [one for one in result["timing"] if one["name"] == "execute"]
        assert record.started_at is not None
        assert record.ended_at is not None
        assert record.started_at.isoformat()[:19] == execute["started_at"][:19]
        assert record.ended_at.isoformat()[:19] == execute["completed_at"][:19]


def test_taking_the_whole_corpus_in_twice_changes_nothing(corpus: Path, tmp_path: Path) -> None:
    session = Session(Workspace(tmp_path, str(tmp_path / "ledger.db")), clock=wall_clock)
    folders = [
        str(corpus / "dbt" / name)
        for name in ("ol-spark-thrift", "ol-postgres", "ol-test", "recce-base", "colibri-trino")
        if (corpus / "dbt" / name).is_dir()
    ]
    first = session.ingest_dbt(folders)
    again = session.ingest_dbt(folders)
    assert first.new == first.events > 100
    assert (again.new, again.repeated) == (0, first.events)
