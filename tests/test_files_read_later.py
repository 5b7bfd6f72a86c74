"""Tables whose files could not be read at first: assumed, and exact once they can be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import iceberg_lake
from lake_session import lake_session
from snapshots.instant import FOREVER, Instant
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.reader import Reader
from temporal_lineage.workspace import Workspace

Told = dict[str, dict[str, str]]
"""The commits whose rows live in each state, and how surely."""


@pytest.fixture
def session(tmp_path: Path, ledger_url: str) -> Session:
    """A session on each database in turn, that knows a folder of tables as `lake`."""
    return lake_session(tmp_path, ledger_url)


@pytest.fixture
def hidden(tmp_path: Path) -> list[tuple[Path, Path]]:
    """A table of an append, an overwrite and an append, whose manifests were moved aside."""
    with iceberg_lake.lake(tmp_path / "lake") as catalog:
        table = iceberg_lake.orders(catalog)
        table.append(iceberg_lake.rows(1))
        table.overwrite(iceberg_lake.rows(2))
        table.append(iceberg_lake.rows(3))
    aside = tmp_path / "aside"
    aside.mkdir()
    moves = [(path, aside / path.name) for path in (tmp_path / "lake").rglob("*.avro")]
    for path, other in moves:
        shutil.move(path, other)
    return moves


def contributions(reader: Reader, *, system: Instant) -> Told:
    (dataset,) = reader.nodes(kind=NodeKind.DATASET)
    names = {
        one.node_id: one.name
        for one in reader.children(parent_id=dataset.node_id, kind=NodeKind.VERSION)
    }
    told: Told = {}
    for one in reader.contributions_to(node_ids=names, system=system):
        commit = names.get(one.commit_id, "before")
        told.setdefault(names[one.state_id], {})[commit] = one.certainty
    as_of = AsOf(valid=LAST, system=system)
    for node_id, state in names.items():
        rows = reader.provenance_of(node_id=node_id, kind=AttributeKind.WRITER, as_of=as_of)
        by_name = {name or "before": certainty for _, certainty, _, _, name, _ in rows}
        assert by_name == told.get(state, {})
        assert len(by_name) == len(rows)
    contained = reader.all_states_containing(
        commit_ids=[node for node, name in names.items() if name != "before"], system=system
    )
    by_commit = {(names[one.state_id], names[one.commit_id], one.certainty) for one in contained}
    assert by_commit == {
        (state, commit, certainty)
        for state, commits in told.items()
        for commit, certainty in commits.items()
        if commit != "before"
    }
    return told


def known(session: Session, *, system: Instant = FOREVER) -> Told:
    with (
        Ledger.open(session.workspace.ledger, clock=wall_clock) as ledger,
        ledger.reading() as reader,
    ):
        return contributions(reader, system=system)


def certainties(told: Told) -> set[str]:
    return {certainty for commits in told.values() for certainty in commits.values()}


def test_contributions_are_exact_once_a_later_harvest_can_read_the_files(
    session: Session, hidden: list[tuple[Path, Path]], tmp_path: Path
) -> None:
    session.harvest()
    before = known(session)
    moment = wall_clock()
    assert certainties(before) == {"assumed"}
    assert [one.outcome for one in session.harvest().tables] == ["unchanged"]

    for path, other in hidden:
        shutil.move(other, path)
    assert [one.outcome for one in session.harvest().tables] == ["changed"]

    after = known(session)
    fresh = Session(
        Workspace(session.workspace.folder, str(tmp_path / "fresh.db")), clock=wall_clock
    )
    fresh.harvest()
    assert certainties(after) <= {"exact", "possible"}
    assert after == known(fresh)
    assert after != before
    # What was known before the files could be read can still be asked for.
    assert known(session, system=moment) == before
    assert [one.outcome for one in session.harvest().tables] == ["unchanged"]


def test_a_table_that_went_on_is_exact_too_once_its_files_can_be_read(
    session: Session, hidden: list[tuple[Path, Path]], tmp_path: Path
) -> None:
    session.harvest()
    for path, other in hidden:
        shutil.move(other, path)
    with iceberg_lake.lake(tmp_path / "other") as catalog:
        newest = max((tmp_path / "lake").rglob("*.metadata.json"))
        table = catalog.register_table("shop.orders", str(newest))
        table.append(iceberg_lake.rows(4))
    session.harvest()

    fresh = Session(
        Workspace(session.workspace.folder, str(tmp_path / "fresh.db")), clock=wall_clock
    )
    fresh.harvest()
    assert known(session) == known(fresh)
    assert certainties(known(session)) <= {"exact", "possible"}
