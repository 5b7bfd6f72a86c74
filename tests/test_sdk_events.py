"""Events of the SDK are valid by the specification's own schemas, facets included."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import temporal_lineage
from openlineage_spec import Specification
from reproduce_lake import Lake, orders
from temporal_lineage.sdk.starting import _script

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


def test_every_event_and_facet_is_valid(program: Path, tmp_path: Path) -> None:
    specification = Specification()
    told = _told(Lake(tmp_path))
    assert {one["eventType"] for one in told} == {"START", "RUNNING", "COMPLETE", "FAIL"}
    assert set().union(*map(specification.check, told)) >= FACETS
