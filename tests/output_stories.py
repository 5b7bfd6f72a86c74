"""Stories of runs that say they wrote one table, and the links that follow."""

from collections.abc import Mapping

from evidence_stories import SKEW_MS, Json, event, seen
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.grades import Grade, Method
from temporal_lineage.evidence.outputs import OutputLink, OutputObservation, link_outputs
from temporal_lineage.evidence.runs import RunRecord, gather
from temporal_lineage.evidence.timeline import Timeline

R1 = "b7dce052-51a6-4d66-98b9-5fd8b78a79c7"
R2 = "605f451b-c768-4c77-9ff4-8501f6324513"
PHANTOM: tuple[tuple[int, ...], Method, Grade] = ((), Method.OUTPUT_PHANTOM, Grade.NONE)


def app(name: str) -> Json:
    """Make the run facet with which Spark names its application."""
    return {"spark_applicationDetails": {"applicationId": name}}


def run_told(
    run: str,
    start: float | None,
    end: float | None,
    *,
    output: Json = None,
    kind: str = "COMPLETE",
    facets: Mapping[str, Json] | None = None,
) -> list[RunEvent]:
    """Tell a run that says it wrote the table, from start to end, each where it is given."""
    events = []
    if start is not None:
        events.append(event("START", start, run=run, outputs=[seen()], facets=facets))
    if end is not None:
        outputs = [seen() if output is None else output]
        events.append(event(kind, end, run=run, outputs=outputs, facets=facets))
    return events


def links_of(table: Timeline, *runs: list[RunEvent]) -> Mapping[str, OutputLink]:
    """Link the runs; the order and repetition of writers must not matter."""
    records = gather(one for run in runs for one in run)
    writers = [writer(one) for one in records.values()]
    links = link_outputs(table=table, writers=writers, skew_ms_max=SKEW_MS)
    assert links == link_outputs(table=table, writers=writers[::-1] * 2, skew_ms_max=SKEW_MS)
    return links


def writer(run: RunRecord) -> OutputObservation:
    """Give what a run says of the one table it wrote."""
    (observation,) = run.outputs
    return OutputObservation(run, observation)


def decided(link: OutputLink) -> tuple[tuple[int, ...], Method, Grade]:
    """Give what a link says, without the reasons."""
    return link.snapshot_ids, link.evidence.method, link.evidence.grade
