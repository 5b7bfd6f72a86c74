"""Effects: what a Delta commit did to the rows, from its operation and its actions. DESIGN 4.3."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from catalogs.delta.actions import Commit
from snapshots.snapshot import Effect

_OVERWRITES = frozenset(
    {
        "CREATE OR REPLACE TABLE",
        "CREATE OR REPLACE TABLE AS SELECT",
        "FSCK",
        "REPLACE TABLE",
        "REPLACE TABLE AS SELECT",
        "TRUNCATE",
    }
)
_REWRITES = frozenset({"DELETE", "MERGE", "UPDATE"})
_COMPACTIONS = frozenset({"OPTIMIZE", "REORG"})
# Double quotes hold a name in one dialect and a text in another: taken for a name, which errs
# towards REWRITE.
_TOKEN = re.compile(r"`([^`]+)`|\"([^\"]+)\"|'(?:[^'\\]|\\.)*'|([^\W\d]\w*)")


def effect_of(
    commit: Commit, *, columns: Collection[str] | None, partition_columns: Collection[str]
) -> Effect:
    """Judge a commit.

    `columns` are the table's, None where they are not known: an overwrite of the rows that some
    predicate selects takes whole files only where the predicate is about partitions alone.
    """
    if not commit.adds and not commit.removes:
        return Effect.NOTHING
    operation = commit.operation.upper()
    if operation == "RESTORE":
        return Effect.RESTORE
    if operation in _COMPACTIONS or not (_changes(commit.adds) or _changes(commit.removes)):
        return Effect.REPLACE
    if operation in _OVERWRITES or _overwrites(operation, commit.parameters):
        return _of_overwrite(commit, columns, partition_columns)
    return _of_change(operation, commit)


def _of_change(operation: str, commit: Commit) -> Effect:
    if not commit.removes:
        return Effect.APPEND
    if operation not in _REWRITES:
        return Effect.UNKNOWN
    return Effect.REWRITE if commit.adds else Effect.OVERWRITE


def _changes(actions: Collection[Any]) -> bool:
    return any(action.data_change for action in actions)


def _overwrites(operation: str, parameters: dict[str, Any]) -> bool:
    if operation == "STREAMING UPDATE":
        return str(parameters.get("outputMode", "")).casefold() == "complete"
    return operation == "WRITE" and str(parameters.get("mode", "")).casefold() == "overwrite"


def _of_overwrite(
    commit: Commit, columns: Collection[str] | None, partition_columns: Collection[str]
) -> Effect:
    predicate = commit.parameters.get("predicate")
    if not predicate or predicate in {"[]", "true"}:
        return Effect.OVERWRITE
    if columns is None:
        return Effect.REWRITE
    partitions = {name.casefold() for name in partition_columns}
    others = {name.casefold() for name in columns} - partitions
    return Effect.REWRITE if others & _words(str(predicate)) else Effect.OVERWRITE


def _words(predicate: str) -> set[str]:
    return {word.casefold() for words in _TOKEN.findall(predicate) for word in words if word}
