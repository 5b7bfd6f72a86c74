"""dbt's runs as OpenLineage events: START and COMPLETE or FAIL of each node that was executed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from snapshots.instant import Instant
from temporal_lineage.capture.dbt_artifacts import Artifact
from temporal_lineage.capture.dbt_facets import PRODUCER, WITNESS_FACET, facet, facets, tags
from temporal_lineage.capture.dbt_inputs import Read, reads
from temporal_lineage.capture.dbt_manifest import Node
from temporal_lineage.capture.dbt_names import invocation_job_name, job_name
from temporal_lineage.capture.dbt_pins import Pins, pins
from temporal_lineage.capture.dbt_projects import DbtProject, engine_facets, job_type
from temporal_lineage.capture.dbt_run_ids import invocation_run_id, node_run_id
from temporal_lineage.capture.dbt_run_results import Result, RunResults
from temporal_lineage.capture.dbt_statistics import query_id, rows_written
from temporal_lineage.capture.dbt_times import Span, invocation_span, span_of
from temporal_lineage.capture.openlineage_written import Facet, core_schema

Event = dict[str, Any]

DONE = frozenset({"success", "pass", "warn", "reused"})
FAILED = frozenset({"error", "fail", "runtime error", "partial success"})
"""All other statuses are of nodes that were not executed: skipped, no-op."""

_BUILT = ("model", "seed", "snapshot")


@dataclass(frozen=True)
class Invocation:
    """One dbt command that executed something, and the project it was given."""

    project: DbtProject
    results: Artifact[RunResults]
    invocation_id: str
    written: Instant

    @property
    def command(self) -> str | None:
        """Give the command, such as `build`."""
        return self.results.content.command

    @cached_property
    def executed(self) -> dict[str, Result]:
        """Give the results of what was executed, by unique id."""
        found = self.results.content.results
        return {one.unique_id: one for one in found if one.status in DONE | FAILED}

    def span(self, result: Result) -> Span:
        """Give when a node ran."""
        return span_of(result, written=self.written)

    def events(self) -> Iterator[Event]:
        """Yield the events of the command and of each node that it built. Tests are told apart."""
        yield from self._whole()
        for result in self.executed.values():
            node = self.project.content.node(result.unique_id)
            if node is not None and node.is_relation and node.kind in _BUILT:
                yield from self._built(node, result)

    def run(self, run_id: str, *, telling: Facet, **more: Facet | None) -> Event:
        """Make the run of an event of one node."""
        return {
            "runId": run_id,
            "facets": {
                **facets(**more),
                "parent": self._parent(),
                "dbt_run": self._dbt_run(),
                **engine_facets(self.results.witness.metadata),
                WITNESS_FACET: telling,
            },
        }

    def job(self, name: str, job_facets: Mapping[str, Facet]) -> Event:
        """Make the job of an event."""
        return {"namespace": self.project.job_namespace, "name": name, "facets": job_facets}

    def witness(self, result: Result, *, pinned: Pins | None) -> Facet:
        """Tell what witnesses a node's run: the artifacts, and dbt's own word on it."""
        return self.project.witness(
            self.results.witness,
            invocationId=self.invocation_id,
            uniqueId=result.unique_id,
            status=result.status,
            adapterResponse=dict(result.response) or None,
            pins=pinned,
        )

    def as_built(self, node: Node, body: Event, span: Span) -> Event:
        """Add to a relation that is read in this span the version that this invocation built.

        Tables that no harvest knows have no versions but the runs that wrote them.
        """
        built = self.executed.get(node.unique_id)
        if built is None or built.status not in DONE or self.span(built).ended > span.started:
            return body
        version = f"run:{node_run_id(self.invocation_id, node.unique_id)}"
        told = {**body["facets"], "version": facet("version", datasetVersion=version)}
        return {**body, "facets": told}

    def _built(self, node: Node, result: Result) -> Iterator[Event]:
        code = result.compiled_code or node.compiled
        kind = node.kind.upper()
        job = self.job(
            job_name(node, command=self.command), self.project.job_facets(node, kind, code=code)
        )
        read = self._reads(node, code)
        external = query_id(self.project.place.adapter, result.response)
        run = self.run(
            node_run_id(self.invocation_id, node.unique_id),
            telling=self.witness(result, pinned=pins(read)),
            errorMessage=error(result),
            externalQuery=facet(
                "externalQuery", externalQueryId=external, source=self.project.place.namespace
            )
            if external
            else None,
            tags=tags(node.tags),
        )
        span = self.span(result)
        relations = self.project.relations
        yield event("START", span.start_text, run, job) | {
            "inputs": [self._input(one, relations.short(one.node), span) for one in read],
            "outputs": [relations.short(node)],
        }
        output = relations.full(node)
        rows = rows_written(result.response)
        if rows is not None:
            output["outputFacets"] = {"outputStatistics": facet("outputStatistics", rowCount=rows)}
        yield event(ending(result), span.end_text, run, job) | {
            "inputs": [self._input(one, relations.full(one.node), span) for one in read],
            "outputs": [output],
        }

    def _reads(self, node: Node, code: str | None) -> tuple[Read, ...]:
        if self.command != "clone":
            return reads(self.project.content, node, compiled=code)
        # A clone is made from the other environment's table, whatever the model's query reads.
        return (Read(node, node.defer_relation),) if node.defer_relation else ()

    def _input(self, read: Read, body: Event, span: Span) -> Event:
        if read.instead is None:
            return self.as_built(read.node, body, span)
        return self.project.relations.deferred(read.node, read.instead)

    def _whole(self) -> Iterator[Event]:
        spans = [self.span(one) for one in self.executed.values()]
        whole = invocation_span(self.results.witness.metadata, spans, written=self.written)
        broken = [one for one in self.executed.values() if one.status in FAILED]
        told = f"{len(broken)} of {len(self.executed)} nodes failed" if broken else None
        run = {
            "runId": invocation_run_id(self.invocation_id),
            "facets": {
                **facets(errorMessage=_message(told) if told else None),
                "dbt_run": self._dbt_run(),
                **engine_facets(self.results.witness.metadata),
                WITNESS_FACET: self.project.witness(
                    self.results.witness, invocationId=self.invocation_id, command=self.command
                ),
            },
        }
        job = self.job(invocation_job_name(self.project.name), {"jobType": job_type("JOB")})
        for kind, at in (
            ("START", whole.start_text),
            ("FAIL" if broken else "COMPLETE", whole.end_text),
        ):
            yield event(kind, at, run, job) | {"inputs": [], "outputs": []}

    def _parent(self) -> Facet:
        run = {"runId": invocation_run_id(self.invocation_id)}
        job = {
            "namespace": self.project.job_namespace,
            "name": invocation_job_name(self.project.name),
        }
        return facet("parent", run=run, job=job, root={"run": run, "job": job})

    def _dbt_run(self) -> Facet:
        refresh = self.results.content.args.get("full_refresh")
        return facet(
            "dbt_run",
            invocation_id=self.invocation_id,
            project_name=self.project.name,
            full_refresh=refresh if isinstance(refresh, bool) else None,
        )


def event(kind: str, at: str, run: Event, job: Event) -> Event:
    """Make a run event without its datasets."""
    return {
        "eventType": kind,
        "eventTime": at,
        "producer": PRODUCER,
        "schemaURL": core_schema("RunEvent"),
        "run": run,
        "job": job,
    }


def ending(result: Result) -> str:
    """Give the transition that a status means. A test that found rows did run."""
    return "FAIL" if result.status in FAILED else "COMPLETE"


def error(result: Result) -> Facet | None:
    """Make the `errorMessage` facet of a node that failed; None for others."""
    if result.status not in FAILED:
        return None
    return _message(str(result.message) if result.message else result.status)


def _message(text: str) -> Facet:
    return facet("errorMessage", message=text, programmingLanguage="sql")
