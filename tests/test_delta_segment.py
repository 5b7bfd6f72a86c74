"""The log folder is understood from one listing, whatever else lies in it."""

from pathlib import Path

import pytest

from catalogs.delta.segment import LogSegment, holes, listed, token
from catalogs.storage import Storage
from delta_logs import new_table, write, write_named

UUID = "80a083e8-7026-4e79-81be-64bd76c43a11"


def _segment(root: Path, *names: str) -> LogSegment:
    for name in names:
        write_named(root, name, {"x": 1})
    return listed(Storage({}), str(root))


def _commits(*versions: int) -> list[str]:
    return [f"{version:020d}.json" for version in versions]


def test_commits_and_every_layout_of_checkpoint_are_told_apart(tmp_path: Path) -> None:
    found = _segment(
        tmp_path,
        *_commits(0, 1),
        "00000000000000000001.checkpoint.parquet",
        "00000000000000000002.checkpoint.0000000001.0000000002.parquet",
        "00000000000000000002.checkpoint.0000000002.0000000002.parquet",
        f"00000000000000000003.checkpoint.{UUID}.json",
        f"00000000000000000004.checkpoint.{UUID}.parquet",
        "00000000000000000001.crc",
        "_last_checkpoint",
        ".00000000000000000001.json.crc",
        "00000000000000000000.json.tmp",
        "5.json",
    )
    assert sorted(found.commits) == [0, 1]
    assert {
        version: [len(n) for n in several] for version, several in found.checkpoints.items()
    } == {
        1: [1],
        2: [2],
        3: [1],
        4: [1],
    }
    assert found.versions() == (0, 1, 2, 3, 4)


def test_a_checkpoint_that_lacks_a_part_is_none(tmp_path: Path) -> None:
    found = _segment(
        tmp_path,
        *_commits(0, 1, 2),
        "00000000000000000002.checkpoint.0000000001.0000000003.parquet",
        "00000000000000000002.checkpoint.0000000003.0000000003.parquet",
        # A part of another splitting does not fill the hole.
        "00000000000000000002.checkpoint.0000000002.0000000002.parquet",
    )
    assert found.checkpoints == {}


def test_a_state_starts_from_the_newest_checkpoint_and_falls_back(tmp_path: Path) -> None:
    checkpoint = "00000000000000000002.checkpoint.parquet"
    found = _segment(tmp_path, *_commits(0, 1, 2, 3), checkpoint)
    plans = list(found.plans(3))
    assert [(plan.base, plan.steps) for plan in plans] == [
        (2, tuple(_commits(3))),
        (None, tuple(_commits(0, 1, 2, 3))),
    ]
    assert [plan.base for plan in found.plans(1)] == [None]


def test_after_a_hole_only_a_later_checkpoint_helps(tmp_path: Path) -> None:
    checkpoint = "00000000000000000005.checkpoint.parquet"
    found = _segment(tmp_path, *_commits(0, 1, 3, 4, 6), checkpoint)
    assert found.readable() == {0, 1, 5, 6}
    assert list(found.plans(4)) == []
    assert list(holes(found.versions(), first=0)) == [(2, 2)]


def test_a_compacted_range_fills_a_hole(tmp_path: Path) -> None:
    compacted = "00000000000000000001.00000000000000000003.compacted.json"
    found = _segment(tmp_path, *_commits(0, 3, 4), compacted)
    assert found.readable() == {0, 3, 4}
    assert [plan.steps for plan in found.plans(4)] == [
        (*_commits(0), compacted, *_commits(4)),
    ]


def test_a_log_that_starts_late_without_a_checkpoint_has_no_state(tmp_path: Path) -> None:
    assert _segment(tmp_path, *_commits(3, 4)).readable() == frozenset()


def test_kept_files_join_what_is_left_of_a_log(tmp_path: Path) -> None:
    found = _segment(tmp_path, *_commits(2, 3))
    joined = found.with_names([*_commits(0, 1), "_sidecars/x.parquet"])
    assert joined.readable() == {0, 1, 2, 3}


def test_a_folder_without_a_log_is_empty(tmp_path: Path) -> None:
    assert _segment(tmp_path).versions() == ()
    assert token(Storage({}), str(tmp_path)) == "empty"


def test_the_token_changes_with_every_commit_and_with_every_cleaning(tmp_path: Path) -> None:
    storage = Storage({})
    new_table(tmp_path, millis=1000)
    tokens = [token(storage, str(tmp_path))]
    first = write(tmp_path, 1, {"x": 1}, millis=2000)
    tokens.append(token(storage, str(tmp_path)))
    write(tmp_path, 1, {"x": 2}, millis=3000)  # another table's commit of the same number
    tokens.append(token(storage, str(tmp_path)))
    (first.parent / "00000000000000000000.json").unlink()
    tokens.append(token(storage, str(tmp_path)))
    assert len(set(tokens)) == 4
    assert tokens[-1] == token(storage, str(tmp_path))


@pytest.mark.parametrize(
    ("versions", "missing"),
    [([], []), ([0, 1], []), ([2], [(0, 1)]), ([0, 3, 4, 9], [(1, 2), (5, 8)])],
)
def test_holes_are_told_with_both_ends(versions: list[int], missing: list[tuple[int, int]]) -> None:
    assert list(holes(versions, first=0)) == missing
