"""Contributions: whose rows live in a state, case by case."""

from collections.abc import Sequence

import pytest

from row_tables import KeptTrace, data_file, shares
from snapshots.contributions import (
    Contribution,
    ContributionCertainty,
    ContributionTrace,
    ContributionTracer,
    Origin,
    Place,
    trace_contributions,
)
from snapshots.files import AddedFile, CommitFiles, DataFile, FileContent
from snapshots.snapshot import Effect

EXACT = ContributionCertainty.EXACT
POSSIBLE = ContributionCertainty.POSSIBLE


def _added(key: str, origin: Origin, *, rows: int | None = None) -> AddedFile:
    return AddedFile(data_file(key, mask=key.startswith("mask"), rows=rows), origin)


def _commit(
    snapshot_id: int,
    parent_id: int | None,
    effect: Effect,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    *,
    origin: Origin = -1,
) -> CommitFiles:
    """Make a commit; keys that begin with `mask` are delete files, `?` begins a mask's name."""
    added = tuple(
        AddedFile(
            data_file(key, mask=key.startswith("mask")), snapshot_id if origin == -1 else origin
        )
        for key in add
    )
    return CommitFiles(snapshot_id, parent_id, effect, added, tuple(remove))


def _traced(*commits: CommitFiles) -> ContributionTrace:
    return trace_contributions(commits)


APPENDED = (
    _commit(1, None, Effect.APPEND, ["a"]),
    _commit(2, 1, Effect.APPEND, ["b"]),
    _commit(3, 2, Effect.APPEND, ["c"]),
)


def test_appends_contribute_from_then_on() -> None:
    trace = _traced(*APPENDED)
    assert shares(trace, 1) == {1: EXACT}
    assert shares(trace, 3) == {1: EXACT, 2: EXACT, 3: EXACT}
    assert trace.places == {1: Place(1, 0), 2: Place(1, 1), 3: Place(1, 2)}


def test_an_overwrite_ends_the_contributions_it_removed_and_no_other() -> None:
    trace = _traced(*APPENDED, _commit(4, 3, Effect.OVERWRITE, ["d"], ["a", "b"]))
    assert shares(trace, 3) == {1: EXACT, 2: EXACT, 3: EXACT}
    assert shares(trace, 4) == {3: EXACT, 4: EXACT}
    ended = [one for one in trace.contributions if one.end is not None]
    assert ended == [Contribution(1, 1, 0, 3, EXACT), Contribution(2, 1, 1, 3, EXACT)]


def test_a_compaction_passes_contributions_through_and_adds_none() -> None:
    for outputs in (["x"], ["x", "y"]):
        trace = _traced(*APPENDED, _commit(4, 3, Effect.REPLACE, outputs, ["a", "b"]))
        assert shares(trace, 4) == {1: EXACT, 2: EXACT, 3: EXACT}


def test_what_a_compaction_mixed_is_only_possible_once_a_part_of_it_is_removed() -> None:
    mixed = (*APPENDED, _commit(4, 3, Effect.REPLACE, ["x", "y"], ["a", "b"]))
    trace = _traced(*mixed, _commit(5, 4, Effect.OVERWRITE, [], ["x"]))
    assert shares(trace, 5) == {1: POSSIBLE, 2: POSSIBLE, 3: EXACT}
    gone = _traced(*mixed, _commit(5, 4, Effect.OVERWRITE, [], ["x", "y"]))
    assert shares(gone, 5) == {3: EXACT}


def test_a_second_compaction_of_a_part_loses_nothing() -> None:
    trace = _traced(
        *APPENDED,
        _commit(4, 3, Effect.REPLACE, ["x", "y"], ["a", "b"]),
        _commit(5, 4, Effect.REPLACE, ["z"], ["y", "c"]),
    )
    assert shares(trace, 5) == {1: EXACT, 2: EXACT, 3: EXACT}


