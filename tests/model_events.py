"""Runs drawn by chance, and the events that tell of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from model_tables import MemoryTable
from snapshots.instant import Instant

Json = dict[str, Any]

EXTERNAL = "external"
MODEL = "model"


@dataclass(frozen=True, slots=True)
class Read:
    """A run reads a dataset; `version` is what its START tells, `report` what its engine reports.

    The dataset is the uuid of a table, or EXTERNAL, which has no versions.
    """

    dataset: str
    version: int | None
    report: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run: `writes` is the uuid of a table, or MODEL; `columns` are those it read and wrote.

    `reported` tells whether its engine reports the commit, beside the version that COMPLETE tells.
    One that `failed` wrote nothing. `code` and `parameters` are those of its job when it started.
    """

    run_id: str
    job: str
    started: Instant
    ended: Instant
    reads: tuple[Read, ...]
    writes: str
    version: str
    reported: bool
    columns: tuple[tuple[str, str, str], ...]
    failed: bool
    code: int
    parameters: tuple[tuple[str, str], ...]


Side = Literal["START", "COMPLETE", "FAIL"]


class Desk:
    """What people give their jobs: code, and parameters that may come and go."""

    def __init__(self) -> None:
        """Begin with the same of every job."""
        self._codes: dict[str, int] = defaultdict(lambda: 1)
        self._parameters: dict[str, dict[str, str]] = defaultdict(lambda: {"days": "7"})

    def settings(self, job: str) -> tuple[int, tuple[tuple[str, str], ...]]:
        """Give a job's code and parameters as they are now."""
        return self._codes[job], tuple(sorted(self._parameters[job].items()))

    def change(self, job: str, choice: int) -> None:
        """Deploy other code, or change, give or take away a parameter."""
        given = self._parameters[job]
        if choice % 3 == 0:
            self._codes[job] += 1
        elif choice % 3 == 1:
            given["days"] = str(choice)
        elif given.pop("seed", None) is None:
            given["seed"] = "1"


class Events:
    """Writes events of runs, as engines would; `world` names its jobs, `places` its tables."""

    def __init__(self, world: str, places: Mapping[str, MemoryTable]) -> None:
        """Name datasets by where these tables lie."""
        self._world, self._places = world, places

    def event(self, run: Run, side: Side) -> Json:
        """Write an event; versions of inputs are on START only, outputs on COMPLETE only."""
        begins = side == "START"
        inputs = [self._input(one, begins=begins) for one in run.reads]
        code = _facet(type="git", url=f"u/{run.job}.sql", version=f"c{run.code}")
        given = [{"key": name, "value": value} for name, value in run.parameters]
        parameters = {"executionParameters": _facet(parameters=given)} if given else {}
        return {
            "eventTime": (run.started if begins else run.ended).isoformat(),
            "eventType": side,
            "producer": "https://example.org/model",
            "run": {"runId": run.run_id, "facets": parameters},
            "job": {
                "namespace": self._world,
                "name": run.job,
                "facets": {"sourceCodeLocation": code},
            },
            "inputs": inputs,
            "outputs": [] if begins or run.failed else [self._output(run)],
        }

    def _input(self, read: Read, *, begins: bool) -> Json:
        facets = {}
        if begins and read.version is not None:
            facets["version"] = _facet(datasetVersion=str(read.version))
        if read.report is not None:
            facets["icebergScanReport"] = _facet(snapshotId=read.report)
        return self.dataset(read.dataset) | {"facets": facets}

    def _output(self, run: Run) -> Json:
        facets = {"version": _facet(datasetVersion=run.version)}
        told = self.dataset(run.writes) | {"facets": facets}
        if run.reported and run.writes != MODEL:
            report = _facet(snapshotId=int(run.version))
            told["outputFacets"] = {"icebergCommitReport": report}
        if run.columns:
            fields: dict[str, Json] = {}
            for source, name, target in run.columns:
                one = self.dataset(source) | {"field": name}
                fields.setdefault(target, {"inputFields": []})["inputFields"].append(one)
            facets["columnLineage"] = _facet(fields=fields)
        return told

    def dataset(self, key: str) -> Json:
        """Name a dataset as events do."""
        if key == EXTERNAL:
            return {"namespace": "s3://ext", "name": self._world}
        if key == MODEL:
            return {"namespace": "model", "name": self._world}
        return {"namespace": "file", "name": self._places[key].location}


def _facet(**content: object) -> Json:
    return {"_producer": "https://example.org/model", "_schemaURL": "s"} | content
