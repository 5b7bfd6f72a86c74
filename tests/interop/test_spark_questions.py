"""Every question about a history that Spark wrote, against what Spark says was in each state."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from interop.jars import SPARK, lacking
from interop.java import find_java
from interop.link_report import Verdict, report, summary
from interop.project import Project
from interop.spark import spark
from interop.spark_shop import (
    CLEAN,
    DCLEAN,
    DRAW,
    DREPORT,
    RAW,
    REPORT,
    batches_of,
    delta_shop,
    iceberg_shop,
    rows_of_all,
    writers_of,
)
from interop.spark_story import HEAD, Look, Truth, Witness, play
from sink_server import await_true, sink_server
from snapshots.errors import TemporalLineageError
from snapshots.instant import Instant
from temporal_lineage.cli.entry import run
from temporal_lineage.questions.changes.findings import FindingKind
from temporal_lineage.session import Session

pytestmark = pytest.mark.interop

JAVA = 17
RAW_OF = {RAW: RAW, CLEAN: RAW, REPORT: RAW, DRAW: DRAW, DCLEAN: DRAW, DREPORT: DRAW}


@dataclass(frozen=True)
class Told:
    """What happened, by Spark, and a session that knows of it; `between` lies after half of it.

    `batches` gives by state whose rows Spark finds in it, `rows` how many, and `writers` by batch
    the commit of the raw table that brought it in.
    """

    session: Session
    ledger: str
    truths: list[Truth]
    look: Look
    between: Instant
    batches: Mapping[str, frozenset[str]]
    rows: Mapping[str, int]
    writers: Mapping[tuple[str, str], str]

    def step(self, start: str) -> Truth:
        """Give the first step whose SQL begins so."""
        return next(one for one in self.truths if one.step.sql.startswith(start))

    def bad(self, table: str) -> str:
        """Give the address of the bad commit."""
        return f"{table}@{self.writers[table, 'bad']}"

    def origins(self, state: str) -> set[str]:
        """Give the commits of the raw table whose rows Spark finds in a state."""
        raw = RAW_OF[state.partition("@")[0]]
        return {f"{raw}@{self.writers[raw, one]}" for one in self.batches[state]}


@pytest.fixture(scope="module")
def told(
    tmp_path_factory: pytest.TempPathFactory, report_at_the_end: Callable[[str, str], None]
) -> Told:
    """Let Spark work and post, harvest between the formats and after, and read every state."""
    pytest.importorskip("pyspark", reason="pyspark is not installed; make interop installs it")
    absent, java = lacking(*SPARK), find_java(oldest=JAVA, newest=JAVA)
    if absent or java is None:
        pytest.skip(absent or f"Spark needs Java {JAVA}")
    folder = tmp_path_factory.mktemp("questions")
    deltas = folder / "delta"
    deltas.mkdir()
    project = Project.begun(folder / "project")
    project.add_catalog("ice", {}, str(folder / "ice"))
    project.add_catalog("delta", {}, str(deltas))
    ledger = str(project.folder / ".temporal-lineage" / "ledger.db")
    with sink_server(ledger) as sink:
        with spark(folder, java=java, transport={"type": "http", "url": sink.url}) as session:
            witness = Witness(session, deltas)
            truths = list(play(session, iceberg_shop(), witness))
            project.tl("harvest")
            between = truths[-1].ended
            truths += play(session, delta_shop(), witness)
        await_true(lambda: _linked(sink.get("/health").json()))
    project.tl("harvest")
    with spark(folder, java=java, transport=None) as session:
        look = Witness(session, deltas).look()
        found = rows_of_all(session, look, deltas)
    lines = report(ledger, truths)
    body = "\n".join([*map(str, lines), "", summary(lines)])
    report_at_the_end("Links of the shop's runs beside the truth", body)
    batches = {
        state: frozenset(one for row in rows for one in batches_of(row))
        for state, rows in found.items()
    }
    rows = {state: len(rows) for state, rows in found.items()}
    return Told(project.session, ledger, truths, look, between, batches, rows, writers_of(truths))


def _linked(health: dict[str, int]) -> bool:
    return health["kept"] > 0 and health["linked"] == health["kept"]


def test_no_link_is_wrong_and_deletes_have_their_runs(told: Told) -> None:
    lines = report(told.ledger, told.truths)
    wrong = [str(one) for one in lines if one.verdict is Verdict.WRONG]
    assert not wrong, "\n".join(wrong)
    missing = {one.step.split()[0] for one in lines if one.verdict is Verdict.MISSING}
    assert missing <= {"OPTIMIZE", "RESTORE", "CALL", "DELETE"}
    deletes = [one for one in lines if one.step.startswith("DELETE FROM delta") and one.told]
    assert {one.grade for one in deletes} == {"inferred"}
    assert sum(one.orphans for one in told.session.coverage().tables) == 0


def test_a_state_has_the_commits_whose_rows_spark_finds_and_no_other_for_sure(told: Told) -> None:
    for state in told.batches:
        if state.partition("@")[0] not in (RAW, DRAW) or state.endswith(_staged(told)):
            continue
        shares = [one for one in told.session.upstream(state).contributions if one.state == state]
        sure = {one.commit for one in shares if one.certainty == "exact"}
        assert sure <= told.origins(state) <= {one.commit for one in shares}, state


def test_upstream_reaches_the_commits_whose_rows_spark_finds(told: Told) -> None:
    beyond = {}
    for state in told.batches:
        table = state.partition("@")[0]
        raw = RAW_OF[table]
        if table == raw:
            continue
        answer = told.session.upstream(state)
        reached = {one.address for one in answer.nodes if one.dataset == raw}
        assert told.origins(state) <= reached, state
        batch_commits = {f"{raw}@{one}" for (of, _), one in told.writers.items() if of == raw}
        beyond[state] = (reached & batch_commits) - told.origins(state)
    # Of Delta only rows that a vector masks in a compacted file may seem to be there.
    assert set().union(*(one for key, one in beyond.items() if key[:5] == "delta")) <= {
        told.bad(DRAW)
    }


def test_a_dynamic_overwrite_surely_ends_what_was_there_and_a_static_one_may_not(
    told: Told,
) -> None:
    *_, static, dynamic = told.look.versions[CLEAN]
    for version, certainties in ((static, {"exact", "possible"}), (dynamic, {"exact"})):
        state = f"{CLEAN}@{version}"
        shares = [one for one in told.session.upstream(state).contributions if one.state == state]
        assert {one.certainty for one in shares} == certainties


def test_names_lead_over_all_tables_both_ways(told: Told) -> None:
    session = told.session
    for raw, clean, last in ((RAW, CLEAN, REPORT), (DRAW, DCLEAN, DREPORT)):
        up = {one.dataset for one in session.upstream_names(last).datasets}
        down = {one.dataset for one in session.downstream_names(raw).datasets}
        assert {raw, clean} <= up | {last}
        assert {clean, last} <= down | {raw}


def test_at_gives_the_state_that_was_read_whenever_one_was(told: Told) -> None:
    asked = 0
    for truth in told.truths:
        for table, version in truth.reads.items():
            if truth.step.reads[table] == HEAD:
                found = told.session.at(table, as_of=truth.started)
                assert found.snapshot_ids == (int(version),), truth.step.sql
                asked += 1
    assert asked > 25


def test_at_knows_branches(told: Told) -> None:
    for branch in ("audit", "trial"):
        (found,) = told.session.at(f"{RAW}@{branch}").snapshot_ids
        assert str(found) == told.look.refs[RAW][branch]


@pytest.mark.parametrize(
    ("raw", "tables"), [(RAW, (RAW, CLEAN, REPORT)), (DRAW, (DRAW, DCLEAN, DREPORT))]
)
def test_contamination_names_every_table_that_holds_bad_rows_at_each_time(
    told: Told, raw: str, tables: tuple[str, ...]
) -> None:
    begun = next(
        place
        for place, one in enumerate(told.truths)
        if told.writers[raw, "bad"] in one.commits and one.step.writes == raw
    )
    healed = 0
    for truth in told.truths[begun:]:
        answer = told.session.contamination(told.bad(raw), as_of=truth.ended)
        found = {one.dataset: one for one in answer.tables}
        for table in tables:
            (head,) = told.session.at(table, as_of=truth.ended).snapshot_ids
            one = found.get(table)
            if "bad" in told.batches[f"{table}@{head}"]:
                assert one is not None, (table, truth.step.sql)
                assert "main" in one.refs, (table, truth.step.sql)
            else:
                assert one is None or "main" not in one.sure_refs, (table, truth.step.sql)
                healed += 1
    assert healed > 5


def test_bisect_climbs_from_the_report_to_the_guilty_commit_and_its_run(told: Told) -> None:
    before = told.step(f"CREATE TABLE {REPORT}")
    bad = told.step(f"INSERT OVERWRITE {REPORT}").commits[0]
    answer = told.session.bisect(
        REPORT,
        good=before.commits[0],
        bad=bad,
        check="min(total) >= 12",
        upstream_checks={
            CLEAN: "min(twice) > 0",
            RAW: "SELECT count(*) = 0 FROM state WHERE batch = 'bad'",
        },
    )
    (guilty,) = answer.guilty
    assert guilty.commit == told.bad(RAW)
    assert guilty.job == "interop/orders.append_data.ice_shop_raw"


def test_schemas_changed_as_spark_was_told(told: Told) -> None:
    for table in (RAW, DRAW):
        steps = told.session.schema_log(table).steps
        assert [one.kind for step in steps for one in step.changes] == [
            *("created", "added", "renamed", "retyped", "dropped")
        ]
        changed = [
            one
            for one in told.truths
            if re.match("ALTER .* COLUMN", one.step.sql) and (RAW in one.step.sql) == (table == RAW)
        ]
        for step, truth in zip(steps[1:], changed, strict=True):
            assert truth.started <= step.since <= truth.ended


def test_impact_of_a_column_and_of_a_rollback_is_what_spark_shows(told: Told) -> None:
    for raw, clean, last in ((RAW, CLEAN, REPORT), (DRAW, DCLEAN, DREPORT)):
        answer = told.session.impact(f"{raw}#price", change="drop-column")
        assert {one.address: str(one.effect) for one in answer.impacted} == {
            f"{clean}#twice": "breaks",
            f"{last}#total": "goes stale",
        }
        answer = told.session.impact(f"{raw}@{told.writers[raw, 'b2']}", change="rollback")
        holding = {
            state
            for state, batches in told.batches.items()
            if RAW_OF[state.partition("@")[0]] == raw
            and state.partition("@")[0] != raw
            and batches - {"b1", "b2"}
        }
        assert holding <= {one.address for one in answer.impacted}


def test_changes_name_schemas_and_rollbacks(told: Told) -> None:
    start = told.step("DELETE FROM ice").started
    found = told.session.changes(REPORT, good=start).findings
    assert [one.kind for one in found if one.about == RAW].count(FindingKind.ROLLBACK) == 2
    broken = {one.what.split(" [")[0] for one in found if one.kind is FindingKind.BREAKING}
    assert broken == {"renamed amount to price", "dropped spare string"}


def test_volumes_are_those_that_spark_counts(told: Told) -> None:
    for table in (CLEAN, DCLEAN, DRAW):
        for one in told.session.volume(table).lines:
            assert one.rows == told.rows[f"{table}@{one.snapshot_id}"], (table, one)


def test_use_is_known(told: Told) -> None:
    assert {one.dataset for one in told.session.unused().datasets} == {REPORT, DREPORT}
    fresh = {one.dataset: one.commit for one in told.session.freshness().datasets}
    for table in (CLEAN, REPORT, DCLEAN, DREPORT):
        assert fresh[table] == f"{table}@{told.look.refs[table][HEAD]}"
    path = told.session.critical_path(REPORT).steps
    assert [one.state.partition("@")[0] for one in path] == [RAW, CLEAN, REPORT]


def test_between_the_harvests_nothing_of_delta_was_known(told: Told) -> None:
    answer = told.session.diff("upstream", REPORT, as_known=(told.between, None))
    assert len(answer.changes) > 5
    with pytest.raises(TemporalLineageError):
        told.session.upstream(DREPORT, as_known=told.between)


def test_no_run_that_shows_a_result_feeds_a_table(told: Told) -> None:
    for last in (REPORT, DREPORT):
        jobs = {one.job for one in told.session.upstream(last, by_flow=True).edges}
        assert not [one for one in jobs if "command_result" in one]


def test_published_rows_come_from_the_staged_commit(told: Told) -> None:
    published = f"{RAW}@{told.writers[RAW, 'w1']}"
    (edge,) = told.session.upstream(published, depth_max=1).edges[-1:]
    assert edge.grade == "exact"
    assert edge.source.endswith(_staged(told))


def _staged(told: Told) -> str:
    """Give the commit that was staged under a WAP id."""
    return next(one.commits[0] for one in told.truths if "'w1'" in one.step.sql)


@pytest.mark.parametrize(
    "words",
    [
        f"upstream {REPORT} --runs",
        f"downstream {DRAW} --flow",
        f"upstream {REPORT}#total",
        f"why {RAW}",
        "schema audit",
        f"impact {DCLEAN} --change delete",
        f"impact {DRAW}@3 --change expire",
        "impact job:interop/orders.append_data.ice_shop_report --change stop-job",
        f"impact {RAW}#id --change retype",
        f"impact {DRAW}#id --change rename",
        "redundant",
        "owners",
        "runs",
        "log --ledger",
        f"log {RAW}",
    ],
)
def test_every_other_question_has_an_answer(
    told: Told, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words.split(), session=told.session) in (0, 3)
    assert capsys.readouterr().out
