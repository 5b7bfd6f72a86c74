"""Walks: what was not followed is said, and what is shown is what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from snapshots.errors import UnreadableError
from temporal_lineage.facts import AsOf
from temporal_lineage.frames import as_polars
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.questions.walks.neighbours import LedgerNeighbours
from temporal_lineage.store.reader import open_reader
from told_tables import Shop, dataset, event, run_id


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Three states of a table, each read by a run that made a model."""
    shop = Shop(tmp_path)
    shop.table("t", "2026-09-01", "2026-09-02", "2026-09-03")
    shop.harvest(at="2026-09-04")
    for number in (1, 2, 3):
        shop.tell(
            event("START", f"2026-09-0{number}T10:00Z", number, reads=[shop.told("t")]),
            event(
                "COMPLETE",
                f"2026-09-0{number}T11:00Z",
                number,
                writes=[dataset("model", "m", f"v{number}"), dataset("s3://b", "report")],
            ),
        )
    return shop


@pytest.mark.parametrize(("states_max", "cut"), [(2, True), (3, False)])
def test_states_beyond_the_limit_are_named_as_not_followed(
    shop: Shop, states_max: int, *, cut: bool
) -> None:
    with open_reader(shop.session.workspace.ledger) as reader:
        ((_, dataset_id),) = [
            (one.name, one.node_id)
            for one in reader.nodes(kind=NodeKind.DATASET)
            if one.name == "delta:t"
        ]
        first = reader.node(kind=NodeKind.VERSION, parent_id=dataset_id, name="0")
        assert first is not None
        neighbours = LedgerNeighbours(
            reader,
            kinds=(EdgeKind.EDGE,),
            as_of=AsOf(valid=shop.now, system=shop.now),
            states_max=states_max,
        )
        met, cuts = neighbours.read_states_with([first])

    assert len(met) == states_max
    expected = [(first, "more than 2 states were read that hold its rows")] if cut else []
    assert [(one.node_id, one.why) for one in cuts] == expected


def test_a_dataset_with_versions_of_its_own_is_not_said_to_have_no_lineage(shop: Shop) -> None:
    answer = shop.session.upstream("dataset:s3://b/report")

    assert answer.edges == ()
    (doubt,) = answer.doubts
    named = doubt.rpartition(" ")[2]
    assert doubt.startswith("3 versions of it have their own lineage")
    assert named == f"dataset:s3://b/report@run:{run_id(3)}"
    assert [one.source for one in shop.session.upstream(named).edges] == ["lake.s.t@2"]


def test_the_frame_of_an_answer_without_any_row_has_no_rows(shop: Shop) -> None:
    answer = shop.session.upstream("lake.s.t@0")
    assert answer.nodes

    assert as_polars(answer).height == 0
    assert as_polars(shop.session.downstream("lake.s.t@0")).columns[:3] == [
        "edge",
        "source",
        "target",
    ]


def test_the_frame_of_a_table_is_one_row_whatever_refs_it_has(shop: Shop) -> None:
    frame = as_polars(shop.session.show("lake.s.t"))

    assert frame.height == 1
    assert frame["dataset"].to_list() == ["lake.s.t"]


def test_a_log_as_of_a_time_holds_nothing_later(shop: Shop) -> None:
    lines = shop.session.log("lake.s.t", as_of="2026-09-02T12:00Z").lines

    assert [one.snapshot_id for one in lines] == [0, 1]
    assert all(one.current for one in lines)


def test_an_empty_name_is_not_the_current_folder(shop: Shop) -> None:
    with pytest.raises(UnreadableError, match="empty name"):
        shop.session.ingest_openlineage([""])
