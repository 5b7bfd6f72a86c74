"""Timelines that are kept: histories are read again when they changed, and not before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from temporal_lineage.evidence.changed import ALL_CHANGED
from temporal_lineage.keys import NodeKind
from temporal_lineage.linking import timelines
from temporal_lineage.linking.link import link
from temporal_lineage.linking.timelines import KeptTimelines
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.reader import open_reader
from temporal_lineage.store.transaction import Transaction
from test_linking_windows import at
from told_tables import Json, Shop, event, run_id


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """Count how often each table's history is read."""
    found = Counter[int]()
    read = timelines.read_timeline

    def counted(transaction: Transaction, dataset_id: int) -> object:
        timeline = read(transaction, dataset_id)
        found[dataset_id] += timeline is not None
        return timeline

    monkeypatch.setattr(timelines, "read_timeline", counted)
    return found


def _shop(folder: Path, *names: str) -> Shop:
    shop = Shop(folder)
    for name in names:
        shop.table(name, at(1, 0), at(2, 0))
    shop.harvest(at="2026-09-03")
    return shop


def _run(shop: Shop, number: int, *names: str) -> Json:
    return event("COMPLETE", at(number, 30), number, writes=[shop.told(one) for one in names])


def _links(shop: Shop, number: int) -> list[tuple[tuple[str, ...], str]]:
    told = shop.session.run_show(f"run:{run_id(number)}")
    return [(one.states, one.grade) for one in told.links]


def _harvest_in_vain(ledger: Ledger, table: int) -> None:
    with ledger.transaction(source="harvest", note="") as transaction:
        transaction.note_harvest(name="x", dataset_id=table, head="", outcome="read")
        link(transaction, run_ids=(), changes={table: ALL_CHANGED})
        _ = 1 // 0


def _table_ids(shop: Shop, names: Sequence[str]) -> list[int]:
    with open_reader(shop.session.workspace.ledger) as reader:
        nodes = {one.name: one.node_id for one in reader.nodes(kind=NodeKind.DATASET)}
    return [nodes[f"delta:{name}"] for name in names]


def test_a_history_is_read_once_while_the_ledger_is_open_and_again_after_a_harvest(
    tmp_path: Path, reads: Counter[int]
) -> None:
    shop = _shop(tmp_path, "one")
    (table,) = _table_ids(shop, ["one"])
    with shop.staying_open():
        shop.tell(_run(shop, 1, "one"))
        shop.tell(_run(shop, 2, "one"))
        assert reads[table] == 1
        shop.commit("one", 2, at(3, 30))
        shop.harvest(at="2026-09-04")
        shop.tell(_run(shop, 3, "one"))
        assert reads[table] == 2
    assert _links(shop, 3) == [(("lake.s.one@2",), "candidates")]


def test_what_a_transaction_that_fails_read_of_a_table_it_changed_is_not_kept(
    tmp_path: Path,
) -> None:
    shop = _shop(tmp_path, "one")
    (table,) = _table_ids(shop, ["one"])
    shop.tell(_run(shop, 1, "one"))
    with shop.staying_open() as ledger:
        with pytest.raises(ZeroDivisionError):
            _harvest_in_vain(ledger, table)
        shop.commit("one", 2, at(3, 30))
        shop.harvest(at="2026-09-04")
        shop.tell(_run(shop, 3, "one"))
    assert _links(shop, 3) == [(("lake.s.one@2",), "candidates")]


def test_memory_holds_the_tables_that_were_asked_for_last(
    tmp_path: Path, reads: Counter[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("one", "two", "three")
    shop = _shop(tmp_path, *names)
    one, two, three = _table_ids(shop, names)
    monkeypatch.setattr(timelines, "SNAPSHOTS_MAX", 4)
    kept = KeptTimelines()
    with (
        shop.staying_open() as ledger,
        ledger.transaction(source="link", note="") as transaction,
    ):
        for table in (one, two, one, three, one, two):
            assert kept.of(transaction, table) is not None
        monkeypatch.setattr(timelines, "SNAPSHOTS_MAX", 1)
        for table in (two, two):
            assert kept.of(transaction, table) is not None
    assert reads == {one: 1, two: 2, three: 1}
