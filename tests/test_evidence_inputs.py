"""Inputs: each rung of DESIGN 4.4 decides when the ones above it have nothing, and says why."""

import pytest

from evidence_stories import (
    SKEW_MS,
    SPARK_1_34,
    SPARK_1_40,
    TABLE,
    Commit,
    Json,
    Move,
    at,
    event,
    record,
    rejections,
    seen,
    timeline,
)
from snapshots.refs import MAIN
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.grades import Evidence, Grade, Method
from temporal_lineage.evidence.inputs import InputLink, link_input
from temporal_lineage.evidence.timeline import Timeline

# 1 at noon, 2 ten minutes later, 3 another ten minutes later.
ORDERS = timeline(Commit(1, 0), Commit(2, 10), Commit(3, 20))


def _link(*events: RunEvent, table: Timeline = ORDERS, written: tuple[int, ...] = ()) -> InputLink:
    run = record(*events)
    (observation,) = run.inputs
    return link_input(observation, table=table, run=run, skew_ms_max=SKEW_MS, written=written)


def _decided(link: InputLink) -> tuple[tuple[int, ...], Method, Grade]:
    return link.snapshot_ids, link.evidence.method, link.evidence.grade


def _start(minute: float = 15, version: int | str | None = None, **facets: Json) -> RunEvent:
    return event("START", minute, inputs=[seen(version, **facets)])


def _complete(minute: float = 16, version: int | str | None = None, **facets: Json) -> RunEvent:
    return event("COMPLETE", minute, inputs=[seen(version, **facets)])


# Rung 1


def test_a_scan_report_is_exact_and_beats_what_version_facets_say() -> None:
    link = _link(_start(version=2), _complete(icebergScanReport={"snapshotId": 1}))
    assert _decided(link) == ((1,), Method.INPUT_SCAN_REPORT, Grade.EXACT)
    assert link.evidence.witness == "icebergScanReport.snapshotId 1"
    assert rejections(link.evidence) == {"version facet 2": "overridden by input-scan-report"}


def test_a_scan_report_of_a_snapshot_that_nobody_remembers_is_taken_but_not_exact() -> None:
    link = _link(_start(icebergScanReport={"snapshotId": 99}))
    assert _decided(link) == ((99,), Method.INPUT_SCAN_REPORT, Grade.HIGH)
    assert "does not hold 99" in link.evidence.witness


def test_two_scans_of_two_states_are_both_read() -> None:
    first = event("RUNNING", 15, inputs=[seen(icebergScanReport={"snapshotId": 2})])
    link = _link(first, _complete(icebergScanReport={"snapshotId": 1}))
    assert _decided(link) == ((1, 2), Method.INPUT_SCAN_REPORT, Grade.EXACT)


# Rung 2


def test_what_trino_says_its_connector_read_is_exact() -> None:
    link = _link(_complete(version=3, connectorInfo={"snapshotId": 2}))
    assert _decided(link) == ((2,), Method.INPUT_CONNECTOR, Grade.EXACT)
    assert rejections(link.evidence) == {"version facet 3": "overridden by input-connector"}


# Rung 3


def _query(sql: str, minute: float = 15, version: int | None = None) -> RunEvent:
    facets = {"sql": {"query": sql}}
    return event("START", minute, inputs=[seen(version)], job_facets=facets)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM sales.orders VERSION AS OF 1",
        "select * from lake.sales.orders for version as of 1",
        "SELECT * FROM sales.orders FOR SYSTEM_VERSION AS OF 1 o JOIN x ON x.id = o.id",
        "SELECT * FROM `sales`.`orders`\nVERSION AS OF '1'",
        "SELECT * FROM sales.orders@v1",
        "SELECT * FROM sales.orders.snapshot_id_1",
        "SELECT /* orders */ * FROM orders VERSION AS OF 1 -- sales.orders VERSION AS OF 2",
    ],
)
def test_a_number_in_the_query_is_exact_and_overrides_the_version_facet(sql: str) -> None:
    link = _link(_query(sql, version=2))
    assert _decided(link) == ((1,), Method.INPUT_PIN, Grade.EXACT)
    assert rejections(link.evidence) == {"version facet 2": "overridden by input-pin"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM sales.orders TIMESTAMP AS OF '2026-11-17T12:05Z'",
        "SELECT * FROM sales.orders FOR SYSTEM_TIME AS OF '2026-11-17 12:05:00+00:00'",
        "SELECT * FROM sales.orders FOR TIMESTAMP AS OF TIMESTAMP '2026-11-17 12:05:00 UTC'",
        f"SELECT * FROM sales.orders TIMESTAMP AS OF {at(5).micros // 1_000_000}",
        f"SELECT * FROM sales.orders.at_timestamp_{at(5).micros // 1_000}",
    ],
)
def test_a_time_in_the_query_is_looked_up_in_the_log(sql: str) -> None:
    assert _decided(_link(_query(sql))) == ((1,), Method.INPUT_PIN, Grade.HIGH)


