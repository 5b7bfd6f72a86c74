"""Runs: which there were, all that is known of one, and what of it is never shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from snapshots.errors import BeforeHistoryError, EmptyPeriodError, UnknownNameError
from snapshots.instant import Instant
from told_tables import Shop, dataset, event, run_id


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A table with two commits, a run that wrote the second, one that read it, one that failed."""
    shop = Shop(tmp_path)
    shop.table("t", "2026-09-01", "2026-09-02T10:00:05Z")
    shop.harvest(at="2026-09-03")
    shop.now = Instant.parse("2026-09-04T11:30Z")
    shop.tell(
        event("START", "2026-09-02T10:00:00Z", 1, "load"),
        event("COMPLETE", "2026-09-02T10:00:10Z", 1, "load", writes=[shop.told("t", "1")]),
        event("START", "2026-09-04T10:00:00Z", 2, "train", reads=[shop.told("t", "1")]),
        event("COMPLETE", "2026-09-04T11:00:00Z", 2, "train", writes=[dataset("model", "m", "v")]),
    )
    shop.now = shop.now.plus(micros=86_400_000_000 * 3)
    shop.tell(event("FAIL", "2026-09-05T10:00:00Z", 3, "train", reads=[shop.told("t")]))
    return shop


def _ids(shop: Shop, **asked: Any) -> list[str]:  # noqa: ANN401 - what a session takes
    return [one.run for one in shop.session.runs(**asked).runs]


def test_runs_are_listed_newest_first_with_the_weakest_grade_of_each_side(shop: Shop) -> None:
    last, train, load = shop.session.runs().runs
    assert [one.run for one in (load, train, last)] == [run_id(1), run_id(2), run_id(3)]
    assert (load.writes, load.writes_grade, load.reads, load.reads_grade) == (1, "high", 0, None)
    assert (train.reads, train.reads_grade, train.state) == (1, "high", "COMPLETE")
    assert (last.state, last.started, last.reads_grade) == ("FAIL", None, "inferred")


def test_runs_are_found_by_job_dataset_state_and_time(shop: Shop) -> None:
    assert _ids(shop, job="n/train") == _ids(shop, job="job:n/t*") == [run_id(3), run_id(2)]
    assert _ids(shop, dataset="lake.s.t", state="complete") == [run_id(2), run_id(1)]
    assert _ids(shop, dataset="model:m") == [run_id(2)]
    during = {"since": "2026-09-04T10:30Z", "until": "2026-09-04T10:31Z"}
    assert _ids(shop, **during) == [run_id(2)]
    assert _ids(shop, until="2026-09-02T10:00Z") == []
    assert _ids(shop, job="n/nobody*") == []


def test_a_job_that_nobody_knows_is_told_with_the_nearest(shop: Shop) -> None:
    with pytest.raises(UnknownNameError, match="nearest: job:n/train"):
        shop.session.runs(job="n/trai")
    with pytest.raises(EmptyPeriodError, match="earlier time comes first"):
        shop.session.runs(since="2026-09-04", until="2026-09-04")


def test_a_list_that_is_cut_says_how_many_are_left_out(shop: Shop) -> None:
    answer = shop.session.runs(limit=1)
    assert [one.run for one in answer.runs] == [run_id(3)]
    assert answer.doubts == ("2 older runs are not shown; --limit shows more",)


def test_a_run_is_told_as_it_stood_then_and_as_it_was_known_then(shop: Shop) -> None:
    half = shop.session.run_show(f"run:{run_id(2)}", as_of="2026-09-04T10:30Z")
    assert (half.state, half.ended) == ("RUNNING", None)
    assert _ids(shop, as_known="2026-09-04T12:00Z") == [run_id(2), run_id(1)]
    with pytest.raises(UnknownNameError):
        shop.session.run_show(run_id(3), as_known="2026-09-04T12:00Z")
    with pytest.raises(BeforeHistoryError):
        shop.session.run_show(run_id(2), as_of="2026-09-04T09:00Z")


