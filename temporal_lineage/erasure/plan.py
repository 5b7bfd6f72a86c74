"""Plans: the acts that take rows out of every state and file, in an order in which none undoes
another. Nothing of it is carried out here.

First where the rows come from, or the next load brings them back. Then what is read now, sources
before what is made of them; what does not carry the columns is made anew. Only then tags, old
states and files: a state that is still current cannot be expired, a file that a state still has
cannot be removed. Last of all a new look; a whole new trace where the acts themselves make states
that have files with the rows, which nobody can name beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    TRACE = "trace-again"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One act; `commands` are ways to do it: all of one engine's, one after another, are enough.

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

    `hiding` are states with a file of whose rows deletes hide some; they may hold others.
    `tags` are the names of refs that are tags; `promised` tells by version which promises and
    which versions of models stand on it, and `lost` are the versions of a Delta table that cannot
    be read once only the newest one's files are left.
    """

    traced: TracedTable
    hiding: tuple[TracedState, ...]
    named: Named
    tags: frozenset[str]
    promised: Mapping[int, tuple[str, ...]]
    lost: frozenset[int]

    @property
    def built(self) -> tuple[TracedState, ...]:
        """The states that have files with the rows, whether deletes hide them or not."""
        return tuple({one.version: one for one in (*self.hiding, *self.traced.states)}.values())

    def branches(self, states: Sequence[TracedState]) -> list[str]:
        """Name the branches that end in one of these states, the main one first."""
        found = {ref for state in states for ref in state.refs if ref not in self.tags}
        return sorted(found, key=lambda ref: (ref != MAIN, ref))


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
    question: str,
) -> tuple[PlanStep, ...]:
    """Put the acts in order; none where nothing holds any of the rows.

    `tables` and `remade` stand sources first. `question` is what a new trace and the last step
    are asked, as options.
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
        _ours(Act.HARVEST, "so that the ledger knows", "tl harvest"),
        *_again(tables, question),
        _ours(Act.VERIFY, "to prove it", f"tl erasure verify {question}"),
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


def _ours(act: Act, why: str, command: str) -> _Act:
    return _Act(act, "", why, (PlanCommand("tl", command),), ())


def _on(
    table: PlannedTable,
    act: Act,
    why: str,
    commands: tuple[PlanCommand, ...],
    broken: Iterable[int] = (),
) -> _Act:
    told = (one for version in broken for one in table.promised.get(version, ()))
    if not table.named.is_called:
        why, commands = f"{why}; no catalog lists the table: by hand", ()
    return _Act(act, table.traced.table, why, commands, tuple(dict.fromkeys(told)))


def _deletes(table: PlannedTable) -> Iterator[_Act]:
    live, hidden = (table.branches(one) for one in (table.traced.states, table.hiding))
    for name in live:
        branch = None if name == MAIN else name
        why = "whoever reads it now meets the rows" if branch is None else f"branch {name} has them"
        commands = delete_rows(table.named, table.traced.where or "", branch=branch)
        yield _on(table, Act.DELETE, why, commands)
    if table.named.is_delta and not table.named.has_vectors:
        return
    for name in {*live, *hidden} if table.named.is_delta else hidden:
        branch = None if name == MAIN else name
        why = "deletes that only hide rows leave them in the files"
        why += "" if branch is None else f" of branch {name}"
        yield _on(table, Act.REWRITE, why, rewrite_files(table.named, branch=branch))


def _again(tables: Sequence[PlannedTable], question: str) -> Iterator[_Act]:
    """Trace again where a branch is both deleted from and rewritten: two commits, one between."""
    for table in tables:
        both = {*table.branches(table.traced.states)} & {*table.branches(table.hiding)}
        if both and not table.named.is_delta:
            why = f"a state between two steps has files with rows of {table.traced.table}:"
            why += " do what the new plan says of it"
            yield _ours(Act.TRACE, why, f"tl erasure trace {question}")
            return


def _remade(remade: Sequence[Remade]) -> Iterator[_Act]:
    for one in remade:
        act = Act.REBUILD if one.is_table else Act.RETRAIN
        by = f"by {', '.join(one.jobs)}" if one.jobs else "by hand: no job is known"
        yield _Act(act, one.address, f"it was made of the rows; make it anew {by}", (), ())


def _dropped(table: PlannedTable) -> Iterator[_Act]:
    for state in table.built:
        for ref in state.refs:
            if ref in table.tags:
                why = f"tag {ref} keeps @{state.version}"
                yield _on(table, Act.DROP_TAG, why, drop_tag(table.named, ref), [state.version])


def _expired(table: PlannedTable) -> Iterator[_Act]:
    """Expire the states of an Iceberg table; a Delta log keeps its versions, VACUUM their files."""
    states = [one for one in table.built if one.listed]
    if not states or table.named.is_delta:
        return
    held = len({one.version for one in states} & {one.version for one in table.traced.states})
    told = [f"{held} states hold the rows" if held > 1 else "1 state holds the rows"] * bool(held)
    hide = len(states) - held
    told += [f"{hide} hide them" if hide > 1 else "1 hides them"] * bool(hide)
    versions = [one.version for one in states]
    yield _on(table, Act.EXPIRE, ", ".join(told), expire(table.named, versions), versions)


def _removed(table: PlannedTable) -> Iterator[_Act]:
    traced = table.traced
    if not traced.holds:
        return
    count = len(traced.files)
    why = f"{count} files hold the rows" if count > 1 else "1 file holds the rows"
    if not count:
        why = "its old states were made of the rows"
        why += "" if table.named.is_delta else "; only what is three days old is taken"
    commands = remove_files(table.named, [one.path for one in traced.files])
    if table.named.is_delta:
        yield _on(table, Act.REMOVE_FILES, why, commands, sorted(table.lost))
        return
    why += "; pyiceberg removes none, so without Spark that is done by hand"
    # What the table lists no more can be read again as long as its files are there.
    broken = [one.version for one in table.built if not one.listed]
    yield _on(table, Act.REMOVE_FILES, why, commands, broken)
