"""Erasure plans: done as printed and in their order, they leave nothing behind."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from catalogs.row_filter import arrow_filter, renamed
from reproduce_lake import Lake
from temporal_lineage.erasure.answer import ErasureAnswer, Relation
from temporal_lineage.erasure.carrying import conditions
from temporal_lineage.erasure.commands import Named, remove_files
from temporal_lineage.erasure.plan import Act
from temporal_lineage.erasure.spelling import datafusion_condition, spark_condition
from temporal_lineage.session import Session, open_session
from transcripts import at_home, told_lake

CUSTOMER = "customer_id = 7"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.fixture
def demo(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401
    told = told_lake(tmp_path_factory.getbasetemp())
    with at_home(told.lake.root):
        yield open_session()


def acts(answer: ErasureAnswer) -> list[tuple[Act, str]]:
    return [(one.act, one.target) for one in answer.plan]


def do(answer: ErasureAnswer, engine: str, names: dict[str, Any]) -> None:
    """Run the commands of a plan that an engine has, as they are printed."""
    for step in answer.plan:
        for one in step.commands:
            if one.engine == engine:
                exec(one.command, names)  # noqa: S102 - what is tested is that they run


def test_a_delta_table_is_clean_after_the_printed_commands(lake: Lake) -> None:
    lake.write_delta("people")
    lake.write_delta("people")
    lake.harvest()
    where = "id == 1 and id < 2.5"
    before = lake.session.erasure_trace("delta.people", where=where)
    assert [one for one, _ in acts(before)] == [
        Act.DELETE,
        Act.REMOVE_FILES,
        Act.HARVEST,
        Act.VERIFY,
    ]
    do(before, "delta-rs", {"DeltaTable": DeltaTable})
    lake.harvest()
    after = lake.session.erasure_trace("delta.people", where=where)
    assert (after.found, after.plan) == (False, ())
    assert [one.unexamined for one in after.tables] == [()]


def test_an_iceberg_table_is_clean_after_the_printed_commands_and_a_broom(lake: Lake) -> None:
    names = pa.array(["a", "b"], pa.string())
    table = lake.catalog.create_table("raw.people", schema=pa.schema({"name": pa.string()}))
    table.append(pa.table({"name": names}))
    first = table.current_snapshot()
    assert first is not None
    table.manage_snapshots().create_tag(first.snapshot_id, "v1").commit()
    table.append(pa.table({"name": names}))
    lake.harvest()
    before = lake.session.erasure_trace("lake.raw.people", where="name = 'a'")
    assert [one for one, _ in acts(before)] == [
        Act.DELETE,
        Act.DROP_TAG,
        Act.EXPIRE,
        Act.REMOVE_FILES,
        Act.HARVEST,
        Act.VERIFY,
    ]
    do(before, "pyiceberg", {"load_catalog": lambda _: lake.catalog})
    lake.harvest()
    still = lake.session.erasure_trace("lake.raw.people", where="name = 'a'")
    assert {one.states for one in still.tables[0].files} <= {0, 1, 2}
    for file in still.tables[0].files:
        Path(file.path).unlink()
    after = lake.session.erasure_trace("lake.raw.people", where="name = 'a'")
    assert not after.found


def test_a_full_vacuum_is_not_advised_where_vectors_are_in_use() -> None:
    with_vectors, without = (
        remove_files(
            Named("delta.t", "/lake/t", is_delta=True, has_vectors=one, properties={}), ()
        )[-1]
        for one in (True, False)
    )
    assert "full=True" not in with_vectors.command
    assert without.command.endswith("dry_run=False, full=True)")


def test_a_plan_names_the_promises_that_it_breaks(lake: Lake) -> None:
    lake.write_delta("people")
    lake.write_delta("people")
    lake.harvest()
    lake.session.pin("delta.people@0", until="2099-01-01", reason="audit", who="ada")
    answer = lake.session.erasure_trace("delta.people", where="id = 1")
    broken = {one.act: one.breaks for one in answer.plan if one.breaks}
    assert broken == {Act.REMOVE_FILES: ("pin:1 (delta.people@0)",)}


def test_a_vacuum_breaks_promises_on_states_that_never_held_the_rows(lake: Lake) -> None:
    lake.write_delta("people")
    lake.delta_table("people").delete("id = 1")
    lake.write_delta("people")
    lake.delta_table("people").delete("id = 2")
    lake.harvest()
    for version in (1, 3):
        lake.session.pin(f"delta.people@{version}", until="2099-01-01", reason="audit", who="ada")
    answer = lake.session.erasure_trace("delta.people", where="id = 1")
    assert [one.version for one in answer.tables[0].states] == [0, 2, 3]
    (broken,) = [one.breaks for one in answer.plan if one.breaks]
    assert broken == ("pin:1 (delta.people@1)", "pin:2 (delta.people@3)")


def test_a_shallow_clone_is_searched_with_the_table_that_it_was_made_of(lake: Lake) -> None:
    lake.write_delta("people")
    lake.harvest()
    place = lake.delta / "people"
    (log,) = (place / "_delta_log").glob("*.json")
    told = [json.loads(line) for line in log.read_text().splitlines()]
    for action in told:
        if "add" in action:
            action["add"]["path"] = f"file://{place}/{action['add']['path']}"
        if "metaData" in action:
            action["metaData"]["id"] = "11111111-2222-4333-8444-555555555555"
        if "commitInfo" in action:
            more = {"source": f"delta.`{place}`", "sourceVersion": "0", "isShallow": "true"}
            action["commitInfo"] |= {"operation": "CLONE", "operationParameters": more}
    copy = lake.delta / "copy" / "_delta_log"
    copy.mkdir(parents=True)
    (copy / log.name).write_text("".join(f"{json.dumps(one)}\n" for one in told))
    lake.harvest()
    asked, cloned = lake.session.erasure_trace("delta.people", where="id = 1").tables
    assert (cloned.table, cloned.relation) == ("delta.copy", Relation.CLONED)
    assert [one.path for one in cloned.files] == [one.path for one in asked.files]
    assert [one.rows for one in cloned.states] == [1]


def test_what_was_made_of_states_that_are_gone_is_not_passed_over(lake: Lake) -> None:
    lake.write_delta("people")
    lake.harvest()
    lake.trained("v1", (str(lake.delta / "people"), "0"))
    held = lake.session.erasure_trace("delta.people", where="id = 1")
    assert [one.address for one in held.products] == ["model:fraud@v1"]
    lake.delta_table("people").delete("id = 1")
    lake.harvest()
    lake.vacuum("people")
    gone = lake.session.erasure_trace("delta.people", where="id = 1")
    assert (gone.found, gone.products) == (False, ())
    why = "what was made of 1 state of delta.people is not followed"
    assert any(one.startswith(why) for one in gone.doubts)


def test_columns_are_followed_downstream_and_models_are_named(demo: Session) -> None:
    answer = demo.erasure_trace("lake.raw.orders", where=CUSTOMER)
    relations = {one.table: one.relation for one in answer.tables}
    assert relations.pop("lake.raw.orders") is Relation.ASKED
    assert set(relations) == {
        "lake.staging.orders_clean",
        "lake.features.order_features",
        "delta.features.customer_features",
        "delta.ml.scores",
        "lake.ml.training_set",
    }
    assert set(relations.values()) == {Relation.CARRIED}
    assert all(one.where == '"customer_id" = 7' for one in answer.tables[1:])
    assert [one.address for one in answer.products] == [f"model:fraud@v{one}" for one in (1, 2, 3)]
    for one in answer.tables:
        alone = demo.erasure_trace(one.table, where=CUSTOMER, depth_max=0).tables[0]
        assert alone.files == one.files
        for state in one.states:
            rows = demo.scan(f"{one.table}@{state.version}", where=CUSTOMER)
            assert pa.table(rows).num_rows == state.rows


def test_a_join_key_that_is_not_carried_is_told(demo: Session) -> None:
    answer = demo.erasure_trace("lake.raw.customers", where=CUSTOMER)
    fed = {one.table: one for one in answer.tables if one.relation is Relation.FED}
    assert "lake.staging.orders_clean" in fed
    assert {state.rows for one in fed.values() for state in one.states} == {None}
    assert [act for act, target in acts(answer) if target == "lake.staging.orders_clean"] == [
        Act.REBUILD,
        Act.EXPIRE,
        Act.REMOVE_FILES,
    ]


def test_steps_stand_in_an_order_in_which_none_undoes_another(demo: Session) -> None:
    answer = demo.erasure_trace("lake.raw.orders", where=CUSTOMER)
    order = acts(answer)
    ranks = [list(Act).index(act) for act, _ in order if act is not Act.REWRITE]
    assert ranks == sorted(ranks)
    deleted = [target for act, target in order if act is Act.DELETE]
    assert deleted[0] == "lake.raw.orders"
    assert deleted.index("lake.features.order_features") < deleted.index("lake.ml.training_set")
    tag = next(one for one in answer.plan if one.act is Act.DROP_TAG)
    assert tag.breaks == ("model:fraud@v3 (to be reproduced)",)


def test_depth_cuts_what_is_followed_and_says_so(demo: Session) -> None:
    answer = demo.erasure_trace("lake.raw.orders", where=CUSTOMER, depth_max=1)
    assert "columns were not followed further than 1 tables" in answer.doubts


def test_a_condition_is_written_with_every_name_that_a_column_has() -> None:
    names = {"a": ("x", "y"), "b": ("z",)}
    assert conditions("a = 1 and b is null", names) == (
        '(("x" = 1) and ("z" is null)) or (("y" = 1) and ("z" is null))'
    )
    assert conditions("a in ('p', 'q') or not (a like 'r%')", {"a": ("odd name",)}) == (
        """("odd name" in ('p', 'q')) or (not ("odd name" like 'r%'))"""
    )


def test_a_condition_means_the_same_to_every_engine(lake: Lake) -> None:
    """Spark takes two quotes for none and DataFusion knows no NaN; `_` is a wildcard in both."""
    told = renamed("name in ('O''Hara', 'x') and c not like 'p_%' and d is not nan and e = 0.1", {})
    assert spark_condition(told) == (
        "(`name` in ('O\\'Hara', 'x')) and (not startswith(`c`, 'p_'))"
        " and (`d` != double('NaN')) and (`e` = 0.1D)"
    )
    numbers = {"d": [1.0, 1.0, 1.0, math.nan, None], "e": [0.1] * 5}
    names = ["O'Hara", "x", "OHara", "x", "x"]
    rows = pa.table({"name": names, "c": ["pot", "p_t", "q", "q", "q"], **numbers})
    write_deltalake(lake.delta / "people", rows)
    table = lake.delta_table("people")
    table.delete(datafusion_condition(told))
    left = pa.table(table.scan()).column("name").to_pylist()
    assert sorted(left) == ["OHara", "x", "x", "x"]
    assert rows.filter(arrow_filter(told, rows.schema)).column("name").to_pylist() == ["O'Hara"]