def _described() -> dict[str, Any]:
    told = event("COMPLETE", "2026-09-05T12:00:00Z", 4, "tell")
    told["run"]["facets"] = {
        "parent": {"run": {"runId": run_id(2)}, "job": {"namespace": "n", "name": "train"}},
        "tags": {"tags": [{"key": "team", "value": "ml", "source": "CLI"}, {"value": "no key"}]},
        "environmentVariables": {
            "environmentVariables": [{"name": "AWS_REGION", "value": "eu-never-shown"}]
        },
        "executionParameters": {
            "parameters": [
                {"key": "day", "value": "2026-09-05"},
                {"key": "db_password", "value": "hunter2"},
                {"key": "url", "value": "postgres://ada:hunter2@db/x"},
            ]
        },
        "spark_properties": {"properties": {"spark.hadoop.fs.s3a.secret.key": "hunter2"}},
        "externalQuery": {"externalQueryId": "q-1", "source": "bigquery"},
        "jobDependencies": {
            "upstream": [{"job": {"namespace": "n", "name": "load"}, "run": {"runId": run_id(1)}}]
        },
        "test": {"tests": [{"name": "not_null", "status": "fail", "severity": "warn"}]},
        "extractionError": {"errors": [{"errorMessage": "no parser"}]},
        "somebodys_own": {"secret": "hunter2"},
    }
    told["job"]["facets"] = {
        "jobType": {"processingType": "BATCH", "integration": "SPARK", "jobType": "QUERY"},
        "ownership": {"owners": [{"name": "team:ml", "type": "OWNER"}, {"type": "nobody"}]},
        "documentation": {"description": "Tells."},
        "sourceCode": {"language": "python", "sourceCode": "print(1)"},
        "tags": {"tags": [{"key": "pii", "value": True}]},
    }
    return told


def test_all_that_the_facets_of_a_run_and_its_job_say_is_told(shop: Shop) -> None:
    shop.tell(_described())
    answer = shop.session.run_show(f"run:{run_id(4)}")
    facets, job = answer.facets, answer.job_facets
    assert [(one.key, one.value, one.source) for one in facets.tags] == [("team", "ml", "CLI")]
    assert facets.environment == ("AWS_REGION",)
    assert facets.query is not None
    assert (facets.query.name, facets.query.value) == ("bigquery", "q-1")
    assert [(one.direction, one.job, one.run_id) for one in facets.dependencies] == [
        ("upstream", "n/load", run_id(1))
    ]
    assert [(one.name, one.success) for one in facets.tests] == [("not_null", False)]
    assert facets.errors == ("no parser",)
    assert facets.others == ("somebodys_own",)
    assert job.kind is not None
    assert (job.kind.integration, job.kind.type) == ("SPARK", "QUERY")
    assert [one.name for one in job.owners] == ["team:ml"]
    assert (job.documentation, job.language, job.source) == ("Tells.", "python", "print(1)")
    assert [(one.key, one.value) for one in job.tags] == [("pii", "true")]
    (doubt,) = [one for one in answer.doubts if one.startswith("not understood")]
    assert "a tag needs a key" in doubt
    assert "an owner needs a name" in doubt
    parent = shop.session.run_show(f"run:{run_id(2)}")
    assert [(one.run, one.job) for one in parent.children] == [(run_id(4), "n/tell")]


def test_secrets_are_never_shown(shop: Shop) -> None:
    shop.tell(_described())
    answer = shop.session.run_show(f"run:{run_id(4)}")
    assert "hunter2" not in repr(answer)
    assert "eu-never-shown" not in repr(answer)
    shown = {one.name: one.value for one in answer.facets.parameters}
    assert shown == {"day": "2026-09-05", "db_password": "***", "url": "postgres://***@db/x"}


