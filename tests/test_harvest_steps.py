"""Harvests in steps end where one harvest ends; what a table forgets between them stays known."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.catalog.sql import SqlCatalog

from delta_logs import Action, add, column, commit_info, metadata, protocol, remove, write
from snapshots.instant import FOREVER
from temporal_lineage.facts import AsOf
from temporal_lineage.harvesting.histories import remember, remembered
from temporal_lineage.keys import AttributeKind
from temporal_lineage.naming import find_dataset
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.reader import Reader, open_reader
from temporal_lineage.workspace import Workspace

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64())})
LAST = FOREVER.plus(micros=-1)
HISTORY = (
    *(AttributeKind.TABLE, AttributeKind.SNAPSHOT, AttributeKind.EXPIRY, AttributeKind.POINT),
    *(AttributeKind.RECORDED, AttributeKind.REF, AttributeKind.SCHEMA, AttributeKind.PROPERTIES),
)

numbers = count()
few = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Room for the ledgers of all examples."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


def session_in(folder: Path) -> Session:
    place = folder / f"ledger {next(numbers)}"
    return Session(Workspace(place, str(place / "ledger.db")), clock=wall_clock)


def known(session: Session, table: Path) -> dict[str, object]:
    """Give all that is kept of a table, under names that do not depend on the ledger's numbers."""
    with open_reader(session.workspace.ledger) as reader:
        dataset_id = find_dataset(reader, f"dataset:file/{table}", as_of=AsOf(LAST, LAST))
        lines = {
            kind.value: {
                name: [(one.valid, one.claim) for one in line]
                for name, line in reader.timelines(
                    node_id=dataset_id, kind=kind, system=LAST
                ).items()
            }
            for kind in HISTORY
        }
        return {**lines, **trace(reader, dataset_id)}


def trace(reader: Reader, dataset_id: int) -> dict[str, object]:
    placed = reader.placed_versions(dataset_id=dataset_id)
    lives = reader.file_lives(dataset_id=dataset_id)
    shares = reader.contribution_rows(dataset_id=dataset_id)
    ids = {one.origin_id for one in lives} | {one.commit_id for one in shares}
    name = {node.node_id: node.name for node in reader.named(node_ids=sorted(ids)).values()}
    name |= {one.node_id: own for own, one in placed} | {0: "before"}
    return {
        "places": {own: (name[one.line], one.position, one.files_known) for own, one in placed},
        "lives": {
            (one.file, name[one.origin_id], name[one.line], one.start, one.stop) for one in lives
        },
        "contributions": {
            (name[one.commit_id], name[one.line], one.start, one.stop, one.certainty)
            for one in shares
        },
    }


def check_nothing_is_left_to_say(session: Session, table: Path) -> None:
    """Comparing every belief with the history they make finds none to correct."""
    with (
        Ledger.open(session.workspace.ledger, clock=wall_clock) as ledger,
        ledger.transaction(source="test", note="") as transaction,
    ):
        name = f"dataset:file/{table}"
        dataset_id = find_dataset(transaction.reader, name, as_of=AsOf(LAST, LAST))
        history = remembered(transaction.reader, dataset_id, system=LAST)
        assert history is not None
        assert remember(transaction, dataset_id, history, address=name, known=None) == 0


@st.composite
def logs(draw: st.DrawFn) -> list[list[Action]]:
    """Commits of a Delta table: appends, deletes, compactions, new columns and properties."""
    live: list[str] = []
    commits: list[list[Action]] = [[commit_info("CREATE TABLE"), protocol(), metadata()]]
    for version in range(1, draw(st.integers(2, 9))):
        what = draw(st.sampled_from(["WRITE", "DELETE", "OPTIMIZE", "SET", "ADD COLUMN"]))
        new = f"{version}.parquet"
        gone = (
            [one for one in live if draw(st.booleans())] if what in {"DELETE", "OPTIMIZE"} else []
        )
        if what == "OPTIMIZE" and gone:
            taken = [remove(one, dataChange=False) for one in gone]
            commits.append([commit_info(what), *taken, add(new, dataChange=False)])
        elif what == "DELETE" and gone:
            commits.append([commit_info(what), *map(remove, gone), add(new)])
        elif what == "SET":
            commits.append([commit_info("SET TBLPROPERTIES"), metadata(owner=f"v{version}")])
            continue
        elif what == "ADD COLUMN":
            columns = [column("a", "long"), column(f"b{version}", "string")]
            commits.append([commit_info("ADD COLUMNS"), metadata(*columns)])
            continue
        else:
            commits.append([commit_info("WRITE"), add(new)])
        live = [one for one in live if one not in gone] + [new]
    return commits


@few
@given(logs(), st.sets(st.integers(1, 9)), st.sampled_from([1, -1]))
def test_a_growing_delta_log_is_known_the_same_in_any_number_of_steps(
    folder: Path, commits: list[list[Action]], cuts: set[int], clock: int
) -> None:
    table = folder / f"table {next(numbers)}"
    steps, once = session_in(folder), session_in(folder)
    for version, actions in enumerate(commits):
        millis = 1_000_000 + (clock if version % 3 == 0 else 1) * version * 1000
        write(table, version, *actions, millis=millis)
        if version in cuts:
            steps.harvest([str(table)])
            check_nothing_is_left_to_say(steps, table)
    steps.harvest([str(table)])
    once.harvest([str(table)])

    assert known(steps, table) == known(once, table)
    check_nothing_is_left_to_say(once, table)


