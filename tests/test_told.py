"""Descriptions of datasets: each producer's newest word counts, whatever the order of arrival."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from small_lake import delta_table
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.questions.tables.told import DatasetTold
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.store.reader import open_reader
from temporal_lineage.workspace import Workspace

Body = dict[str, Any]

RAW = "dataset:s3://lake/raw/orders"
_FOLDERS = count()


def _session(folder: Path) -> Session:
    folder.mkdir(exist_ok=True)
    return Session(Workspace(folder, str(folder / "ledger.db")), clock=wall_clock)


def _ingest(session: Session, folder: Path, *events: Body) -> None:
    file = folder / "events.ndjson"
    file.write_text("\n".join(map(json.dumps, events)))
    session.ingest_openlineage([str(file)])


def _owned(*names: str) -> Body:
    return {"ownership": {"owners": [{"name": name} for name in names]}}


def _about(day: int, facets: Body, *, producer: str = "catalog", place: Path | None = None) -> Body:
    """Make an event about no run."""
    if place is not None:
        one = {"namespace": "file", "name": str(place), "type": "TABLE"}
        facets = facets | {"symlinks": {"identifiers": [one]}}
    return {
        "eventTime": f"2026-11-{day:02}T00:00:00Z",
        "producer": producer,
        "dataset": {"namespace": "s3://lake", "name": "raw/orders", "facets": facets},
    }


def _run(day: int, facets: Body, *, side: str = "inputs", run: int = 1, **more: Body) -> Body:
    event = _about(day, facets, producer="https://example.org/tree/1.0/spark")
    one = event.pop("dataset") | more
    return event | {
        "eventType": "COMPLETE",
        "run": {"runId": f"01900000-0000-7000-8000-{run:012}"},
        "job": {"namespace": "shop", "name": "check"},
        side: [one],
    }


def _design(day: int, facets: Body, *, side: str = "inputs", job: str = "plan") -> Body:
    """Make an event about a job."""
    event = _about(day, facets, producer="https://example.org/designs")
    return event | {"job": {"namespace": "shop", "name": job}, side: [event.pop("dataset")]}


def _checked(day: int, *, success: bool, run: int = 1, version: str = "7") -> Body:
    check = {"assertion": "not_null", "column": "id", "success": success, "severity": "error"}
    quality = {
        "dataQualityAssertions": {"assertions": [check]},
        "dataQualityMetrics": {"rowCount": day, "columnMetrics": {"id": {"nullCount": 2}}},
    }
    facets = {"version": {"datasetVersion": version}}
    return _run(day, facets, run=run, inputFacets=quality)


def _told(session: Session, target: str = RAW, as_of: str | None = None) -> DatasetTold:
    return session.show(target, as_of=as_of).described


def _said(told: DatasetTold) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for one in told.told:
        found.setdefault(one.about, []).append((one.name, one.detail))
    return found


def test_every_side_of_a_dataset_is_told(tmp_path: Path) -> None:
    session = _session(tmp_path)
    facets = {
        "ownership": {"owners": [{"name": "team:shop", "type": "MAINTAINER"}]},
        "tags": {"tags": [{"key": "pii", "value": "true", "field": "id"}]},
        "documentation": {"description": "All orders."},
        "lifecycleStateChange": {
            "lifecycleStateChange": "RENAME",
            "previousIdentifier": {"namespace": "s3://lake", "name": "old"},
        },
        "catalog": {
            "framework": "iceberg",
            "type": "rest",
            "name": "prod",
            "warehouseUri": "https://me:secret@host/wh",
        },
        "storage": {"storageLayer": "iceberg", "fileFormat": "parquet"},
        "datasetType": {"datasetType": "TABLE"},
        "schema": {"fields": [{"name": "id", "type": "long"}, {"name": "note"}]},
    }
    _ingest(session, tmp_path, _about(1, facets))
    assert _said(_told(session)) == {
        "owner": [("team:shop", "MAINTAINER")],
        "tag": [("id: pii", "true")],
        "documentation": [("All orders.", "")],
        "lifecycle": [("RENAME", "from s3://lake/old")],
        "catalog": [("prod", "iceberg, rest, https://***@host/wh")],
        "storage": [("iceberg", "parquet")],
        "type": [("TABLE", "")],
        "column": [("id", "long"), ("note", "")],
    }


def test_the_newest_word_of_each_producer_counts_from_its_time_on(tmp_path: Path) -> None:
    session = _session(tmp_path)
    other = _about(4, _owned("carol"), producer="steward")
    _ingest(session, tmp_path, _about(5, _owned("bob")), other, _about(1, _owned("ada")))
    assert _said(_told(session))["owner"] == [("bob", ""), ("carol", "")]
    assert _said(_told(session, as_of="2026-11-03"))["owner"] == [("ada", "")]
    assert _said(_told(session, as_of="2026-10-31")) == {}


def test_a_new_version_of_a_producer_takes_its_word_over(tmp_path: Path) -> None:
    session = _session(tmp_path)
    events = [
        _about(day, _owned(name), producer=f"https://example.org/tree/{version}/spark")
        for day, name, version in ((1, "ada", "1.0"), (2, "bob", "1.1"))
    ]
    _ingest(session, tmp_path, *events)
    assert _said(_told(session)) == {"owner": [("bob", "")]}


def test_what_was_known_before_a_later_word_can_be_asked(tmp_path: Path) -> None:
    session = _session(tmp_path)
    _ingest(session, tmp_path, _about(1, _owned("ada")))
    known = session.show(RAW).question.as_of.system
    _ingest(session, tmp_path, _about(2, _owned("bob")))
    assert _said(session.show(RAW, as_known=known).described) == {"owner": [("ada", "")]}


def test_a_facet_that_is_deleted_is_told_no_more(tmp_path: Path) -> None:
    session = _session(tmp_path)
    gone = {"ownership": {"_deleted": True}}
    _ingest(session, tmp_path, _about(3, gone), _about(1, _owned("ada")))
    assert _said(_told(session)) == {}
    assert _said(_told(session, as_of="2026-11-02")) == {"owner": [("ada", "")]}


def test_what_a_job_event_says_of_its_datasets_is_told_too(tmp_path: Path) -> None:
    session = _session(tmp_path)
    quality = {"dataQualityMetrics": {"rowCount": 5}}
    facets = _owned("planners") | {"documentation": {"description": "All orders."}}
    _ingest(
        session,
        tmp_path,
        _design(2, facets, side="outputs"),
        _design(3, _owned("ada") | quality),
    )
    assert _said(_told(session)) == {
        "owner": [("ada", "")],
        "documentation": [("All orders.", "")],
    }
    (early,) = [
        one for one in _told(session, as_of="2026-11-02T12:00Z").told if one.name == "planners"
    ]
    assert early.producer == "https://example.org/designs"
    (measured,) = _told(session).metrics
    assert (measured.rows, measured.job, measured.run) == (5, "shop/plan", "")


def test_the_last_checks_and_counts_are_shown_with_state_and_run(tmp_path: Path) -> None:
    session = _session(tmp_path)
    late, early = _checked(6, success=True, run=2), _checked(2, success=False, version="3")
    _ingest(session, tmp_path, late, early)
    (check,), (numbers,) = _told(session).checks, _told(session).metrics
    assert (check.check, check.column, check.success) == ("not_null", "id", True)
    assert (check.state, check.job) == (f"{RAW}@7", "shop/check")
    assert (numbers.rows, numbers.state) == (6, f"{RAW}@7")
    (before,) = _told(session, as_of="2026-11-03").checks
    assert (before.success, before.state) == (False, f"{RAW}@3")


def test_two_checks_that_assert_the_same_of_a_column_are_both_kept(tmp_path: Path) -> None:
    session = _session(tmp_path)
    asserted = [
        {"assertion": "accepted_values", "name": name, "column": "state", "success": name == "new"}
        for name in ("new", "old")
    ]
    quality = {"dataQualityAssertions": {"assertions": asserted}}
    _ingest(session, tmp_path, _run(1, {}, inputFacets=quality))
    found = [(one.label, one.success) for one in _told(session).checks]
    assert found == [("new", True), ("old", False)]


def test_the_schema_of_a_harvested_table_is_its_own(tmp_path: Path) -> None:
    session, place = _session(tmp_path), delta_table(tmp_path / "orders", commits=1)
    facets = _owned("ada") | {"schema": {"fields": [{"name": "told", "type": "long"}]}}
    _ingest(session, tmp_path, _about(1, facets, place=place))
    assert set(_said(_told(session))) == {"owner", "column"}
    session.harvest([str(place)])
    found = session.show(str(place))
    assert _said(found.described) == {"owner": [("ada", "")]}
    assert [one.name for one in found.columns] == ["id", "name"]


def _beliefs(session: Session) -> dict[str, list[tuple[str, str, str]]]:
    """Give all that is told of all datasets, whatever their nodes are called."""
    with open_reader(session.workspace.ledger) as reader:
        _, last = reader.system_bounds() or (None, None)
        assert last is not None
        return {
            f"{node.name} {name}": [
                (str(one.valid.start), str(one.valid.end), one.claim) for one in line
            ]
            for node in reader.nodes(kind=NodeKind.DATASET)
            for name, line in reader.timelines(
                node_id=node.node_id, kind=AttributeKind.TOLD, system=last
            ).items()
        }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return delta_table(tmp_path_factory.mktemp("lake") / "orders", commits=1)


_DAYS = st.integers(1, 4)
_OWNERS = st.sampled_from(["ada", "bob"])
_EVENTS = st.one_of(
    st.builds(
        lambda day, name, side, job: _design(day, _owned(name), side=side, job=job),
        _DAYS,
        _OWNERS,
        st.sampled_from(["inputs", "outputs"]),
        st.sampled_from(["plan", "other"]),
    ),
    st.builds(lambda day, name: _about(day, _owned(name)), _DAYS, _OWNERS),
    st.builds(lambda day: _about(day, {"ownership": {"_deleted": True}}), _DAYS),
    st.builds(lambda day, run: _run(day, _owned(f"run {run}"), run=run), _DAYS, st.integers(1, 3)),
    st.builds(
        lambda day, run: _run(day, _owned("ada"), run=run, side="outputs"), _DAYS, st.integers(1, 3)
    ),
    st.builds(
        lambda day, good, run: _checked(day, success=good, run=run),
        _DAYS,
        st.booleans(),
        st.integers(1, 3),
    ),
)


def test_one_of_several_events_of_a_name_moves_to_the_table_that_a_harvest_finds(
    tmp_path: Path, place: Path
) -> None:
    told = (_about(2, _owned("ada")), _about(1, _owned("eve"), place=place))
    before, after = _session(tmp_path / "before"), _session(tmp_path / "after")
    before.harvest([str(place)])
    _ingest(before, before.workspace.folder, *told)
    _ingest(after, after.workspace.folder, *told)
    after.harvest([str(place)])
    assert _beliefs(after) == _beliefs(before)


@given(st.data())
@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_order_repetition_and_harvests_between_make_no_difference(
    tmp_path: Path, place: Path, data: st.DataObject
) -> None:
    told = data.draw(st.lists(_EVENTS, min_size=2, max_size=7))
    # One event names the table's place: from then on the name means the harvested table.
    told.append(_about(data.draw(_DAYS), _owned("eve"), place=place))
    together = _session(tmp_path / f"together {next(_FOLDERS)}")
    together.harvest([str(place)])
    _ingest(together, together.workspace.folder, *told)

    shuffled = data.draw(st.permutations(told))
    harvested_after = data.draw(st.integers(0, len(shuffled)))
    single = _session(tmp_path / f"single {next(_FOLDERS)}")
    for number, event in enumerate([*shuffled, shuffled[0]]):
        if number == harvested_after:
            single.harvest([str(place)])
        _ingest(single, single.workspace.folder, event)
    assert _beliefs(single) == _beliefs(together)
