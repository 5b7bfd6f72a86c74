"""A Delta state is the same, whichever files of its log it is rebuilt from."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.delta.replay import Table, state_at, steps
from delta_checkpoints import (
    STATS,
    Layout,
    Plot,
    compact,
    plots,
    reconciled,
    write_checkpoint,
    write_parquet,
)
from delta_logs import (
    add,
    log,
    new_table,
    remove,
    vector,
    write,
    write_named,
)
from snapshots.errors import UnreadableError


@settings(max_examples=40)
@given(
    plot=plots(),
    layout=st.sampled_from(Layout),
    at=st.integers(0, 10),
    clean=st.booleans(),
    compacted=st.booleans(),
)
def test_a_state_is_the_same_through_any_layout_of_checkpoints(
    plot: Plot, layout: Layout, at: int, *, clean: bool, compacted: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for version, actions in enumerate(plot.commits):
            write(root, version, *actions)
        newest = len(plot.commits) - 1
        expected = [state_at(log(root), version) for version in range(newest + 1)]
        checkpoint = min(at, newest)
        write_checkpoint(root, checkpoint, layout)
        if compacted and checkpoint < newest:
            compact(root, checkpoint + 1, newest)
        if clean:
            for version in range(checkpoint):
                (root / "_delta_log" / f"{version:020d}.json").unlink()
        gone = set(range(checkpoint if clean else 0))
        gone |= set(range(checkpoint + 1, newest)) if compacted else set()
        readable = log(root).segment.readable()
        assert readable == set(range(newest + 1)) - gone
        for version in sorted(readable):
            assert _comparable(state_at(log(root), version)) == _comparable(expected[version])


def _comparable(table: Table | None) -> object:
    assert table is not None
    files = {
        key: (file.path, file.rows, file.physical_rows, file.size_bytes, file.partition_values)
        for key, file in table.live.items()
    }
    return files, table.metadata.schema_string, table.protocol.min_reader_version


def test_removes_go_before_adds_whatever_their_order_in_the_file(tmp_path: Path) -> None:
    new_table(tmp_path)
    write(tmp_path, 1, add("f"))
    write(tmp_path, 2, add("f", rows=3), remove("f"))
    table = state_at(log(tmp_path), 2)
    assert table is not None
    assert [file.rows for file in table.live.values()] == [3]


def test_a_file_and_its_masked_form_are_two_logical_files(tmp_path: Path) -> None:
    new_table(tmp_path)
    write(tmp_path, 1, add("f", rows=9))
    write(tmp_path, 2, add("f", rows=9, **vector("one", cardinality=2)), remove("f"))
    write(tmp_path, 3, remove("f"))  # the bare form is gone already: nothing happens
    table = state_at(log(tmp_path), 3)
    assert table is not None
    assert [(file.key, file.rows) for file in table.live.values()] == [("f#ione", 7)]


def test_a_remove_finds_its_add_however_both_spell_a_local_path(tmp_path: Path) -> None:
    new_table(tmp_path)
    write(tmp_path, 1, add("/some/with%20space/p@%23h"))
    write(tmp_path, 2, remove("file:///some/with%20space/p@%23h"))
    table = state_at(log(tmp_path), 2)
    assert table is not None
    assert table.live == {}


def test_a_checkpoint_that_cannot_be_read_gives_way_to_the_commits(tmp_path: Path) -> None:
    new_table(tmp_path)
    write(tmp_path, 1, add("f"))
    write_named(tmp_path, f"{1:020d}.checkpoint.parquet", {"no": "parquet"})
    table = state_at(log(tmp_path), 1)
    assert table is not None
    assert list(table.live) == ["f"]


def test_a_checkpoint_that_cannot_be_read_is_named_where_nothing_else_helps(
    tmp_path: Path,
) -> None:
    write(tmp_path, 1, add("f"))
    write_named(tmp_path, f"{1:020d}.checkpoint.parquet", {"no": "parquet"})
    with pytest.raises(UnreadableError, match=r"00001\.checkpoint\.parquet"):
        state_at(log(tmp_path), 1)


def test_a_sidecar_that_is_gone_is_named(tmp_path: Path) -> None:
    new_table(tmp_path)
    write(tmp_path, 1, add("f"), add("g"))
    write_checkpoint(tmp_path, 1, Layout.V2_JSON_SIDECARS)
    for version in (0, 1):
        (tmp_path / "_delta_log" / f"{version:020d}.json").unlink()
    next((tmp_path / "_delta_log" / "_sidecars").iterdir()).unlink()
    with pytest.raises(UnreadableError, match="_sidecars"):
        state_at(log(tmp_path), 1)


@pytest.mark.parametrize("kind", ["protocol", "metaData"])
def test_a_checkpoint_without_protocol_or_metadata_is_refused_as_all_readers_do(
    tmp_path: Path, kind: str
) -> None:
    new_table(tmp_path)
    write(tmp_path, 1, add("f"))
    head, adds = reconciled(tmp_path, 1)
    partial = [action for action in head if kind not in action]
    write_parquet(tmp_path, f"{1:020d}.checkpoint.parquet", [*partial, *adds], STATS)
    with pytest.raises(UnreadableError, match=f"no {kind} action"):
        state_at(log(tmp_path), 1)
    assert state_at(log(tmp_path), 0) is not None


def test_a_state_needs_protocol_and_metadata(tmp_path: Path) -> None:
    write(tmp_path, 0, add("f"))
    with pytest.raises(UnreadableError, match="no metaData and no protocol"):
        state_at(log(tmp_path), 0)


def test_the_steps_of_a_log_say_which_states_are_known(tmp_path: Path) -> None:
    new_table(tmp_path)
    for version in range(1, 6):
        write(tmp_path, version, add(f"f{version}"))
    write_checkpoint(tmp_path, 4)
    (tmp_path / "_delta_log" / f"{2:020d}.json").unlink()
    told = [
        (step.version, step.joined, step.base is not None)
        for step in steps(log(tmp_path), after=None)
    ]
    assert told == [
        (0, True, False),
        (1, True, False),
        (3, False, False),
        (4, False, True),
        (5, True, False),
    ]
    assert [step.version for step in steps(log(tmp_path), after=3)] == [4, 5]
