"""OpenLineage: the runs of a lineage answer as events that any backend takes in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from temporal_lineage.capture.openlineage_written import (
    OUR_URN,
    Facet,
    core_schema,
    facet_schema,
    written_facet,
)
from temporal_lineage.questions.question import value_as_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from temporal_lineage.questions.walks.answer import (
        LineageAnswer,
        LineageEdge,
        LineageNode,
        LineageRun,
    )

_PRODUCER = f"{OUR_URN}:export"

_ENDED = frozenset({"COMPLETE", "FAIL", "ABORT"})


def written(answer: LineageAnswer, states: Mapping[str, str]) -> str:
    """Write a line for each run, and for each job whose runs are not told: NDJSON.

    Each carries, in a facet of ours, the question it was part of the answer to, its doubts, and
    what was found of the states.
    """
    return "".join(f"{json.dumps(event, ensure_ascii=True)}\n" for event in _events(answer, states))


def _events(answer: LineageAnswer, states: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    events = _Events(answer, states)
    groups: dict[tuple[str, str], list[LineageEdge]] = {}
    for edge in answer.edges:
        groups.setdefault((edge.run, edge.job), []).append(edge)
    for (run, job), edges in groups.items():
        yield events.of_run(run, job, edges) if run else events.of_job(job, edges)


class _Events:
    def __init__(self, answer: LineageAnswer, states: Mapping[str, str]) -> None:
        point = answer.question.as_of
        self._asked_at = point.valid.isoformat()
        self._nodes = {one.address: one for one in answer.nodes}
        self._runs = {one.run: one for one in answer.runs}
        self._datasets = {one.dataset: one for one in answer.datasets}
        told = {
            "verb": answer.question.verb,
            "target": answer.question.target,
            "asOf": point.valid.isoformat(),
            "asKnown": point.system.isoformat(),
            "knownUntil": value_as_json(answer.question.known_until),
            "doubts": list(answer.doubts),
        }
        if states:
            told["states"] = dict(states)
        self._facet = written_facet(_PRODUCER, core_schema("BaseFacet"), told)

    def of_run(self, run: str, job: str, edges: Sequence[LineageEdge]) -> dict[str, Any]:
        known = self._runs.get(run)
        at = (known.ended or known.started) if known else None
        state = known.state if known and known.state in _ENDED else "OTHER"
        facets = {"temporalLineage_answer": self._facet} | (_run_facets(known) if known else {})
        return {
            "eventType": state,
            "eventTime": at.isoformat() if at else self._asked_at,
            "run": {"runId": run, "facets": facets},
            **self._rest(job, edges, core_schema("RunEvent"), {}),
        }

    def of_job(self, job: str, edges: Sequence[LineageEdge]) -> dict[str, Any]:
        name = job or f"commit/{edges[0].target}"
        facets = {"temporalLineage_answer": self._facet}
        rest = self._rest(name, edges, core_schema("JobEvent"), facets)
        return {"eventTime": self._asked_at, **rest}

    def _rest(
        self, job: str, edges: Sequence[LineageEdge], schema: str, facets: dict[str, Any]
    ) -> dict[str, Any]:
        namespace, _, name = job.rpartition("/")
        # A job that is an end of its own edges is no dataset.
        inputs, outputs = (
            {
                self._side(one): self._nodes[one]
                for one in ends
                if self._nodes[one].dataset in self._datasets
            }
            for ends in ([edge.source for edge in edges], [edge.target for edge in edges])
        )
        return {
            "job": {"namespace": namespace, "name": name, "facets": facets},
            "inputs": [self._dataset(one, {}) for one in inputs.values()],
            "outputs": [
                self._dataset(one, self._columns(side, edges)) for side, one in outputs.items()
            ],
            "producer": _PRODUCER,
            "schemaURL": schema,
        }

    def _side(self, address: str) -> tuple[str, str | None]:
        """Columns of one state are one dataset of the event."""
        node = self._nodes[address]
        return node.dataset, node.version

    def _dataset(self, node: LineageNode, facets: dict[str, Any]) -> dict[str, Any]:
        if node.version is not None:
            facets = {"version": _standard("version", datasetVersion=node.version)} | facets
        return {**self._name(node), "facets": facets}

    def _name(self, node: LineageNode) -> dict[str, str]:
        dataset = self._datasets[node.dataset]
        return {"namespace": dataset.namespace, "name": dataset.name}

    def _columns(
        self, side: tuple[str, str | None], edges: Sequence[LineageEdge]
    ) -> dict[str, Any]:
        fields: dict[str, dict[str, Any]] = {}
        for edge in edges:
            source, target = self._nodes[edge.source], self._nodes[edge.target]
            if self._side(edge.target) != side or source.column is None or target.column is None:
                continue
            found = {**self._name(source), "field": source.column}
            kinds = [_transformation(one) for one in edge.how]
            entry = fields.setdefault(target.column, {"inputFields": []})
            entry["inputFields"].append({**found, "transformations": kinds})
        return {"columnLineage": _standard("columnLineage", fields=fields)} if fields else {}


def _run_facets(run: LineageRun) -> dict[str, Facet]:
    """Tell of a run what the answer does: in a facet of ours where the specification has none."""
    names = ("started", "ended", "engine", "code", "producer", "actor", "actor_told_by")
    told = {_camel(name): value_as_json(getattr(run, name)) for name in names}
    facets = {"temporalLineage_run": written_facet(_PRODUCER, core_schema("RunFacet"), told)}
    if run.parameters:
        pairs = [{"key": name, "value": run.parameters[name]} for name in sorted(run.parameters)]
        facets["executionParameters"] = _standard("executionParameters", parameters=pairs)
    return facets


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _standard(name: str, /, **content: object) -> Facet:
    return written_facet(_PRODUCER, facet_schema(name), content)


def _transformation(how: str) -> dict[str, str]:
    kind, _, subtype = how.partition("/")
    return {"type": kind, "subtype": subtype} if subtype else {"type": kind}
