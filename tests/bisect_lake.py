"""A lake for the tests of bisection: real tables, and runs that read and wrote them, told of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
from deltalake import write_deltalake

from reproduce_lake import Lake
from snapshots.instant import Instant
from temporal_lineage.bisection.answer import BisectAnswer, BisectedTable
from temporal_lineage.bisection.searching import USUAL, Searching
from temporal_lineage.session import wall_clock

GOOD = "min(amount) >= 0"
"""What holds of every good state of these tables."""


class BisectLake(Lake):
    """Delta tables of amounts; each run reads some of them and writes one."""

    def __init__(self, root: Path) -> None:
        """Make an empty one."""
        super().__init__(root)
        self._runs = 0

    def amounts(self, name: str, *amounts: int, mode: Any = "append") -> str:  # noqa: ANN401 - deltalake's literals
        """Write amounts to `delta.<name>`; gives the version."""
        write_deltalake(self.delta / name, pl.DataFrame({"amount": amounts}).to_arrow(), mode=mode)
        return str(self.delta_table(name).version())

    def row(self, name: str, *states: int) -> None:
        """Write a table of that many states, each with one amount of its own."""
        for amount in states:
            self.amounts(name, amount, mode="overwrite")
        self.harvest()

    def made(
        self,
        name: str,
        *reads: tuple[str, str],
        write: Callable[[], str],
        job: str = "make",
        code: str | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> str:
        """Let a run read versions of tables and make one of another; gives the run's id."""
        self._runs += 1
        run_id = str(UUID(int=self._runs, version=4))
        inputs = [self._dataset(one, version) for one, version in reads]
        facets = {"run": _parameters(parameters), "job": _code(code)}
        start = _event("START", run_id, wall_clock(), job, inputs, [], facets)
        version = write()
        outputs = [self._dataset(name, version)]
        end = _event(
            "COMPLETE", run_id, wall_clock().plus(micros=2000), job, inputs, outputs, facets
        )
        self.harvest()
        self.told(start, end)
        return run_id

    def told(self, *events: Mapping[str, Any]) -> None:
        """Ingest events, together."""
        path = self.root / f"{self._runs}-{len(list(self.root.glob('*.ndjson')))}.ndjson"
        path.write_text("".join(f"{json.dumps(one)}\n" for one in events), encoding="utf-8")
        assert not self.session.ingest_openlineage([str(path)]).rejected

    def bisect(
        self,
        name: str,
        good: object,
        bad: object,
        check: str = GOOD,
        *,
        upstream_checks: Mapping[str, str] | None = None,
        searching: Searching = USUAL,
    ) -> BisectAnswer:
        """Search `delta.<name>` from one version to another."""
        return self.session.bisect(
            f"delta.{name}",
            good=str(good),
            bad=str(bad),
            check=check,
            upstream_checks=upstream_checks,
            searching=searching,
        )

    def _dataset(self, name: str, version: str) -> dict[str, Any]:
        if name.startswith("model:"):
            return dataset("model", name.removeprefix("model:"), version)
        return dataset("file", str(self.delta / name), version)


def dataset(namespace: str, name: str, version: str) -> dict[str, Any]:
    """Name a dataset at a version in an event."""
    facet = {"_producer": "https://test", "_schemaURL": "", "datasetVersion": version}
    return {"namespace": namespace, "name": name, "facets": {"version": facet}}


def root(answer: BisectAnswer) -> BisectedTable:
    """Give the search of the target itself."""
    return answer.tables[0]


def judged(answer: BisectAnswer) -> dict[str, str]:
    """Give each verdict by its state."""
    return {one.state: one.verdict.value for one in answer.steps}


def _parameters(parameters: Mapping[str, str] | None) -> dict[str, Any]:
    if parameters is None:
        return {}
    told = [{"key": key, "value": value} for key, value in parameters.items()]
    facet = {"_producer": "https://test", "_schemaURL": "", "parameters": told}
    return {"executionParameters": facet}


def _code(version: str | None) -> dict[str, Any]:
    if version is None:
        return {}
    url = f"https://git.example/blob/{version}/make.py"
    facet = {"_producer": "p", "_schemaURL": "", "type": "git", "url": url, "version": version}
    return {"sourceCodeLocation": facet}


def _event(
    kind: str,
    run_id: str,
    at: Instant,
    job: str,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    facets: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventTime": at.isoformat(),
        "producer": "https://test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id, "facets": facets["run"]},
        "job": {"namespace": "n", "name": job, "facets": facets["job"]},
        "inputs": inputs,
        "outputs": outputs,
    }
