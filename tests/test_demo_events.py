"""The demo lake's OpenLineage events say what runs did, and are wrong where the story needs it."""

import json
from pathlib import Path

import pytest

from demo_reading import (
    Played,
    commit_instants,
    commits,
    events_in,
    iceberg,
    played_lake,
    runs,
    tabular,
)
from snapshots.instant import Instant
from temporal_lineage.demo.lake import FIRST_HARVEST, DemoLake
from temporal_lineage.demo.raw_scenes import WEEKS
from temporal_lineage.evidence.commit_signs import STAMP


@pytest.fixture
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return played_lake(tmp_path_factory.getbasetemp())


@pytest.fixture
def lake(played: Played) -> DemoLake:
    return played.lake


@pytest.fixture
def told(lake: DemoLake) -> dict[str, str]:
    return dict(lake.milestones)


def test_every_run_starts_and_ends_once_or_is_repeated_word_for_word(
    lake: DemoLake, told: dict[str, str]
) -> None:
    lines: dict[str, list[str]] = {}
    for path in [*lake.daily_events.iterdir(), *lake.late_events.iterdir()]:
        for line in path.read_text(encoding="utf-8").splitlines():
            lines.setdefault(json.loads(line)["run"]["runId"], []).append(line)
    for run_id, events in lines.items():
        kinds = sorted(json.loads(line)["eventType"] for line in set(events))
        assert kinds == (
            ["FAIL", "START"] if run_id == told["failed_run"] else ["COMPLETE", "START"]
        )
        assert (len(events) == 4) == (run_id == told["repeated_run"])


def test_complete_names_the_commit_made_inside_the_window_unless_the_session_is_stale(
    lake: DemoLake, told: dict[str, str]
) -> None:
    instants = commit_instants(lake)
    for start, end in runs(lake):
        for output in end["outputs"]:
            version = output["facets"].get("version", {}).get("datasetVersion")
            committed = instants.get((output["name"], version))
            if committed is None:
                continue
            inside = Instant.parse(start["eventTime"]) < committed < Instant.parse(end["eventTime"])
            assert inside == (end["run"]["runId"] != told["stale_output_run"])


def test_start_names_the_versions_current_then_unless_the_session_is_stale(
    lake: DemoLake, told: dict[str, str]
) -> None:
    instants = commit_instants(lake)
    for start, end in runs(lake):
        assert not any("version" in read["facets"] for read in end["inputs"] if tabular(read))
        for read in filter(tabular, start["inputs"]):
            version = read["facets"]["version"]["datasetVersion"]
            at = Instant.parse(start["eventTime"])
            newest = max(
                (then, known)
                for (name, known), then in instants.items()
                if name == read["name"] and then <= at
            )[1]
            stale = start["run"]["runId"] == told["stale_input_run"]
            assert version == newest or (stale and version == told["stale_input_version"])
    assert told["stale_output_version"] != told["stale_output_true_version"]


def test_events_name_tables_by_location_and_by_symlink(lake: DemoLake) -> None:
    names = {
        (read["name"], one["namespace"], one["name"])
        for start, end in runs(lake)
        for read in [*start["inputs"], *start["outputs"], *end["outputs"]]
        for one in read["facets"].get("symlinks", {}).get("identifiers", [])
    }
    assert len(names) == 9
    for location, catalog, name in names:
        assert Path(location).is_dir()
        assert Path(location).as_posix().endswith(name.replace(".", "/"))
        assert catalog in {"lake", "delta"}


def test_column_lineage_names_columns_that_exist(lake: DemoLake) -> None:
    mapped = 0
    for start, end in runs(lake):
        known = {
            (each["name"], field["name"])
            for each in [*start["inputs"], *end["outputs"]]
            for field in each["facets"].get("schema", {}).get("fields", [])
        }
        for output in end["outputs"]:
            for column, sources in (
                output["facets"].get("columnLineage", {"fields": {}})["fields"].items()
            ):
                assert (output["name"], column) in known
                assert all((one["name"], one["field"]) in known for one in sources["inputFields"])
                mapped += 1
    assert mapped > 100


def test_some_runs_are_children_of_the_weekly_pipeline(lake: DemoLake) -> None:
    weekly = {start["run"]["runId"] for start, _ in runs(lake) if start["job"]["name"] == "weekly"}
    parents = {
        start["run"]["facets"]["parent"]["run"]["runId"]
        for start, _ in runs(lake)
        if "parent" in start["run"]["facets"]
    }
    assert parents == weekly
    assert len(weekly) == len(WEEKS)


def test_some_commits_carry_the_stamp_of_their_run(lake: DemoLake, told: dict[str, str]) -> None:
    stamped = iceberg(lake, "raw.orders").snapshot_by_id(int(told["stamped_snapshot"]))
    assert stamped is not None
    assert stamped.summary is not None
    assert stamped.summary[STAMP] == told["stamped_run"]
    merge = commits(lake, "features/customer_features")[int(told["merge_version"])]
    assert [a["commitInfo"][STAMP] for a in merge if "commitInfo" in a] == [told["merge_run"]]


def test_one_commit_is_no_runs_and_one_run_has_no_commit(
    lake: DemoLake, told: dict[str, str]
) -> None:
    instants = commit_instants(lake)
    orders = lake.root / "warehouse/raw/orders"
    by_hand = instants[str(orders), told["orphan_snapshot"]]
    windows = {
        start["run"]["runId"]: (Instant.parse(start["eventTime"]), Instant.parse(end["eventTime"]))
        for start, end in runs(lake)
        if end["outputs"]
    }
    assert not any(start <= by_hand <= end for start, end in windows.values())
    start, end = windows[told["phantom_run"]]
    scores = str(lake.delta / "ml/scores")
    assert not any(name == scores and start <= at <= end for (name, _), at in instants.items())
    (claim,) = [e for s, e in runs(lake) if s["run"]["runId"] == told["phantom_run"]]
    assert claim["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 41


def test_late_events_arrive_only_after_the_first_harvest_and_newest_first(
    played: Played, lake: DemoLake, told: dict[str, str]
) -> None:
    late = events_in(lake.late_events)
    assert [event["eventType"] for event in late] == ["COMPLETE", "START"] * 2
    assert {event["run"]["runId"] for event in late} == {
        told["late_features_run"],
        told["late_training_run"],
    }
    assert not any(path.is_relative_to(lake.late_events) for path in played.first_files)
    assert Instant.parse(told["late_events_at"]) > FIRST_HARVEST


def test_models_are_datasets_of_their_own_with_versions(lake: DemoLake) -> None:
    made = [
        (output["facets"]["version"]["datasetVersion"], output["facets"]["datasetType"])
        for _, end in runs(lake)
        for output in end["outputs"]
        if (output["namespace"], output["name"]) == ("model", "fraud")
    ]
    assert [version for version, _ in made] == ["v1", "v2", "v3"]
    assert {kind["datasetType"] for _, kind in made} == {"MODEL"}