def test_a_compaction_of_one_commits_files_keeps_each_of_them_surely_its_own() -> None:
    trace = _traced(
        _commit(1, None, Effect.APPEND, ["a1", "a2", "a3"]),
        _commit(2, 1, Effect.REPLACE, ["x", "y"], ["a1", "a2"]),
        _commit(3, 2, Effect.OVERWRITE, [], ["x", "a3"]),
    )
    assert shares(trace, 3) == {1: EXACT}


def test_rows_that_went_through_a_rewrite_are_possible_and_the_rewriter_is_sure() -> None:
    trace = _traced(*APPENDED, _commit(4, 3, Effect.REWRITE, ["x"], ["a", "b"]))
    assert shares(trace, 4) == {1: POSSIBLE, 2: POSSIBLE, 3: EXACT, 4: EXACT}


def test_an_unknown_operation_is_taken_for_a_rewrite() -> None:
    trace = _traced(*APPENDED, _commit(4, 3, Effect.UNKNOWN, ["x"], ["a"]))
    assert shares(trace, 4) == {1: POSSIBLE, 2: EXACT, 3: EXACT, 4: EXACT}


@pytest.mark.parametrize("effect", [Effect.APPEND, Effect.NOTHING])
def test_a_commit_whose_files_contradict_what_it_says_is_an_unknown_operation(
    effect: Effect,
) -> None:
    trace = _traced(*APPENDED, _commit(4, 3, effect, ["x"], ["a"]))
    assert shares(trace, 4) == {1: POSSIBLE, 2: EXACT, 3: EXACT, 4: EXACT}


def test_a_compaction_that_writes_nothing_kept_nothing() -> None:
    trace = _traced(*APPENDED, _commit(4, 3, Effect.REPLACE, [], ["a"]))
    assert shares(trace, 4) == {2: EXACT, 3: EXACT}


def test_rows_of_a_rewritten_file_stay_sure_where_the_commit_has_another() -> None:
    trace = _traced(
        _commit(1, None, Effect.APPEND, ["a1", "a2"]), _commit(2, 1, Effect.REWRITE, ["x"], ["a1"])
    )
    assert shares(trace, 2) == {1: EXACT, 2: EXACT}


def test_a_file_under_a_new_mask_holds_rows_of_itself_alone() -> None:
    # Delta writes a deletion vector by removing the file and adding it with the vector.
    trace = _traced(*APPENDED, _commit(4, 3, Effect.REWRITE, ["a?dv1", "n"], ["a"]))
    assert shares(trace, 4) == {1: POSSIBLE, 2: EXACT, 3: EXACT, 4: EXACT}
    deleted = _traced(*APPENDED, _commit(4, 3, Effect.REWRITE, ["a?dv1"], ["a"]))
    assert shares(deleted, 4) == {1: POSSIBLE, 2: EXACT, 3: EXACT}


def test_a_delete_file_may_mask_every_row_before_it_and_none_after() -> None:
    trace = _traced(
        *APPENDED,
        _commit(4, 3, Effect.REWRITE, ["mask1", "n"]),
        _commit(5, 4, Effect.APPEND, ["d"]),
    )
    assert shares(trace, 4) == {1: POSSIBLE, 2: POSSIBLE, 3: POSSIBLE, 4: EXACT}
    assert shares(trace, 5) == {1: POSSIBLE, 2: POSSIBLE, 3: POSSIBLE, 4: EXACT, 5: EXACT}


