"""The dbt part of the scoreboard: foreign artifacts, and the events of the openlineage wrapper."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from benchmarks.corpus_marks import Mark, Outcome, Tally
from temporal_lineage.capture.dbt import translate
from temporal_lineage.capture.dbt_artifacts import (
    Artifact,
    ArtifactKind,
    read_artifact,
    witness_of,
)
from temporal_lineage.capture.dbt_catalog import Catalog
from temporal_lineage.capture.dbt_manifest import Manifest, Node
from temporal_lineage.capture.dbt_names import project_name, relation_name
from temporal_lineage.capture.dbt_places import Place
from temporal_lineage.capture.dbt_projects import DbtProject
from temporal_lineage.capture.dbt_run_results import RunResults

Json = dict[str, Any]

_NAME_WIDTH = 60
_WIDTH = 13
_SEEDS = ("raw_customers", "raw_orders", "raw_payments")

# Their events were edited in one place, to try how the wrapper's own tests compare.
_EDITED = {"dbt.ol-alias": 1, "dbt.ol-test": 1}


class DbtColumn(StrEnum):
    """A kind of fact about a dbt project."""

    NODES = "nodes"
    EDGES = "edges"
    COLUMNS = "columns"
    RESULTS = "results"
    INPUTS = "inputs"
    WRAPPER = "wrapper"


def dbt_board(corpus: Path, *, quiet: bool) -> int:
    """Print the verdicts on all dbt artifacts of the corpus; give how many are wrong."""
    entries = json.loads((corpus / "INDEX.json").read_text())
    fixtures = [one for one in entries if one["format"] == "dbt"]
    print(f"\n{_line('dbt artifacts', list(DbtColumn))}")
    totals: dict[DbtColumn, Counter[Outcome]] = {column: Counter() for column in DbtColumn}
    for fixture in fixtures:
        marks = _marks(corpus, fixture)
        for column, mark in marks.items():
            totals[column][mark.outcome] += 1
        right = all(one.outcome in (Outcome.RIGHT, Outcome.UNTOLD) for one in marks.values())
        if not quiet or not right:
            print(_line(fixture["id"], [_shown(marks[column]) for column in DbtColumn]))
            for reason in (one for mark in marks.values() for one in mark.reasons):
                print(f"    {reason}")
    print(f"\n{_line(f'dbt: {len(fixtures)} projects', list(DbtColumn))}")
    for outcome in (Outcome.RIGHT, Outcome.REFUSED, Outcome.WRONG, Outcome.UNTOLD):
        name = "nothing told" if outcome is Outcome.UNTOLD else outcome.value
        print(_line(f"  {name}", [str(totals[column][outcome]) for column in DbtColumn]))
    return sum(counted[Outcome.WRONG] for counted in totals.values())


def _marks(corpus: Path, fixture: Json) -> dict[DbtColumn, Mark]:
    tallies = {column: Tally() for column in DbtColumn}
    for path, facts in _files(corpus, fixture):
        if "unparsable" in facts:
            _expect_refusal(path, tallies[DbtColumn.COLUMNS])
            continue
        if "schema" not in facts:
            continue
        body = path.read_bytes()
        witness = witness_of(body, source=str(path))
        if witness.kind is ArtifactKind.MANIFEST:
            manifest = read_artifact(body, Manifest, witness)
            _count_manifest(manifest.content, facts, tallies)
            _follow(manifest, json.loads(body), tallies[DbtColumn.INPUTS])
        elif witness.kind is ArtifactKind.CATALOG:
            _count_catalog(read_artifact(body, Catalog, witness).content, facts, tallies)
        elif witness.kind is ArtifactKind.RUN_RESULTS:
            _count_results(read_artifact(body, RunResults, witness).content, facts, tallies)
    _compare(corpus, fixture, tallies[DbtColumn.WRAPPER])
    return {column: tally.mark() for column, tally in tallies.items()}


def _files(corpus: Path, fixture: Json) -> Iterator[tuple[Path, Json]]:
    base = corpus / fixture["path"]
    folder = base if base.is_dir() else base.parent
    for name, facts in fixture["facts"].items():
        places = [folder / name, *sorted(folder.rglob(f"*/{name}"))]
        yield next(one for one in places if one.is_file()), facts


def _expect_refusal(path: Path, tally: Tally) -> None:
    refusals = Tally()
    with refusals.refusals(path.name):
        witness_of(path.read_bytes(), source=str(path))
    tally.expect(f"{path.name} refused", found=len(refusals.refused), told=1)


def _count_manifest(read: Manifest, facts: Json, tallies: Mapping[DbtColumn, Tally]) -> None:
    models = [one for one in read.nodes.values() if one.kind == "model"]
    kinds = dict(Counter(one.kind for one in read.nodes.values()))
    edges = [*read.nodes.values(), *read.exposures.values()]
    for column, name, found in (
        (DbtColumn.NODES, "nodes", kinds),
        (DbtColumn.NODES, "sources", len(read.sources)),
        (DbtColumn.NODES, "exposures", len(read.exposures)),
        (DbtColumn.NODES, "adapter", read.metadata.adapter_type),
        (DbtColumn.NODES, "dbt_version", read.metadata.dbt_version),
        (DbtColumn.EDGES, "edges_depends_on", sum(len(one.depends_on.nodes) for one in edges)),
        (DbtColumn.COLUMNS, "models_with_columns", sum(bool(one.columns) for one in models)),
        (
            DbtColumn.NODES,
            "models_with_compiled_sql",
            sum(one.compiled is not None for one in models),
        ),
    ):
        tallies[column].expect(name, found=found, told=facts[name])


def _count_catalog(read: Catalog, facts: Json, tallies: Mapping[DbtColumn, Tally]) -> None:
    tables = [*read.nodes.values(), *read.sources.values()]
    tally = tallies[DbtColumn.COLUMNS]
    tally.expect("catalog nodes", found=len(read.nodes), told=facts["nodes"])
    tally.expect("catalog sources", found=len(read.sources), told=facts["sources"])
    found = sum(len(one.columns) for one in tables)
    tally.expect("catalog columns", found=found, told=facts["columns"])


def _count_results(read: RunResults, facts: Json, tallies: Mapping[DbtColumn, Tally]) -> None:
    tally = tallies[DbtColumn.RESULTS]
    tally.expect("results", found=len(read.results), told=facts["results"])
    status = dict(Counter(one.status for one in read.results))
    tally.expect("status", found=status, told=facts["status"])


def _follow(manifest: Artifact[Manifest], body: Json, tally: Tally) -> None:
    """Compare what each model is told to read with its references, followed in the plain JSON."""
    relations = {**body["nodes"], **body["sources"]}
    events = {
        event["job"]["facets"]["dbt_node"]["unique_id"]: event
        for event in _events(manifest, None, "dbt", "here")
    }
    for unique_id, node in body["nodes"].items():
        if node["resource_type"] != "model" or unique_id not in events:
            continue
        above = [relations[one] for one in node["depends_on"].get("nodes", ()) if one in relations]
        told = {_full_name(one) for one in above}
        found = {one["name"] for one in events[unique_id]["inputs"]}
        tally.expect(f"inputs of {unique_id}", found=found, told=told)


def _full_name(body: Json) -> str:
    fields = ("unique_id", "name", "resource_type", "database", "schema", "alias", "identifier")
    return relation_name(Node(**{key: body[key] for key in fields if body.get(key) is not None}))


def _compare(corpus: Path, fixture: Json, tally: Tally) -> None:
    """Compare our runs with what the wrapper said of the same artifacts, event by event."""
    folder = corpus / fixture["path"]
    expected = folder / "result.json"
    if not expected.is_file():
        return
    theirs = json.loads(expected.read_text())
    namespaces = {one["namespace"] for event in theirs for one in event.get("outputs", [])}
    manifest = _read(folder / "target" / "manifest.json", Manifest)
    results = _read(folder / "target" / "run_results.json", RunResults)
    jobs = theirs[0]["job"]["namespace"]
    ours = {
        _told(one)
        for one in _events(manifest, results, jobs, min(namespaces, default="bigquery"))
        if "run" in one
    }
    edited = _EDITED.get(fixture["id"], 0)
    missing = [str(one) for one in {_told(event) for event in theirs} - ours]
    tally.right += len(theirs) - len(missing)
    tally.wrong += missing[edited:]


def _read(path: Path, content: type[Any]) -> Artifact[Any]:
    body = path.read_bytes()
    return read_artifact(body, content, witness_of(body, source=str(path)))


def _events(
    manifest: Artifact[Manifest],
    results: Artifact[RunResults] | None,
    job_namespace: str,
    namespace: str,
) -> list[Json]:
    project = DbtProject(
        name=project_name(manifest.content),
        manifest=manifest,
        catalog=None,
        results=results,
        freshness=None,
        job_namespace=job_namespace,
        place=Place(manifest.content.metadata.adapter_type or "", namespace, None, None, {}),
    )
    told = [json.loads(one.body) for one in translate(project).events]
    return [one for one in told if "run" in one or "dbt_node" in one["job"]["facets"]]


def _told(event: Json) -> tuple[str, str, frozenset[str], frozenset[str]]:
    """Give what an event says, without the seeds that the wrapper leaves out of inputs."""
    read = {one["name"] for one in event.get("inputs", ()) if not one["name"].endswith(_SEEDS)}
    wrote = {one["name"] for one in event.get("outputs", ())}
    return event["eventType"], event["job"]["name"], frozenset(read), frozenset(wrote)


def _shown(mark: Mark) -> str:
    return "-" if mark.outcome is Outcome.UNTOLD else f"{mark.facts} {mark.outcome}"


def _line(name: str, cells: list[DbtColumn] | list[str]) -> str:
    return f"{name:<{_NAME_WIDTH}}{''.join(f'{one:>{_WIDTH}}' for one in cells)}".rstrip()
