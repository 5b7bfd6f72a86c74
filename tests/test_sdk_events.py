"""Events of the SDK are valid by the specification's own schemas, facets included."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import temporal_lineage
from reproduce_lake import Lake, orders
from temporal_lineage.sdk.starting import _script

SPEC = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "ol" / "spec-schema" / "spec"


FACETS = {
    *("parent", "errorMessage", "executionParameters", "environmentVariables"),
    *("processing_engine", "jobType", "sourceCodeLocation", "sql", "version", "schema"),
    *("symlinks", "datasetType", "inputStatistics", "outputStatistics"),
    *("temporalLineage_read", "temporalLineage_write"),
}


class _Kept:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def emit(self, event: object) -> None:
        from openlineage.client.serde import Serde

        self.told.append(json.loads(Serde.to_json(event)))


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    if not SPEC.is_dir():
        pytest.skip("the corpus of specifications does not lie beside this checkout")
    return {
        body["$id"]: body
        for path in SPEC.rglob("*.json")
        if "$id" in (body := json.loads(path.read_text()))
    }


def _told(lake: Lake) -> list[Any]:
    """Give the events of runs that do everything there is to do."""
    lake.append(lake.iceberg())
    lake.write_delta()
    kept = _Kept()
    with temporal_lineage.run("outer", to=kept):
        with temporal_lineage.run(
            "train", to=[kept, lake.session], params={"depth": 6}, variables=["PATH"]
        ) as run:
            run.read_iceberg("lake.raw.orders", columns=["id"], where="id > 1").to_arrow()
            run.scan_delta("delta.orders")
            run.sql("SELECT 1")
            run.write_delta(lake.delta / "out", orders(2))
            run.iceberg("lake.raw.orders").append(orders(1))
            run.write_file(lake.root / "report.txt", "fine")
            run.log_model("fraud", "v1")
        with pytest.raises(ValueError, match="no"), temporal_lineage.run("fail", to=kept):
            raise ValueError("no")
    return kept.told


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let the program that runs be one of a git repository, wherever the tests are started from."""
    script = tmp_path / "repository" / "train.py"
    script.parent.mkdir()
    script.write_text("")
    git = ["git", "-C", str(script.parent), "-c", "user.name=a", "-c", "user.email=a@b.example"]
    origin = "https://forge.example/shop/models.git"
    for words in (
        ["init", "-q"],
        ["remote", "add", "origin", origin],
        ["add", "."],
        ["commit", "-q", "-m", "Train"],
    ):
        subprocess.run([*git, *words], check=True, capture_output=True)
    # A worker of pytest-xdist has no file, until some test gave it one.
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)
    # What a process was started with is looked up once in it.
    _script.cache_clear()
    yield script
    _script.cache_clear()


def test_every_event_and_facet_is_valid(
    schemas: dict[str, Any], program: Path, tmp_path: Path
) -> None:
    told = _told(Lake(tmp_path))
    assert {one["eventType"] for one in told} == {"START", "RUNNING", "COMPLETE", "FAIL"}
    registry: Registry[Any] = Registry().with_resources(
        (name, Resource.from_contents(body)) for name, body in schemas.items()
    )
    event_schema = next(name for name in schemas if name.endswith("/OpenLineage.json"))
    whole = Draft202012Validator(
        {"$ref": f"{event_schema}#/$defs/RunEvent"},
        registry=registry,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    own_urls = {name.rpartition("/")[2]: name for name in schemas}
    checked = set()
    for event in told:
        whole.validate(event)
        for name, facet in _facets(event):
            url, _, pointer = facet["_schemaURL"].partition("#")
            # Each facet has a version of its own; the corpus holds the newest, and names it so.
            known = own_urls[url.rpartition("/")[2]]
            Draft202012Validator({"$ref": f"{known}#{pointer}"}, registry=registry).validate(facet)
            checked.add(name)
    assert checked >= FACETS


def _facets(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from event["run"].get("facets", {}).items()
    yield from event["job"].get("facets", {}).items()
    for dataset in (*event.get("inputs", ()), *event.get("outputs", ())):
        for bag in ("facets", "inputFacets", "outputFacets"):
            yield from dataset.get(bag, {}).items()