def test_a_time_without_a_zone_is_sure_only_where_every_zone_gives_the_same() -> None:
    sql = "SELECT * FROM sales.orders TIMESTAMP AS OF '2026-11-17 12:05:00'"
    assert _decided(_link(_query(sql, minute=2_000)))[2] is Grade.CANDIDATES
    days = timeline(Commit(1, -3_000), Commit(2, 3_000))
    link = _link(_query(sql, minute=4_000), table=days)
    assert _decided(link) == ((1,), Method.INPUT_PIN, Grade.HIGH)


def test_a_branch_or_tag_is_looked_up_as_it_was_when_the_run_started() -> None:
    table = timeline(
        Commit(1, 0), Move("tag-v1", 1, 1), Commit(2, 10), Commit(3, 12, ref="audit"),
        Commit(4, 18, ref="audit"),
    )  # fmt: skip
    tagged = _link(_query("SELECT * FROM sales.orders.`tag_tag-v1`"), table=table)
    assert _decided(tagged) == ((1,), Method.INPUT_PIN, Grade.HIGH)
    branched = _link(_query("SELECT * FROM sales.orders.branch_audit"), table=table)
    assert _decided(branched) == ((3,), Method.INPUT_PIN, Grade.HIGH)
    named = _link(_query("SELECT * FROM sales.orders VERSION AS OF 'audit'"), table=table)
    assert _decided(named) == ((3,), Method.INPUT_PIN, Grade.HIGH)


def test_a_pin_on_another_table_says_nothing_of_this_one() -> None:
    link = _link(_query("SELECT * FROM customers VERSION AS OF 1, sales.orders", version=2))
    assert _decided(link) == ((2,), Method.INPUT_START_VERSION, Grade.HIGH)


def test_a_pin_that_only_the_engine_could_resolve_is_not_guessed() -> None:
    sql = "SELECT * FROM sales.orders TIMESTAMP AS OF date_sub(current_date(), 1)"
    link = _link(_query(sql, version=2))
    assert _decided(link) == ((), Method.INPUT_PIN, Grade.NONE)
    assert "only the engine could compute it" in rejections(link.evidence).values()
    unknown = _link(_query("SELECT * FROM sales.orders.branch_nowhere"))
    assert _decided(unknown) == ((), Method.INPUT_PIN, Grade.NONE)
    assert rejections(unknown.evidence) == {
        "pin sales.orders.branch_nowhere": (
            "the table is not known to have had a branch or tag nowhere"
        )
    }


def test_a_query_that_reads_the_newest_state_too_reads_both() -> None:
    sql = "SELECT * FROM sales.orders n JOIN sales.orders VERSION AS OF 1 o ON n.id = o.id"
    link = _link(_query(sql, version=2))
    assert _decided(link) == ((1, 2), Method.INPUT_PIN, Grade.HIGH)
    assert "read without a pin too" in link.evidence.witness


def test_options_of_the_read_pin_it_too() -> None:
    options = {"options": {"path": "s3a://lake/sales/orders", "versionAsOf": "1"}}
    start = event("START", 15, inputs=[seen(2)], facets={"spark.logicalPlan": {"plan": [options]}})
    assert _decided(_link(start)) == ((1,), Method.INPUT_PIN, Grade.EXACT)


# Rung 4


def test_the_version_at_start_is_taken_when_it_was_current_then() -> None:
    link = _link(_start(version=2), _complete(30))
    assert _decided(link) == ((2,), Method.INPUT_START_VERSION, Grade.HIGH)
    assert link.evidence.witness.startswith("START version 2, committed at 2026-11-17T12:10:00Z")


def test_clocks_may_differ_by_the_skew() -> None:
    assert _decided(_link(_start(10 - 0.01, version=2)))[:2] == ((2,), Method.INPUT_START_VERSION)
    assert _decided(_link(_start(20 + 0.01, version=2)))[:2] == ((2,), Method.INPUT_START_VERSION)


def test_a_stale_version_at_start_is_rejected_for_the_head() -> None:
    link = _link(_start(version=1), _complete())
    assert _decided(link) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert rejections(link.evidence) == {
        "START version 1": "superseded at 2026-11-17T12:10:00Z, before 2026-11-17T12:15:00Z"
    }


def test_a_version_committed_after_start_is_rejected() -> None:
    link = _link(_start(version=3), _complete())
    assert _decided(link) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert rejections(link.evidence) == {
        "START version 3": "committed at 2026-11-17T12:20:00Z, after 2026-11-17T12:15:00Z"
    }


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("77", "no snapshot of the table is known by that id"),
        ("v2", "it is no snapshot id and no Delta version"),
        ("", None),
        ("²", "it is no snapshot id and no Delta version"),
    ],
)
def test_a_version_that_means_nothing_is_rejected(version: str, reason: str | None) -> None:
    link = _link(_start(version=version), _complete())
    assert _decided(link) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert list(rejections(link.evidence).values()) == ([] if reason is None else [reason])


def test_after_a_rollback_the_old_snapshot_is_current_again() -> None:
    table = timeline(Commit(1, 0), Commit(2, 10), Move(MAIN, 1, 14))
    assert _decided(_link(_start(version=1), table=table))[2] is Grade.HIGH
    link = _link(_start(version=2), _complete(), table=table)
    assert _decided(link) == ((1,), Method.INPUT_HEAD, Grade.INFERRED)