@pytest.fixture(scope="module")
def chain(folder: Path) -> tuple[Path, list[Path]]:
    """An Iceberg table with branches, tags, a rollback and an expiry; its metadata files."""
    (folder / "warehouse").mkdir()
    catalog = SqlCatalog(
        "lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse"
    )
    catalog.create_namespace("raw")
    table = catalog.create_table("raw.t", ROWS.schema)
    for _ in range(3):
        table.append(ROWS)
    first, second = (one.snapshot_id for one in table.history()[:2])
    table.manage_snapshots().create_tag(second, "v1").commit()
    table.append(ROWS, branch="audit")
    table.overwrite(ROWS)
    table.delete("id = 2")
    with table.transaction() as change:
        change.set_properties({"owner": "ada"})
    table.manage_snapshots().rollback_to_snapshot(second).commit()
    table.append(ROWS)
    table.maintenance.expire_snapshots().by_id(first).commit()
    table.manage_snapshots().remove_tag("v1").commit()
    table.append(ROWS)
    catalog.close()
    place = folder / "warehouse/raw/t"
    return place, sorted((place / "metadata").glob("*.metadata.json"))


@few
@given(cuts=st.sets(st.integers(1, 12)))
def test_a_growing_iceberg_chain_is_known_the_same_in_any_number_of_steps(
    folder: Path, chain: tuple[Path, list[Path]], cuts: set[int]
) -> None:
    table, files = chain
    bodies = {path: path.read_bytes() for path in files}
    steps, once = session_in(folder), session_in(folder)
    for path in files:
        path.unlink()
    for number, (path, body) in enumerate(bodies.items()):
        path.write_bytes(body)
        if number in cuts:
            steps.harvest([str(table)])
            check_nothing_is_left_to_say(steps, table)
    steps.harvest([str(table)])
    once.harvest([str(table)])

    assert known(steps, table) == known(once, table)
    check_nothing_is_left_to_say(once, table)


def test_delta_versions_that_log_cleanup_took_stay_known_with_their_files(folder: Path) -> None:
    table = folder / "cleaned"
    write(table, 0, commit_info("CREATE TABLE"), protocol(), metadata(), millis=1_000)
    for version in (1, 2):
        write(
            table, version, commit_info("WRITE"), add(f"{version}.parquet"), millis=version * 2000
        )
    session = session_in(folder)
    session.harvest([str(table)])
    before = known(session, table)
    write(table, 3, commit_info("WRITE"), add("3.parquet"), millis=9_000)
    write_checkpoint(table)
    for version in (0, 1, 2):
        (table / f"_delta_log/{version:020d}.json").unlink()

    session.harvest([str(table)])
    after = known(session, table)

    log = session.log(str(table))
    assert [one.snapshot_id for one in log.lines] == [0, 1, 2, 3]
    for name in ("0", "1", "2"):
        assert after["places"][name] == before["places"][name]  # type: ignore[index]
    gone = {one.snapshot_id: one.expired_at for one in log.lines if one.expired_at}
    assert set(gone) == {0, 1, 2}
    assert all(one.expired_at is None or one.expired_at >= one.committed_at for one in log.lines)
    assert session.at(f"{table}@1").snapshot_ids == (1,)
    check_nothing_is_left_to_say(session, table)


def write_checkpoint(table: Path) -> None:
    from deltalake import DeltaTable

    DeltaTable(str(table)).create_checkpoint()


def test_metadata_files_that_iceberg_deleted_stay_known_and_what_nobody_saw_is_named(
    folder: Path, chain: tuple[Path, list[Path]]
) -> None:
    """As `write.metadata.delete-after-commit.enabled` leaves a table."""
    table, files = chain
    names = [path.name for path in files]
    bodies = {path: path.read_bytes() for path in files}
    session = session_in(folder)
    for path in files[6:]:
        path.unlink()
    session.harvest([str(table)])
    seen = session.log(str(table))
    for path in files[:-2]:
        path.unlink(missing_ok=True)
    for path in files[-2:]:
        path.write_bytes(bodies[path])
    session.harvest([str(table)])
    for path, body in bodies.items():
        path.write_bytes(body)

    now = session.log(str(table))
    assert {one.snapshot_id for one in seen.lines} <= {one.snapshot_id for one in now.lines}
    for one in seen.lines:
        answer = session.at(str(table), as_of=one.committed_at)
        if one.snapshot_id in answer.snapshot_ids:
            assert answer.certainty == "exact"
    expired = [one for one in now.lines if one.expired_at]
    assert [one.snapshot_id for one in expired] == [now.lines[0].snapshot_id]
    with open_reader(session.workspace.ledger) as reader:
        dataset_id = find_dataset(reader, f"dataset:file/{table}", as_of=AsOf(LAST, LAST))
        history = remembered(reader, dataset_id, system=LAST)
    gaps = [gap.what for gap in history.gaps] if history else []
    assert [name for name in names[6:-2] if not any(name in gap for gap in gaps)] == []
    assert not any(name in gap for gap in gaps for name in names[:6])
    check_nothing_is_left_to_say(session, table)
