"""Echoes: what Spark tells once more when it shows the result of a statement."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from evidence_stories import Commit, Json, event, history, seen, timeline
from output_stories import PHANTOM, R1, R2, app, decided, links_of
from snapshots.dataset import TableFormat
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.grades import Grade, Method
from temporal_lineage.evidence.timeline import Timeline

APPLICATION = "01a214ef-9ef1-7e87-9678-c6a20a07d944"
INSERT = "INSERT INTO t VALUES (1)"
SECOND = 1 / 60


def told(
    run: str,
    job: str,
    start: float | None,
    end: float,
    output: Json,
    *,
    sql: str = INSERT,
    parent: str = APPLICATION,
) -> list[RunEvent]:
    facets: Mapping[str, Json] = {
        **app("local-1"),
        "parent": {"run": {"runId": parent}, "job": {"namespace": "shop", "name": "app"}},
    }
    words: Mapping[str, Json] = {"sql": {"query": sql}}
    end_event = event(
        "COMPLETE", end, run=run, job=job, facets=facets, job_facets=words, outputs=[output]
    )
    if start is None:
        return [end_event]
    begun = event(
        "START", start, run=run, job=job, facets=facets, job_facets=words, outputs=[seen()]
    )
    return [begun, end_event]


def delta(*commits: Commit) -> Timeline:
    return Timeline(history(*commits, format_of=TableFormat.DELTA))


@pytest.mark.parametrize("minute", [0.99, 0.5])
def test_a_run_that_shows_the_result_of_a_statement_claims_nothing(minute: float) -> None:
    table = delta(Commit(1, minute))
    statement = told(R1, "app.execute_merge_into_command", 0, 1, seen())
    shown = told(R2, "app.command_result", None, 1 + SECOND / 10, seen())
    links = links_of(table, statement, shown)
    assert decided(links[R1]) == ((1,), Method.OUTPUT_WINDOW, Grade.INFERRED)
    assert decided(links[R2]) == ((1,), Method.OUTPUT_TOLD_AGAIN, Grade.INFERRED)
    assert f"the same SQL as run {R1}" in links[R2].evidence.witness
    assert links[R2].evidence.method.is_of_another_run


def test_with_other_sql_or_under_another_parent_it_is_a_run_like_any_other() -> None:
    table = delta(Commit(1, 0.99))
    statement = told(R1, "app.execute_merge_into_command", 0, 1, seen())
    for other in ({"sql": "INSERT INTO t VALUES (2)"}, {"parent": R1[::-1]}):
        links = links_of(table, statement, told(R2, "app.command_result", None, 1, seen(), **other))
        assert decided(links[R1])[2] == decided(links[R2])[2] == Grade.CANDIDATES


def test_a_statement_that_made_no_commit_is_told_again_without_one() -> None:
    """The commit before it is of its application, and neither run may have it."""
    key = {"spark.app.id": "local-1"}
    table = timeline(Commit(1, -SECOND / 2, summary=key))
    alter = told(R1, "app.alter_table", 0, SECOND, seen(1), sql="ALTER TABLE t ADD COLUMN a INT")
    shown = told(
        R2, "app.command_result", None, SECOND, seen(1), sql="ALTER TABLE t ADD COLUMN a INT"
    )
    links = links_of(table, alter, shown)
    assert decided(links[R1]) == PHANTOM
    assert decided(links[R2]) == ((), Method.OUTPUT_TOLD_AGAIN, Grade.NONE)


def test_the_statement_before_it_is_the_last_one_that_said_the_same() -> None:
    table = delta(Commit(1, 0.99), Commit(2, 1.99))
    third = "d1b2dc2e-5b6b-4dd5-a6a4-6c2f8a0d3c77"
    first = told(R1, "app.append_data", 0, 1, seen(1))
    second = told(R2, "app.append_data", 1 + SECOND, 2, seen(2))
    links = links_of(table, first, second, told(third, "app.command_result", None, 2, seen(2)))
    assert decided(links[third]) == ((2,), Method.OUTPUT_TOLD_AGAIN, Grade.HIGH)
