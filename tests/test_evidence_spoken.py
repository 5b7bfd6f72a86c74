"""Spoken outputs: a table that only the SQL of a run names, and names by its path."""

from __future__ import annotations

import pytest

from evidence_stories import Commit, event, history, record, rejections
from output_stories import PHANTOM, R1, R2, decided, links_of
from snapshots.dataset import TableFormat
from snapshots.snapshot import Effect
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.grades import Grade, Method
from temporal_lineage.evidence.spoken_outputs import spoken_change
from temporal_lineage.evidence.timeline import Timeline

PATH = "delta.`s3a://lake/sales/orders`"
DELETE = f"DELETE FROM {PATH} WHERE id = 1"


def told(run: str, start: float, end: float, *queries: str) -> list[RunEvent]:
    facets = [{"sql": {"query": one}} for one in queries]
    begun = event("START", start, run=run, job_facets=facets[0])
    return [begun, event("COMPLETE", end, run=run, job_facets=facets[-1])]


def delta(*commits: Commit) -> Timeline:
    return Timeline(history(*commits, format_of=TableFormat.DELTA))


def commit(number: int, minute: float, operation: str = "DELETE") -> Commit:
    return Commit(number, minute, operation=operation, effect=Effect.REWRITE)


def test_a_delete_that_only_its_sql_tells_of_is_linked_to_the_delete_in_its_time() -> None:
    table = delta(commit(1, 0, "WRITE"), commit(2, 1.5), commit(3, 1.8, "WRITE"))
    links = links_of(table, told(R1, 1, 2, DELETE))
    assert decided(links[R1]) == ((2,), Method.OUTPUT_WINDOW, Grade.INFERRED)
    assert "DELETE, as its SQL says" in links[R1].evidence.witness
    assert "it is a WRITE, and the run's SQL a DELETE" in rejections(links[R1].evidence).values()


def test_commits_of_another_operation_are_not_taken_for_it() -> None:
    table = delta(commit(1, 0), commit(2, 1.5, "WRITE"))
    assert decided(links_of(table, told(R1, 1, 2, DELETE))[R1]) == PHANTOM


def test_two_deletes_at_once_may_each_be_either() -> None:
    table = delta(commit(1, 1.5), commit(2, 1.6))
    links = links_of(table, told(R1, 1, 2, DELETE), told(R2, 1, 2, DELETE))
    assert {decided(one)[2] for one in links.values()} == {Grade.CANDIDATES}


@pytest.mark.parametrize(
    ("query", "verb"),
    [
        (DELETE, "DELETE"),
        (f"\n  update {PATH} SET a = 1", "UPDATE"),
        (f"MERGE  INTO {PATH} t USING s ON t.id = s.id WHEN MATCHED THEN DELETE", "MERGE"),
    ],
)
def test_a_path_is_known_by_the_name_that_events_have_for_it(query: str, verb: str) -> None:
    told_of = spoken_change(told(R1, 1, 2, query))
    assert told_of is not None
    assert (told_of[0], str(told_of[1].dataset)) == (verb, "s3://lake/sales/orders")
    (output,) = record(*told(R1, 1, 2, query)).outputs
    assert (output.start, output.terminal) == (told_of[1], told_of[1])


@pytest.mark.parametrize(
    "queries",
    [
        ("DELETE FROM sales.orders WHERE id = 1",),
        (f"SELECT 'DELETE FROM {PATH}'",),
        (f"DELETE FROM parquet.{PATH[6:]}",),
        (DELETE, f"UPDATE {PATH} SET a = 1"),
    ],
)
def test_what_is_not_surely_one_change_of_one_path_is_not_taken_up(
    queries: tuple[str, ...],
) -> None:
    assert spoken_change(told(R1, 1, 2, *queries)) is None


def test_what_events_name_goes_before_the_sql() -> None:
    named = event(
        "COMPLETE",
        1,
        run=R1,
        job_facets={"sql": {"query": DELETE}},
        outputs=[{"namespace": "file", "name": "/t"}],
    )
    assert spoken_change([named]) is None
    (output,) = record(named).outputs
    assert str(output.dataset) == "file//t"
