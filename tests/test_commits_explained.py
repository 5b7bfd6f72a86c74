"""Commits that explain themselves, on real tables: edges without runs, and words of who wrote."""

import json
from pathlib import Path

import pytest
from deltalake import CommitProperties, Transaction, write_deltalake

from reproduce_lake import Lake, orders
from temporal_lineage.questions.knowledge.reasons import WhyAnswer
from temporal_lineage.session import wall_clock


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def _edges(lake: Lake, target: str) -> set[tuple[str, str, str | None, str]]:
    answer = lake.session.upstream(target)
    return {(one.source, one.target, one.grade, one.job) for one in answer.edges}


def _doubt(answer: WhyAnswer) -> str:
    return next(one for one in answer.doubts if one.startswith("no run claims"))


def test_a_restore_of_delta_rs_is_an_edge_from_the_version_it_went_back_to(lake: Lake) -> None:
    for _ in range(3):
        lake.write_delta()
    lake.delta_table().restore(1)
    lake.harvest()
    (edge,) = lake.session.downstream("delta.orders@1").edges
    assert (edge.source, edge.target, edge.grade) == ("delta.orders@1", "delta.orders@3", "exact")
    (above,) = lake.session.upstream("delta.orders@3").edges
    assert (above.source, above.target) == (edge.source, edge.target)
    told = lake.session.why("delta.orders@3")
    assert [(one.method, one.witness) for one in told.reasons] == [
        ("restore", "RESTORE to version 1")
    ]
    assert told.reasons[0].shows == "it was made from delta.orders@1"


def test_a_restore_to_a_time_is_looked_up_in_the_log_of_the_table(lake: Lake) -> None:
    lake.write_delta()
    between = wall_clock()
    lake.write_delta()
    lake.delta_table().restore(between.isoformat())
    lake.harvest()
    (reason,) = lake.session.why("delta.orders@2").reasons
    assert (reason.shows, reason.method) == ("it was made from delta.orders@0", "restore")
    assert reason.grade == "high"


@pytest.mark.parametrize("written", ["{}", "file://{}", "delta.`{}`", "delta.`file:{}`"])
def test_a_clone_is_an_edge_from_the_version_that_was_copied(lake: Lake, written: str) -> None:
    lake.write_delta()
    lake.write_delta()
    _clone(lake, written.format(lake.delta / "orders"))
    lake.harvest()
    assert _edges(lake, "delta.copy@0") == {("delta.orders@1", "delta.copy@0", "exact", "")}


def _clone(lake: Lake, source: str) -> None:
    """Write what Delta's CLONE writes: a commit that names the source and its version."""
    copy = lake.delta / "copy"
    write_deltalake(copy, orders(3))
    path = copy / "_delta_log" / f"{0:020}.json"
    actions = [json.loads(line) for line in path.read_text().splitlines()]
    for action in actions:
        if "commitInfo" in action:
            action["commitInfo"] |= {
                "operation": "CLONE",
                "operationParameters": {
                    "source": source,
                    "sourceVersion": "1",
                    "isShallow": "true",
                },
            }
    path.write_text("".join(f"{json.dumps(action)}\n" for action in actions))


def test_a_published_snapshot_is_an_edge_from_the_one_that_was_staged(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    table.manage_snapshots().create_branch(int(first), "audit").commit()
    table.append(orders(2), snapshot_properties={"wap.id": "night-7"}, branch="audit")
    staged = table.snapshot_by_name("audit")
    assert staged is not None
    picked = {"source-snapshot-id": str(staged.snapshot_id), "published-wap-id": "night-7"}
    table.append(orders(2), snapshot_properties=picked)
    published = lake.append(table)
    assert published
    lake.harvest()
    target = f"lake.raw.orders@{table.snapshots()[-2].snapshot_id}"
    edge = (f"lake.raw.orders@{staged.snapshot_id}", target, "exact", "")
    assert edge in _edges(lake, target)
    (reason,) = lake.session.why(target).reasons
    assert reason.method == "wap-publish"
    assert "published-wap-id night-7" in reason.witness


def test_a_cherry_pick_is_an_edge_from_the_snapshot_that_was_picked(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    table.append(orders(2), snapshot_properties={"source-snapshot-id": first})
    lake.harvest()
    target = f"lake.raw.orders@{table.snapshots()[-1].snapshot_id}"
    assert (f"lake.raw.orders@{first}", target, "exact", "") in _edges(lake, target)


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        (
            {
                "flink.job-id": "a1b2",
                "flink.operator-id": "op",
                "flink.max-committed-checkpoint-id": "12",
            },
            ["flink-job a1b2", "flink checkpoint 12"],
        ),
        (
            {"kafka.connect.commit-id": "c-9", "kafka.connect.offsets.control.t": '{"0":5}'},
            ["kafka-connect-commit c-9", 'kafka offsets {"0":5} of control.t'],
        ),
        (
            {"spark.sql.streaming.queryId": "q-1", "spark.sql.streaming.epochId": "3"},
            ["streaming-query q-1", "streaming epoch 3"],
        ),
        (
            {"spark.app.id": "local-1", "engine-name": "spark", "engine-version": "3.5.1"},
            ["engine spark 3.5.1", "spark-application local-1"],
        ),
        (
            {"trino_query_id": "20261101_120000_00001_abcde", "trino_user": "ada"},
            ["trino-query 20261101_120000_00001_abcde"],
        ),
    ],
)
def test_an_iceberg_commit_without_a_run_says_who_made_it(
    lake: Lake, properties: dict[str, str], words: list[str]
) -> None:
    table = lake.iceberg()
    table.append(orders(2), snapshot_properties=properties)
    lake.harvest()
    doubt = _doubt(lake.session.why("lake.raw.orders"))
    assert [word for word in words if word not in doubt] == []


def test_a_delta_commit_without_a_run_names_its_transaction(lake: Lake) -> None:
    told = CommitProperties(app_transactions=[Transaction("query-1", 41)])
    write_deltalake(lake.delta / "orders", orders(2), commit_properties=told)
    lake.harvest()
    doubt = _doubt(lake.session.why("delta.orders@0"))
    assert "transaction 41 of query-1" in doubt
    assert "engine delta-rs" in doubt
