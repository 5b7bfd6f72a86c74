"""Plans: the acts that take rows out of every state and file, in an order in which none undoes
another. Nothing of it is carried out here.

First where the rows come from, or the next load brings them back. Then what is read now, sources
before what is made of them; what does not carry the columns is made anew. Only then tags, old
states and files: a state that is still current cannot be expired, a file that a state still has
cannot be removed. Last of all a new look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from snapshots.refs import MAIN
from temporal_lineage.erasure.answer import TracedState, TracedTable
from temporal_lineage.erasure.commands import (
    Named,
    PlanCommand,
    delete_rows,
    drop_tag,
    expire,
    remove_files,
    rewrite_files,
)


class Act(StrEnum):
    """What a step does."""

    ERASE_AT_SOURCE = "erase-at-source"
    DELETE = "delete"
    REWRITE = "rewrite"
    REBUILD = "rebuild"
    RETRAIN = "retrain"
    DROP_TAG = "drop-tag"
    EXPIRE = "expire"
    REMOVE_FILES = "remove-files"
    HARVEST = "harvest"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One act; `commands` are ways to do it, of which one engine's are enough.

    `breaks` names what cannot be kept once it is done: promises, and versions of models that can
    then not be reproduced.
    """

    step: int
    act: Act
    target: str
    why: str
    commands: tuple[PlanCommand, ...]
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedTable:
    """A table that holds the rows, with what its states are needed for.

    `tags` are the names of refs that are tags; `promised` tells by version which promises and
    which versions of models stand on it.
    """

    traced: TracedTable
    named: Named
    tags: frozenset[str]
    promised: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Remade:
    """What is made anew, by which jobs: a table that was fed, or a model."""

    address: str
    jobs: tuple[str, ...]
    is_table: bool


def plan(
    sources: Sequence[str],
    tables: Sequence[PlannedTable],
    remade: Sequence[Remade],
    fed: Sequence[PlannedTable],
    *,
    verify: str,
) -> tuple[PlanStep, ...]:
    """Put the acts in order; none where nothing holds any of the rows.

    `tables` and `remade` stand sources first. `verify` is the command of the last step.
    """
    if not any(one.traced.holds for one in (*tables, *fed)):
        return ()
    acts = [
        *_at_sources(sources),
        *(act for one in tables for act in _deletes(one)),
        *_remade(remade),
        *(act for one in (*tables, *fed) for act in _dropped(one)),
        *(act for one in (*tables, *fed) for act in _expired(one)),
        *(act for one in (*tables, *fed) for act in _removed(one)),
        _Act(Act.HARVEST, "", "so that the ledger knows", (PlanCommand("tl", "tl harvest"),), ()),
        _Act(Act.VERIFY, "", "to prove it", (PlanCommand("tl", verify),), ()),
    ]
    return tuple(
        PlanStep(number, one.act, one.target, one.why, one.commands, one.breaks)
        for number, one in enumerate(acts, start=1)
    )


@dataclass(frozen=True, slots=True)
class _Act:
    act: Act
    target: str
    why: str
    commands: tuple[PlanCommand, ...]
    breaks: tuple[str, ...]


def _at_sources(sources: Sequence[str]) -> Iterator[_Act]:
    for one in sources:
        yield _Act(Act.ERASE_AT_SOURCE, one, "or the next load brings the rows back", (), ())


def _deletes(table: PlannedTable) -> Iterator[_Act]:
    traced = table.traced
    branches = {ref for state in traced.states for ref in state.refs if ref not in table.tags}
    for branch in sorted(branches, key=lambda ref: (ref != MAIN, ref)):
        on = None if branch == MAIN else branch
        why = "whoever reads it now meets the rows" if on is None else f"branch {on} has them"
        yield _Act(
            Act.DELETE,
            traced.table,
            why,
            delete_rows(table.named, traced.where or "", branch=on),
            (),
        )
    hidden = [one for one in traced.files if one.role == "data" and not one.states]
    if hidden or branches:
        why = "deletes that only hide rows leave them in the files"
        yield _Act(Act.REWRITE, traced.table, why, rewrite_files(table.named), ())


def _remade(remade: Sequence[Remade]) -> Iterator[_Act]:
    for one in remade:
        act = Act.REBUILD if one.is_table else Act.RETRAIN
        by = f"by {', '.join(one.jobs)}" if one.jobs else "by hand: no job is known"
        yield _Act(act, one.address, f"it was made of the rows; make it anew {by}", (), ())


def _dropped(table: PlannedTable) -> Iterator[_Act]:
    for state in table.traced.states:
        for ref in state.refs:
            if ref in table.tags:
                yield _Act(
                    Act.DROP_TAG,
                    table.traced.table,
                    f"tag {ref} keeps @{state.version}",
                    drop_tag(table.named, ref),
                    _broken(table, [state]),
                )


def _expired(table: PlannedTable) -> Iterator[_Act]:
    """Expire the states of an Iceberg table; a Delta log keeps its versions, VACUUM their files."""
    states = [one for one in table.traced.states if one.listed]
    if not states or table.named.is_delta:
        return
    count = f"{len(states)} states hold" if len(states) > 1 else "1 state holds"
    yield _Act(
        Act.EXPIRE,
        table.traced.table,
        f"{count} the rows",
        expire(table.named, [one.version for one in states]),
        _broken(table, states),
    )


def _removed(table: PlannedTable) -> Iterator[_Act]:
    traced = table.traced
    if not traced.holds:
        return
    count = len(traced.files)
    why = "its old states were made of the rows"
    if count:
        why = f"{count} files hold the rows" if count > 1 else "1 file holds the rows"
    if not table.named.is_delta:
        why += "; pyiceberg removes none, so without Spark that is done by hand"
    # What the table lists no more can be read again as long as its files are there.
    states = [one for one in traced.states if table.named.is_delta or not one.listed]
    breaks = _broken(table, states)
    yield _Act(Act.REMOVE_FILES, traced.table, why, remove_files(table.named), breaks)


def _broken(table: PlannedTable, states: Sequence[TracedState]) -> tuple[str, ...]:
    told = (one for state in states for one in table.promised.get(state.version, ()))
    return tuple(dict.fromkeys(told))
