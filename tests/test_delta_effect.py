"""A Delta commit's effect follows from its operation, and from its actions where that is vague."""

import json

import pytest

from catalogs.delta.actions import Commit, decoded
from catalogs.delta.effect import effect_of
from delta_logs import Action, add, commit_info, remove, vector
from snapshots.snapshot import Effect


def _commit(*actions: Action) -> Commit:
    body = "\n".join(json.dumps(action) for action in actions).encode()
    return decoded(body, witness="1.json", location="1.json")


def _effect(operation: str, *actions: Action, **parameters: object) -> Effect:
    commit = _commit(commit_info(operation, operationParameters=parameters), *actions)
    return effect_of(commit, columns={"a", "day"}, partition_columns=["day"])


BOTH = (add("new"), remove("old"))
SILENT = (add("new", dataChange=False), remove("old", dataChange=False))


@pytest.mark.parametrize(
    ("operation", "actions", "effect"),
    [
        ("STREAMING UPDATE", (add("new"),), Effect.APPEND),
        ("COPY INTO", (add("new"),), Effect.APPEND),
        ("CREATE OR REPLACE TABLE AS SELECT", BOTH, Effect.OVERWRITE),
        ("TRUNCATE", (remove("old"),), Effect.OVERWRITE),
        ("OPTIMIZE", SILENT, Effect.REPLACE),
        ("OPTIMIZE", BOTH, Effect.REPLACE),
        ("WRITE", SILENT, Effect.REPLACE),
        ("DELETE", BOTH, Effect.REWRITE),
        ("DELETE", (add("p", **vector("x")), remove("p")), Effect.REWRITE),
        ("DELETE", (remove("old"),), Effect.OVERWRITE),
        ("UPDATE", BOTH, Effect.REWRITE),
        ("MERGE", BOTH, Effect.REWRITE),
        ("MERGE", (add("new"),), Effect.APPEND),
        ("RESTORE", BOTH, Effect.RESTORE),
        ("VACUUM END", (), Effect.NOTHING),
        ("SET TBLPROPERTIES", (), Effect.NOTHING),
        ("DELETE", (), Effect.NOTHING),
        ("Manual Update", (add("new"),), Effect.APPEND),
        ("Manual Update", BOTH, Effect.UNKNOWN),
        ("Manual Update", SILENT, Effect.REPLACE),
        ("DLT REFRESH", (remove("old"),), Effect.UNKNOWN),
    ],
)
def test_an_operation_has_its_effect(
    operation: str, actions: tuple[Action, ...], effect: Effect
) -> None:
    assert _effect(operation, *actions) is effect


@pytest.mark.parametrize(
    ("mode", "actions", "effect"),
    [
        ("Append", (add("new"),), Effect.APPEND),
        ("ErrorIfExists", (add("new"),), Effect.APPEND),
        ("Overwrite", BOTH, Effect.OVERWRITE),
        ("Overwrite", (add("new"),), Effect.OVERWRITE),
        ("Append", BOTH, Effect.UNKNOWN),
    ],
)
def test_a_write_says_by_its_mode_what_it_did(
    mode: str, actions: tuple[Action, ...], effect: Effect
) -> None:
    assert _effect("WRITE", *actions, mode=mode) is effect


@pytest.mark.parametrize(
    ("predicate", "effect"),
    [
        ("day = '2026-11-17'", Effect.OVERWRITE),
        ("(Day >= 'a' AND day < 'b')", Effect.OVERWRITE),
        ("a > 5", Effect.REWRITE),
        ("day = 'x' AND `A` = 1", Effect.REWRITE),
        ('"a" = 1', Effect.REWRITE),
        ("day = 'a'", Effect.OVERWRITE),
    ],
)
def test_replacing_what_a_predicate_selects_takes_whole_files_only_by_partition(
    predicate: str, effect: Effect
) -> None:
    assert _effect("WRITE", *BOTH, mode="Overwrite", predicate=predicate) is effect


def test_a_predicate_about_unknown_columns_may_have_kept_rows() -> None:
    parameters = {"mode": "Overwrite", "predicate": "day = 1"}
    commit = _commit(commit_info("WRITE", operationParameters=parameters), *BOTH)
    assert effect_of(commit, columns=None, partition_columns=[]) is Effect.REWRITE


def test_a_complete_streaming_update_overwrites() -> None:
    assert _effect("STREAMING UPDATE", *BOTH, outputMode="Complete") is Effect.OVERWRITE


def test_a_commit_that_says_nothing_of_itself_is_judged_by_its_actions() -> None:
    bare = _commit(add("new"))
    assert effect_of(bare, columns=None, partition_columns=[]) is Effect.APPEND
    both = _commit(*BOTH)
    assert effect_of(both, columns=None, partition_columns=[]) is Effect.UNKNOWN