@pytest.mark.parametrize(
    ("masks", "rows", "hidden", "left"),
    [
        ("a", 3, 2, {1: EXACT, 2: EXACT, 3: EXACT}),
        ("a", 3, 3, {1: POSSIBLE, 2: EXACT, 3: EXACT}),
        ("a", 3, None, {1: POSSIBLE, 2: EXACT, 3: EXACT}),
        ("a", None, 1, {1: POSSIBLE, 2: EXACT, 3: EXACT}),
        ("b", 3, 3, {1: EXACT, 2: POSSIBLE, 3: EXACT}),
        ("elsewhere/a", 3, 1, {1: POSSIBLE, 2: POSSIBLE, 3: POSSIBLE}),
        (None, 3, 1, {1: POSSIBLE, 2: POSSIBLE, 3: POSSIBLE}),
    ],
)
def test_a_delete_file_that_names_its_data_file_leaves_all_others_alone(
    masks: str | None, rows: int | None, hidden: int | None, left: dict[Origin, object]
) -> None:
    appended = [
        CommitFiles(n, n - 1 or None, Effect.APPEND, (_added(key, n, rows=rows),), ())
        for n, key in enumerate("abc", start=1)
    ]
    mask = AddedFile(data_file("mask1", mask=True, rows=hidden, masks=masks), 4)
    trace = _traced(*appended, CommitFiles(4, 3, Effect.OVERWRITE, (mask,), ()))
    assert shares(trace, 4) == left


def test_a_compacted_file_may_lose_the_last_row_of_somebody_to_any_delete_file() -> None:
    one = _added("x", 4, rows=10)
    trace = _traced(
        *APPENDED,
        CommitFiles(4, 3, Effect.REPLACE, (one, _added("y", 4, rows=10)), ("a", "b", "c")),
        CommitFiles(5, 4, Effect.OVERWRITE, (_aimed("mask1", "x", rows=1),), ()),
    )
    assert shares(trace, 4) == {1: EXACT, 2: EXACT, 3: EXACT}
    assert shares(trace, 5) == {1: POSSIBLE, 2: POSSIBLE, 3: POSSIBLE}


def test_a_file_with_rows_left_under_its_vector_surely_holds_them() -> None:
    vector = _aimed("dv", "a#dv", rows=7)
    file = AddedFile(DataFile("a#dv", "a", FileContent.DATA, 1, 3, None), 4)
    trace = _traced(*APPENDED, CommitFiles(4, 3, Effect.REWRITE, (file, vector), ("a",)))
    assert shares(trace, 4) == {1: EXACT, 2: EXACT, 3: EXACT}


def _aimed(key: str, masks: str, *, rows: int) -> AddedFile:
    return AddedFile(data_file(key, mask=True, rows=rows, masks=masks), 0)


def test_a_delete_file_itself_contributes_no_rows() -> None:
    trace = _traced(*APPENDED, _commit(4, 3, Effect.REWRITE, ["mask1"]))
    assert 4 not in shares(trace, 4)
    assert "mask1" in {one.file.key for one in trace.state(4).lives}


def test_a_file_without_rows_contributes_none() -> None:
    empty = CommitFiles(
        1,
        None,
        Effect.APPEND,
        (_added("a", 1, rows=0), _added("b", 1)),
        (),
    )
    trace = _traced(empty, _commit(2, 1, Effect.OVERWRITE, [], ["b"]))
    assert shares(trace, 2) == {}


def test_a_restored_file_brings_back_the_contributions_of_its_earlier_life() -> None:
    trace = _traced(
        *APPENDED,
        _commit(4, 3, Effect.REPLACE, ["x"], ["a", "b"]),
        _commit(5, 4, Effect.OVERWRITE, ["n"], ["x", "c"]),
        _commit(6, 5, Effect.RESTORE, ["x", "c"], ["n"]),
    )
    assert shares(trace, 5) == {5: EXACT}
    assert shares(trace, 6) == {1: EXACT, 2: EXACT, 3: EXACT}


def test_a_restored_file_that_nobody_remembers_is_older_than_the_history() -> None:
    trace = _traced(*APPENDED, _commit(4, 3, Effect.RESTORE, ["z"], ["a", "b", "c"]))
    assert shares(trace, 4) == {None: EXACT}


def test_files_whose_writer_nobody_remembers_are_older_than_the_history() -> None:
    trace = _traced(_commit(5, None, Effect.APPEND, ["a"], origin=None))
    assert shares(trace, 5) == {None: EXACT}


