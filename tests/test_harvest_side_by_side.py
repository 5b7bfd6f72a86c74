"""Harvests side by side: bounded, in order, and never losing what was kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from catalogs.delta.source import DeltaSource
from catalogs.storage import Storage
from delta_logs import add, commit_info, metadata, protocol, write
from temporal_lineage.harvesting.side_by_side import side_by_side
from temporal_lineage.harvesting.targets import Listed, Target, find_targets
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64())})


@pytest.fixture
def session(tmp_path: Path, ledger_url: str) -> Session:
    """A session whose ledger is on each database in turn."""
    return Session(Workspace(tmp_path / ".temporal-lineage", ledger_url), clock=wall_clock)


class Interrupted(DeltaSource):
    """A table whose reading ends as Ctrl-C or a bug would end it."""

    def __init__(self, location: str, end: BaseException) -> None:
        """Take the table and what is raised."""
        super().__init__(location, storage=Storage({}), options={})
        self._end = end

    def head(self) -> str:
        """Be interrupted."""
        raise self._end


def lake_of(session: Session, folder: Path, count: int) -> None:
    """Make so many tables in a folder that is a catalog called `lake`."""
    for number in range(count):
        root = folder / f"t{number}"
        write(root, 0, commit_info("CREATE TABLE"), protocol(), metadata(table_id=root.name))
        write(root, 1, commit_info("WRITE"), add(f"{number}.parquet"))
    Configuration(session.workspace.folder).add(
        CatalogEntry("lake", CatalogKind.FOLDER, {"location": str(folder)}, "test")
    )


def known(session: Session) -> set[str]:
    return {one.dataset for one in session.show_all().datasets}


@pytest.mark.parametrize("end", [KeyboardInterrupt(), ZeroDivisionError("a bug")])
def test_what_was_kept_before_an_interrupt_or_a_bug_stays_and_the_next_harvest_goes_on(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    lake_of(session, tmp_path / "lake", 9)

    def interrupted(folder: Path, targets: list[str]) -> list[Target | Listed]:
        found = list(find_targets(folder, targets))
        broken = Interrupted(str(tmp_path / "lake/t5"), end)
        found[5] = Target("lake.t5", "lake", lambda: broken)
        return found

    with monkeypatch.context() as change:
        change.setattr("temporal_lineage.harvesting.harvest.find_targets", interrupted)
        with pytest.raises(type(end)):
            session.harvest(jobs=3)

    kept = {f"lake.t{number}" for number in range(5)}
    assert known(session) == kept
    outcomes = {one.address: one.outcome for one in session.harvest().tables}
    assert {name for name, outcome in outcomes.items() if outcome == "unchanged"} == kept
    assert {name for name, outcome in outcomes.items() if outcome == "new"} == {
        f"lake.t{number}" for number in range(5, 9)
    }


@pytest.mark.parametrize("jobs", [1, 2, 7])
def test_any_number_of_jobs_makes_the_same_ledger(
    session: Session, tmp_path: Path, jobs: int
) -> None:
    lake_of(session, tmp_path / "lake", 6)
    (tmp_path / "lake/t3/_delta_log/00000000000000000001.json").write_text("{")

    report = session.harvest(jobs=jobs)

    assert [one.address for one in report.tables] == [f"lake.t{number}" for number in range(6)]
    assert [one.outcome for one in report.tables if one.address != "lake.t3"] == ["new"] * 5
    assert "00000000000000000001.json" in (report.tables[3].error or "")
    assert known(session) == {f"lake.t{number}" for number in (0, 1, 2, 4, 5)}


def test_no_more_is_worked_on_or_read_ahead_than_was_allowed() -> None:
    lock = threading.Lock()
    running, most, begun = 0, 0, 0
    pause = threading.Event()

    def work(item: int, is_stopped: Callable[[], bool]) -> int:
        nonlocal running, most, begun
        with lock:
            running, begun = running + 1, begun + 1
            most = max(most, running)
        pause.wait(0.002)
        with lock:
            running -= 1
        assert not is_stopped()
        return item * item

    taken = []
    for number, (item, result) in enumerate(side_by_side(range(30), work, jobs=3)):
        taken.append((item, result()))
        assert begun <= number + 2 * 3
    assert taken == [(item, item * item) for item in range(30)]
    assert 1 < most <= 3


def test_work_that_nobody_waits_for_learns_that_it_was_stopped() -> None:
    stopped = threading.Event()

    def work(item: int, is_stopped: Callable[[], bool]) -> int:
        while item and not is_stopped():
            stopped.wait(0.001)
        stopped.set() if item else None
        return item

    results = side_by_side(range(9), work, jobs=2)
    _, first = next(results)
    assert first() == 0
    results.close()
    assert stopped.wait(10)


def test_two_names_of_one_table_in_one_harvest_are_one_dataset(
    session: Session, tmp_path: Path
) -> None:
    lake_of(session, tmp_path / "lake", 1)
    Configuration(session.workspace.folder).add(
        CatalogEntry("again", CatalogKind.FOLDER, {"location": str(tmp_path / "lake")}, "test")
    )

    report = session.harvest(jobs=4)

    assert not [one.error for one in report.tables if one.error]
    assert session.show("lake.t0").identity == session.show("again.t0").identity
    assert len(known(session)) == 1


def test_a_table_harvested_under_another_name_keeps_what_it_forgot(
    session: Session, tmp_path: Path
) -> None:
    root = tmp_path / "lake/t0"
    lake_of(session, tmp_path / "lake", 1)
    session.harvest()
    before = session.log("lake.t0")
    write_checkpoint_and_forget(root)

    session.harvest([str(root)])

    assert [one.snapshot_id for one in before.lines] == [0, 1]
    assert [one.snapshot_id for one in session.log(str(root)).lines] == [0, 1, 2]
    assert session.at("lake.t0", as_of=before.lines[0].committed_at).snapshot_ids == (0,)


def write_checkpoint_and_forget(root: Path) -> None:
    """Commit once more, and let log cleanup take the commits before."""
    from deltalake import DeltaTable

    write_deltalake(str(root), pa.table({"a": pa.array([1], pa.int64())}), mode="append")
    DeltaTable(str(root)).create_checkpoint()
    for version in (0, 1):
        (root / f"_delta_log/{version:020d}.json").unlink()