def test_a_version_of_another_branch_is_taken_when_it_was_current_there() -> None:
    table = timeline(Commit(1, 0), Commit(2, 10, ref="audit"))
    link = _link(_start(version=2), table=table)
    assert _decided(link) == ((2,), Method.INPUT_START_VERSION, Grade.HIGH)
    assert "current on audit" in link.evidence.witness


def test_without_any_history_the_version_is_all_there_is() -> None:
    link = _link(_start(version=2), table=timeline())
    assert _decided(link) == ((2,), Method.INPUT_START_VERSION, Grade.INFERRED)


# Rung 5


def test_the_version_at_the_end_serves_where_nothing_was_committed_in_between() -> None:
    link = _link(_start(), _complete(version=2))
    assert _decided(link) == ((2,), Method.INPUT_COMPLETE_VERSION, Grade.HIGH)


@pytest.mark.parametrize("producer", [SPARK_1_34, SPARK_1_40])
def test_a_version_at_the_end_that_was_committed_during_the_run_is_rejected(
    producer: str,
) -> None:
    link = _link(
        event("START", 15, inputs=[seen()], producer=producer),
        event("COMPLETE", 25, inputs=[seen(3)], producer=producer),
    )
    assert _decided(link) == ((2, 3), Method.INPUT_HEAD, Grade.CANDIDATES)
    (why,) = rejections(link.evidence).values()
    assert why.startswith("committed at 2026-11-17T12:20:00Z, after 2026-11-17T12:15:00Z")
    assert ("looks versions up after the job" in why) == (producer == SPARK_1_40)


def test_the_version_at_the_end_never_overrides_the_one_at_start() -> None:
    link = _link(_start(version=2), _complete(25, version=3))
    assert _decided(link) == ((2,), Method.INPUT_START_VERSION, Grade.HIGH)


def test_the_version_at_the_end_of_a_table_that_is_written_too_is_rejected() -> None:
    link = _link(
        event("START", 15, inputs=[seen()]),
        event("COMPLETE", 16, inputs=[seen(2)], outputs=[seen()]),
    )
    assert _decided(link) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert rejections(link.evidence) == {
        "COMPLETE version 2": "the run writes this table too, so its head has moved"
    }


# Rung 6


def test_without_any_word_it_is_the_head_when_the_run_started() -> None:
    link = _link(_start(), _complete())
    assert _decided(link) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)


def test_commits_during_the_run_make_candidates() -> None:
    link = _link(_start(5), _complete(25))
    assert _decided(link) == ((1, 2, 3), Method.INPUT_HEAD, Grade.CANDIDATES)
    assert link.evidence.witness.startswith("3 states were or may have been current")


def test_what_the_run_committed_itself_is_no_candidate() -> None:
    link = _link(_start(5), _complete(15), written=(2,))
    assert _decided(link) == ((1,), Method.INPUT_HEAD, Grade.INFERRED)
    assert rejections(link.evidence) == {"snapshot 2": "this run committed it itself"}


def test_an_end_before_the_start_is_a_matter_of_clocks() -> None:
    link = _link(_start(25), _complete(15))
    assert _decided(link) == ((2, 3), Method.INPUT_HEAD, Grade.CANDIDATES)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (timeline(), "nothing is known of the table's history"),
        (timeline(Commit(1, 60)), "the table's known history starts at 2026-11-17T13:00:00Z"),
        (timeline(Commit(1, 60), start=0), "the table had no snapshot"),
    ],
)
def test_where_nothing_fits_nothing_is_claimed(table: Timeline, words: str) -> None:
    link = _link(_start(), _complete(), table=table)
    assert _decided(link) == ((), Method.INPUT_HEAD, Grade.NONE)
    assert link.evidence.witness.startswith(words)


def test_without_a_start_the_first_event_stands_in_and_says_so() -> None:
    link = _link(_complete(15))
    assert _decided(link) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert "(no START)" in link.evidence.witness
    version = _link(_complete(15, version=2))
    assert _decided(version) == ((2,), Method.INPUT_COMPLETE_VERSION, Grade.INFERRED)


def test_a_run_that_has_not_ended_has_a_link_too() -> None:
    link = _link(_start())
    assert _decided(link) == ((2,), Method.INPUT_HEAD, Grade.INFERRED)
    assert "(not ended)" in link.evidence.witness


def test_other_names_of_the_table_are_pins_names_too() -> None:
    symlinks = {
        "identifiers": [{"namespace": "hive://h", "name": "shop.purchases", "type": "TABLE"}]
    }
    start = event(
        "START",
        15,
        inputs=[{**TABLE, "facets": {"symlinks": symlinks}}],
        job_facets={"sql": {"query": "SELECT 1 FROM shop.purchases VERSION AS OF 1"}},
    )
    assert _decided(_link(start)) == ((1,), Method.INPUT_PIN, Grade.EXACT)


def test_evidence_is_a_value() -> None:
    assert _link(_start(version=2)) == _link(_start(version=2))
    assert isinstance(_link(_start()).evidence, Evidence)