def test_an_expired_commit_is_sure_to_have_written_its_files_and_not_their_rows() -> None:
    files = (
        _added("a", 3),
        _added("b", 7),
        _added("c", 9),
    )
    trace = _traced(CommitFiles(9, None, Effect.APPEND, files, ()))
    assert shares(trace, 9) == {3: EXACT, 7: EXACT, 9: EXACT, None: POSSIBLE}


@pytest.mark.parametrize(
    ("effect", "told"),
    [
        (Effect.APPEND, {9: EXACT}),
        (Effect.OVERWRITE, {9: EXACT}),
        (Effect.REWRITE, {9: EXACT, None: POSSIBLE}),
        (Effect.REPLACE, {None: EXACT}),
        (Effect.RESTORE, {None: EXACT}),
    ],
)
def test_what_a_first_state_holds_depends_on_what_its_commit_did(
    effect: Effect, told: dict[Origin, ContributionCertainty]
) -> None:
    assert shares(_traced(_commit(9, None, effect, ["a"])), 9) == told


def test_a_state_with_a_forgotten_parent_recognises_files_it_has_seen() -> None:
    orphan = (
        _added("a", 1),
        _added("x", 4),
        _added("n", 9),
    )
    trace = _traced(
        *APPENDED,
        _commit(4, 3, Effect.REPLACE, ["x"], ["b", "c"]),
        CommitFiles(9, None, Effect.APPEND, orphan, ()),
    )
    assert shares(trace, 9) == {1: EXACT, 2: EXACT, 3: EXACT, 9: EXACT}


def test_removing_a_file_that_nobody_knew_is_reported_and_may_carry_anything() -> None:
    book = KeptTrace()
    tracer = ContributionTracer(places={}, known=book)
    book.take(tracer.extend(APPENDED[0]))
    extension = tracer.extend(_commit(2, 1, Effect.REWRITE, ["x"], ["a", "never seen"]))
    assert extension.strangers == ("never seen",)
    told = {one.commit_id: one.certainty for one in extension.opened}
    assert told == {None: POSSIBLE, 1: POSSIBLE, 2: EXACT}


def test_a_file_removed_and_added_again_under_one_key_never_left() -> None:
    trace = _traced(*APPENDED, _commit(4, 3, Effect.REWRITE, ["a"], ["a"]))
    assert shares(trace, 4) == {1: EXACT, 2: EXACT, 3: EXACT}
    assert [one.start for one in trace.lives if one.file.key == "a"] == [0]


def test_the_first_child_goes_on_in_the_line_and_every_other_begins_one() -> None:
    trace = _traced(
        *APPENDED,
        _commit(20, 1, Effect.APPEND, ["p"]),
        _commit(21, 20, Effect.OVERWRITE, ["q"], ["a"]),
        _commit(30, 1, Effect.APPEND, ["r"]),
    )
    assert {one: trace.places[one] for one in (3, 20, 21, 30)} == {
        3: Place(1, 2),
        20: Place(20, 0),
        21: Place(20, 1),
        30: Place(30, 0),
    }
    assert shares(trace, 20) == {1: EXACT, 20: EXACT}
    assert shares(trace, 21) == {20: EXACT, 21: EXACT}
    assert shares(trace, 30) == {1: EXACT, 30: EXACT}
    assert Contribution(1, 20, 0, 1, EXACT) in trace.contributions


def test_a_fork_ends_at_once_what_its_first_commit_removed() -> None:
    trace = _traced(*APPENDED, _commit(20, 2, Effect.OVERWRITE, ["p"], ["a"]))
    assert shares(trace, 20) == {2: EXACT, 20: EXACT}
    assert [one for one in trace.lives if one.line == 20 and one.file.key == "a"] == []


def test_a_commit_is_traced_once() -> None:
    tracer = ContributionTracer(places={1: Place(1, 0)}, known=KeptTrace())
    with pytest.raises(ValueError, match="1 was traced before"):
        tracer.extend(APPENDED[0])
