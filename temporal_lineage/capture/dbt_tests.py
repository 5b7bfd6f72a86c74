"""dbt's tests as runs: assertions about a dataset, all generic ones of a node in one run.

A test that somebody wrote as a query of its own is a run of its own, as the openlineage-dbt
wrapper has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from temporal_lineage.capture.dbt_events import FAILED, Event, Invocation, ending, error, event
from temporal_lineage.capture.dbt_facets import facet
from temporal_lineage.capture.dbt_inputs import reads
from temporal_lineage.capture.dbt_manifest import Manifest, Node
from temporal_lineage.capture.dbt_names import checks_job_name
from temporal_lineage.capture.dbt_run_ids import checks_run_id, node_run_id
from temporal_lineage.capture.dbt_run_results import Result
from temporal_lineage.capture.dbt_times import Span
from temporal_lineage.capture.openlineage_written import Facet

_DEFAULT_LIMIT = "!=0"


def events_of_tests(invocation: Invocation) -> Iterator[Event]:
    """Yield the events of the tests that were run."""
    manifest = invocation.project.content
    together: dict[str, list[tuple[Node, Result]]] = defaultdict(list)
    for result in invocation.executed.values():
        node = manifest.node(result.unique_id)
        if node is None or node.kind != "test":
            continue
        tested = tested_node(manifest, node)
        if tested is not None:
            together[tested.unique_id].append((node, result))
        if node.test_metadata is None:
            yield from _alone(invocation, node, result)
    for unique_id in sorted(together):
        tested = manifest.node(unique_id)
        if tested is not None:
            yield from _of_node(invocation, tested, together[unique_id])


def tested_node(manifest: Manifest, test: Node) -> Node | None:
    """Give the relation that a test is about: where it was written, else the last it reads."""
    above = [test.attached_node, *reversed(test.depends_on.nodes)]
    nodes = (manifest.node(one) for one in above if one is not None)
    return next((one for one in nodes if one is not None and one.is_relation), None)


def assertion(test: Node, result: Result) -> dict[str, Any]:
    """Say what a test asserted, of which column, and whether it holds."""
    generic = test.test_metadata
    kwargs = generic.kwargs if generic else {}
    column = kwargs.get("column_name") or test.column_name
    severity = _severity(test)
    told: dict[str, Any] = {
        "assertion": generic.name if generic else test.name,
        "success": result.status in ("pass", "success"),
        "column": column if isinstance(column, str) else None,
        "name": test.name,
        "severity": severity,
    }
    if result.failures is not None:
        told |= {"actual": str(result.failures), "expected": _expected(test, severity)}
    return {key: value for key, value in told.items() if value is not None}


def _of_node(
    invocation: Invocation, tested: Node, tests: list[tuple[Node, Result]]
) -> Iterator[Event]:
    spans = [invocation.span(result) for _, result in tests]
    span = Span(min(one.started for one in spans), max(one.ended for one in spans))
    assertions = [assertion(node, result) for node, result in tests]
    broken = [node.name for node, result in tests if result.status in FAILED]
    job = invocation.job(
        checks_job_name(tested, command=invocation.command),
        invocation.project.job_facets(tested, "TEST", code=None),
    )
    told = f"{len(broken)} of {len(tests)} tests failed: {', '.join(broken)}"
    run = invocation.run(
        checks_run_id(invocation.invocation_id, tested.unique_id),
        telling=invocation.project.witness(
            invocation.results.witness,
            invocationId=invocation.invocation_id,
            uniqueId=tested.unique_id,
            tests=[node.unique_id for node, _ in tests],
        ),
        errorMessage=facet("errorMessage", message=told, programmingLanguage="sql")
        if broken
        else None,
    )
    dataset = _asserted(invocation, tested, assertions, span)
    yield event("START", span.start_text, run, job) | {"inputs": [dataset], "outputs": []}
    ended = "FAIL" if broken else "COMPLETE"
    yield event(ended, span.end_text, run, job) | {"inputs": [dataset], "outputs": []}


def _alone(invocation: Invocation, test: Node, result: Result) -> Iterator[Event]:
    code = result.compiled_code or test.compiled
    severity = _severity(test)
    execution = {
        "name": test.unique_id,
        "status": "pass" if result.status in ("pass", "success") else "fail",
        "severity": severity,
        "type": "singular",
    }
    if result.failures is not None:
        execution |= {"actual": str(result.failures), "expected": _expected(test, severity)}
    job = invocation.job(test.unique_id, invocation.project.job_facets(test, "TEST", code=code))
    run = invocation.run(
        node_run_id(invocation.invocation_id, test.unique_id),
        telling=invocation.witness(result, pinned=None),
        errorMessage=error(result),
        test=facet("test", tests=[execution]),
    )
    relations = invocation.project.relations
    span = invocation.span(result)
    inputs = [
        invocation.as_built(one.node, relations.short(one.node), span)
        for one in reads(invocation.project.content, test, compiled=code)
    ]
    yield event("START", span.start_text, run, job) | {"inputs": inputs, "outputs": []}
    yield event(ending(result), span.end_text, run, job) | {"inputs": inputs, "outputs": []}


def _asserted(
    invocation: Invocation, tested: Node, assertions: list[dict[str, Any]], span: Span
) -> Event:
    body: Facet = facet("dataQualityAssertions", assertions=assertions)
    dataset = invocation.as_built(tested, invocation.project.relations.short(tested), span)
    return {**dataset, "inputFacets": {"dataQualityAssertions": body}}


def _severity(test: Node) -> str:
    told = test.config.get("severity")
    return told.lower() if isinstance(told, str) and told else "error"


def _expected(test: Node, severity: str) -> str:
    limit = test.config.get("warn_if" if severity == "warn" else "error_if")
    text = "" if limit is None else "".join(str(limit).split())
    return "0" if text in ("", _DEFAULT_LIMIT) else str(limit)
