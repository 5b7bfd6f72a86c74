"""What changes rows in place is run again over the state before, and gives the state after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from reproduce_lake import Lake
from temporal_lineage.locks.text import lock_text, read_lock
from temporal_lineage.session import wall_clock
from test_locks import stranger
from test_replay import replayed, told

if TYPE_CHECKING:
    from pathlib import Path

    from temporal_lineage.reproduce.answer import Replay

STOCK = {"sku": [1, 2, 3, 4], "shop": ["a", "a", "b", "b"], "amount": [10, 20, 30, 40]}
NEWS = {"amount": [21, 50, 0], "sku": [2, 5, 3], "shop": ["a", "c", "b"]}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    write_deltalake(lake.delta / "stock", pa.table(STOCK), partition_by=["shop"])
    write_deltalake(lake.delta / "news", pa.table(NEWS))
    return lake


def asked(lake: Lake, sql: str, *, version: int = 1) -> Replay:
    """Replay a run that asked this of the table `stock`, and wrote that version."""
    lake.harvest()
    begun = wall_clock()
    run = told(lake, sql, read="news@0", wrote=f"stock@{version}", begun=begun)
    return replayed(lake, run)


def stock(lake: Lake) -> Any:  # noqa: ANN401 - deltalake's builders have no type of their own
    return DeltaTable(lake.delta / "stock")


MERGE = """\
MERGE INTO delta.stock AS t USING (SELECT * FROM delta.news) AS s ON t.sku = s.sku
WHEN MATCHED AND s.amount = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET *
WHEN NOT MATCHED THEN INSERT *"""


def merge(lake: Lake) -> None:
    """Do what MERGE says, by another engine than the one that replays."""
    (
        stock(lake)
        .merge(pa.table(NEWS), "t.sku = s.sku", source_alias="s", target_alias="t")
        .when_matched_delete(predicate="s.amount = 0")
        .when_matched_update_all()
        .when_not_matched_insert_all()
        .execute()
    )


def test_a_merge_gives_the_state_that_it_wrote(lake: Lake) -> None:
    merge(lake)
    found = asked(lake, MERGE)
    assert found.verdict == "same", found
    assert found.written == "delta.stock@1"
    assert found.query is not None
    assert found.query.startswith("MERGE INTO input_0")


def test_a_merge_with_columns_of_its_own_gives_them(lake: Lake) -> None:
    merge(lake)
    text = MERGE.replace("SET *", "SET t.amount = s.amount, t.shop = s.shop")
    text = text.replace("INSERT *", "INSERT (sku, t.shop, amount) VALUES (s.sku, s.shop, s.amount)")
    assert asked(lake, text).verdict == "same"


def test_a_merge_that_says_something_else_is_found_out(lake: Lake) -> None:
    merge(lake)
    found = asked(lake, MERGE.replace("s.amount = 0", "s.amount = 21"))
    assert found.verdict == "different", found


@pytest.mark.parametrize(
    ("sql", "verdict"),
    [
        ("UPDATE stock AS t SET t.amount = amount + 1 WHERE t.shop = 'b'", "same"),
        ("UPDATE stock SET amount = amount + 1 WHERE sku IN (3, 4)", "same"),
        ("UPDATE stock SET amount = amount + 1", "different"),
    ],
)
def test_an_update_is_held_against_the_whole_state(lake: Lake, sql: str, verdict: str) -> None:
    stock(lake).update({"amount": "amount + 1"}, predicate="shop = 'b'")
    assert asked(lake, sql).verdict == verdict


def test_a_delete_may_ask_other_tables(lake: Lake) -> None:
    stock(lake).delete("sku in (2, 3)")
    sql = "DELETE FROM delta.stock WHERE sku IN (SELECT sku FROM delta.news)"
    assert asked(lake, sql).verdict == "same"


def test_an_insert_into_a_named_partition_adds_its_value(lake: Lake) -> None:
    rows = pa.table({"sku": [2, 5, 3], "shop": ["c"] * 3, "amount": [21, 50, 0]})
    write_deltalake(lake.delta / "stock", rows, mode="append")
    sql = "INSERT INTO stock PARTITION (shop = 'c') SELECT sku, amount FROM news"
    assert asked(lake, sql).verdict == "same"


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT OVERWRITE stock PARTITION (shop = 'b') SELECT sku, amount FROM news",
        "INSERT INTO stock REPLACE WHERE shop = 'b' SELECT sku, 'b', amount FROM news",
    ],
)
def test_what_an_insert_replaces_is_taken_away_before(lake: Lake, sql: str) -> None:
    rows = pa.table({"sku": [2, 5, 3], "shop": ["b"] * 3, "amount": [21, 50, 0]})
    write_deltalake(lake.delta / "stock", rows, mode="overwrite", predicate="shop = 'b'")
    assert asked(lake, sql).verdict == "same"


def test_the_table_that_was_changed_must_be_the_one_that_was_written(lake: Lake) -> None:
    merge(lake)
    found = asked(lake, "DELETE FROM delta.other WHERE sku = 1")
    assert found.reason == "it changes delta.other, and the run wrote delta.stock"


def test_without_the_state_before_nothing_is_replayed(lake: Lake) -> None:
    write_deltalake(lake.delta / "stock", pa.table(STOCK), mode="overwrite")
    stock(lake).delete("sku = 1")
    lake.vacuum("stock")
    found = asked(lake, "DELETE FROM stock WHERE sku = 1", version=2)
    assert found.reason == "the state before delta.stock@2 cannot be read any more"


def test_a_lock_is_run_again_where_its_ledger_is_not(lake: Lake, tmp_path: Path) -> None:
    merge(lake)
    lake.harvest()
    run = told(lake, MERGE, read="news@0", wrote="stock@1", begun=wall_clock())
    path = tmp_path / "merge.lock"
    lake.session.lock(run, out=path)
    assert lock_text(read_lock(path)) == path.read_text()
    for changed, verdict in ((MERGE, "same"), (MERGE.replace("= 0", "= 21"), "different")):
        text = path.read_text().replace(json.dumps(MERGE), json.dumps(changed))
        other = tmp_path / f"{verdict}.lock"
        other.write_text(text)
        answer = stranger(tmp_path).reproduce(str(other), replay=True)
        assert answer.replay is not None
        assert answer.replay.verdict == verdict, answer.replay
        assert answer.replay.written == "delta.stock@1"


def test_a_lock_without_sql_is_no_reason_to_guess(lake: Lake, tmp_path: Path) -> None:
    lake.harvest()
    path = tmp_path / "state.lock"
    lake.session.lock("delta.stock@0", out=path)
    answer = stranger(tmp_path).reproduce(str(path), replay=True)
    assert answer.replay is not None
    assert answer.replay.reason == "no event tells its SQL, and one is replayed"
