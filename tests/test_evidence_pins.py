"""Pins: what a query or an option asks for overrides every version told. DESIGN 4.4, inputs 3."""

import pytest

from evidence_stories import TABLE, Commit, Move, at, event, rejections, seen, timeline
from input_stories import decided, link
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.grades import Grade, Method


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
    found = link(_query(sql, version=2))
    assert decided(found) == ((1,), Method.INPUT_PIN, Grade.EXACT)
    assert rejections(found.evidence) == {"version facet 2": "overridden by input-pin"}


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
    assert decided(link(_query(sql))) == ((1,), Method.INPUT_PIN, Grade.HIGH)


def test_a_time_without_a_zone_is_sure_only_where_every_zone_gives_the_same() -> None:
    sql = "SELECT * FROM sales.orders TIMESTAMP AS OF '2026-11-17 12:05:00'"
    assert decided(link(_query(sql, minute=2_000)))[2] is Grade.CANDIDATES
    days = timeline(Commit(1, -3_000), Commit(2, 3_000))
    found = link(_query(sql, minute=4_000), table=days)
    assert decided(found) == ((1,), Method.INPUT_PIN, Grade.HIGH)


def test_a_zone_by_name_is_one_of_all_zones() -> None:
    sql = (
        "SELECT 1 FROM sales.orders FOR TIMESTAMP AS OF TIMESTAMP '2026-11-17 12:05 Europe/Vienna'"
    )
    days = timeline(Commit(1, -3_000), Commit(2, 3_000))
    found = link(_query(sql, minute=4_000), table=days)
    assert decided(found) == ((1,), Method.INPUT_PIN, Grade.HIGH)


def test_a_branch_or_tag_is_looked_up_as_it_was_when_the_run_started() -> None:
    table = timeline(
        Commit(1, 0), Move("tag-v1", 1, 1), Commit(2, 10), Commit(3, 12, ref="audit"),
        Commit(4, 18, ref="audit"),
    )  # fmt: skip
    tagged = link(_query("SELECT * FROM sales.orders.`tag_tag-v1`"), table=table)
    assert decided(tagged) == ((1,), Method.INPUT_PIN, Grade.HIGH)
    branched = link(_query("SELECT * FROM sales.orders.branch_audit"), table=table)
    assert decided(branched) == ((3,), Method.INPUT_PIN, Grade.HIGH)
    named = link(_query("SELECT * FROM sales.orders VERSION AS OF 'audit'"), table=table)
    assert decided(named) == ((3,), Method.INPUT_PIN, Grade.HIGH)


def test_a_pin_on_another_table_says_nothing_of_this_one() -> None:
    found = link(_query("SELECT * FROM customers VERSION AS OF 1, sales.orders", version=2))
    assert decided(found) == ((2,), Method.INPUT_START_VERSION, Grade.HIGH)


def test_a_pin_that_only_the_engine_could_resolve_is_not_guessed() -> None:
    sql = "SELECT * FROM sales.orders TIMESTAMP AS OF date_sub(current_date(), 1)"
    found = link(_query(sql, version=2))
    assert decided(found) == ((), Method.INPUT_PIN, Grade.NONE)
    assert "only the engine could compute it" in rejections(found.evidence).values()
    unknown = link(_query("SELECT * FROM sales.orders.branch_nowhere"))
    assert decided(unknown) == ((), Method.INPUT_PIN, Grade.NONE)
    assert rejections(unknown.evidence) == {
        "pin sales.orders.branch_nowhere": (
            "the table is not known to have had a branch or tag nowhere"
        )
    }


def test_a_query_that_reads_the_newest_state_too_reads_both() -> None:
    sql = "SELECT * FROM sales.orders n JOIN sales.orders VERSION AS OF 1 o ON n.id = o.id"
    found = link(_query(sql, version=2))
    assert decided(found) == ((1, 2), Method.INPUT_PIN, Grade.HIGH)
    assert "read without a pin too" in found.evidence.witness


def test_options_of_the_read_pin_it_too() -> None:
    options = {"options": {"path": "s3a://lake/sales/orders", "versionAsOf": "1"}}
    start = event("START", 15, inputs=[seen(2)], facets={"spark.logicalPlan": {"plan": [options]}})
    assert decided(link(start)) == ((1,), Method.INPUT_PIN, Grade.EXACT)


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
    assert decided(link(start)) == ((1,), Method.INPUT_PIN, Grade.EXACT)