def test_one_run_id_of_two_producers_and_jobs_is_not_merged_silently(shop: Shop) -> None:
    other = event("RUNNING", "2026-09-04T10:10:00Z", 2, "sync")
    other["producer"] = "https://example.org/q/1.2.0"
    shop.tell(other)
    answer = shop.session.run_show(run_id(2))
    (doubt,) = [one for one in answer.doubts if "another run" in one]
    assert doubt == (
        f"in quarantine under this id: 1 event: it carries the id of another run: {run_id(2)}"
        " was used first by n/train by https://example.org/p, at 2026-09-04T10:00:00Z;"
        " this tells of n/sync by https://example.org/q"
    )
    assert answer.producers == ("https://example.org/p",)
    assert doubt in shop.session.why(f"run:{run_id(2)}").doubts
    (edge,) = [one for one in shop.session.upstream("model:m@v").edges if one.run == run_id(2)]
    assert doubt in shop.session.why(edge.edge).doubts


def test_a_job_that_is_renamed_in_the_run_leaves_its_old_name(shop: Shop) -> None:
    shop.tell(event("RUNNING", "2026-09-05T09:00:00Z", 3, "train_early"))
    assert _ids(shop, job="n/train") == [run_id(3), run_id(2)]
    assert _ids(shop, job="*early") == []


def _tell_parameters(shop: Shop) -> None:
    told = event("RUNNING", "2026-09-04T10:30:00Z", 2, "train")
    given = [{"key": "days", "value": "30"}, {"key": "db_password", "value": "hunter2"}]
    told["run"]["facets"] = {"executionParameters": {"parameters": given}}
    shop.tell(told)


def test_lineage_has_the_parameters_of_its_runs_where_they_are_asked_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tell_parameters(shop)
    target = f"run:{run_id(2)}"
    answer = shop.session.upstream(target, parameters=True)
    (train,) = (one for one in answer.runs if one.run == run_id(2))
    assert train.parameters is not None
    assert train.parameters["days"] == "30"
    assert "hunter2" not in str(train.parameters)
    assert {one.parameters for one in shop.session.upstream(target).runs} == {None}
    monkeypatch.setattr("temporal_lineage.questions.walks.run_lines.RUNS_READ_MAX", 0)
    cut = shop.session.upstream(target, parameters=True)
    doubt = f"parameters were read for the first 0 of {len(cut.runs)} runs only"
    assert doubt in cut.doubts
    assert {one.parameters for one in cut.runs} == {None}


def test_lineage_as_known_before_has_no_parameters_that_were_told_later(shop: Shop) -> None:
    before = shop.now
    shop.now = before.plus(micros=60_000_000)
    _tell_parameters(shop)

    def told(known: Instant) -> list[dict[str, str] | None]:
        answer = shop.session.downstream("lake.s.t@1", as_known=known, parameters=True)
        return [one.parameters for one in answer.runs if one.run == run_id(2)]

    assert told(before) == [{}]
    (after,) = told(shop.now)
    assert after is not None
    assert after["days"] == "30"


def test_lineage_tells_its_runs_as_they_stood_then_and_without_passwords(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.table("t", "2026-09-01")
    shop.table("u", "2026-09-01", "2026-09-02T10:00:05Z")
    shop.harvest(at="2026-09-03")
    ends = event("COMPLETE", "2026-09-02T10:00:10Z", 1, writes=[shop.told("u", "1")])
    code = {"type": "git", "url": "https://ada:secret@git.example/t.py", "version": "1a2b"}
    ends["job"]["facets"] = {"sourceCodeLocation": code}
    starts = event("START", "2026-09-02T10:00:00Z", 1, reads=[shop.told("t", "0")])
    shop.tell(starts, ends)

    (then,) = shop.session.upstream("lake.s.u", as_of="2026-09-02T10:00:07Z").runs
    (now,) = shop.session.upstream("lake.s.u").runs

    assert (then.state, then.ended) == ("RUNNING", None)
    assert (now.state, now.ended) == ("COMPLETE", Instant.parse("2026-09-02T10:00:10Z"))
    assert now.code == "https://***@git.example/t.py@1a2b"
