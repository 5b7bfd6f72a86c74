"""Comparing locks: what is read, and by what, in one and not in the other."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar

from temporal_lineage.locks.lock import LockedContent, LockedState
from temporal_lineage.questions.question import Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from temporal_lineage.locks.lock import Lock, LockedInput, LockedRun

_DIGITS = 16
"""So much of a digest is shown, and is enough to tell two sets of files apart."""


@dataclass(frozen=True, slots=True)
class LockChange:
    """One difference: of `part` (an input's address without its version, or code, parameter, ...).

    `before` is null for what only the second lock has, `after` for what only the first one has.
    """

    part: str
    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class LockDiffAnswer:
    """How two locks differ. `same_inputs` tells whether both read the same rows of the same states.

    Where a lock has a fingerprint and the other one has none, that is a change and no difference in
    what is read.
    """

    ROWS: ClassVar[str | None] = "changes"

    question: Question
    first: str
    second: str
    same_inputs: bool
    changes: tuple[LockChange, ...]
    doubts: tuple[str, ...]


def compared(
    first: Lock, second: Lock, question: Question, *, names: tuple[str, str]
) -> LockDiffAnswer:
    """Compare two locks, input by input: by what a table is for ever, wherever it lies."""
    inputs = list(_inputs(first.inputs, second.inputs))
    changes = [
        *_changed("lock", _head(first), _head(second)),
        *(change for change, _ in inputs),
        *_runs(first.run, second.run),
    ]
    return LockDiffAnswer(
        question=question,
        first=names[0],
        second=names[1],
        same_inputs=not any(decides for _, decides in inputs),
        changes=tuple(changes),
        doubts=(),
    )


def _head(lock: Lock) -> dict[str, str]:
    made_by = lock.made_by
    told = {"tool": lock.tool, "target": lock.target}
    return told if made_by is None else {**told, "run": made_by.run, "job": made_by.job}


def _inputs(
    first: Sequence[LockedInput], second: Sequence[LockedInput]
) -> Iterator[tuple[LockChange, bool]]:
    """Yield each difference, and whether other rows are read for it."""
    before, after = _by_identity(first), _by_identity(second)
    for identity in sorted(before.keys() | after.keys()):
        for one, other in _paired(before.get(identity, []), after.get(identity, [])):
            if one is None or other is None:
                for told in (one, other):
                    if told is not None:
                        left, right = (each.version if each else None for each in (one, other))
                        yield LockChange(_name(told), "input", left, right), True
                continue
            for decides, tell in ((True, _read), (False, _known)):
                for change in _changed(_name(other), tell(one), tell(other)):
                    one_sided = None in (change.before, change.after)
                    is_told = one_sided and change.what.startswith(("fingerprint", "rows"))
                    yield change, decides and not is_told


def _by_identity(inputs: Sequence[LockedInput]) -> dict[str, list[LockedInput]]:
    found: dict[str, list[LockedInput]] = defaultdict(list)
    for one in inputs:
        found[one.identity].append(one)
    return found


def _paired(
    before: Sequence[LockedInput], after: Sequence[LockedInput]
) -> Iterator[tuple[LockedInput | None, LockedInput | None]]:
    """Pair states of one table: those of one version first, then in the order they stand in."""
    left, right = list(before), list(after)
    for one in before:
        same = next((other for other in right if other.version == one.version), None)
        if same is not None:
            yield one, same
            left.remove(one)
            right.remove(same)
    for place in range(max(len(left), len(right))):
        yield (
            left[place] if place < len(left) else None,
            right[place] if place < len(right) else None,
        )


def _name(one: LockedInput) -> str:
    return one.address.removesuffix(f"@{one.version}")


def _read(one: LockedInput) -> dict[str, str]:
    """Give what decides which rows are read."""
    if isinstance(one, LockedContent):
        return {"version": one.version}
    found = {
        "version": one.version,
        "files": f"{one.files.count}, {one.files.size_bytes:,} bytes, {one.files.sha256[:_DIGITS]}",
        "schema": str(one.schema.id),
    }
    found |= {
        f"column {field.name}": f"{field.type}{' required' if field.required else ''}"
        for field in one.schema.fields
    }
    for place, portion in enumerate(one.taken, start=1):
        of = f" of portion {place}" if len(one.taken) > 1 else ""
        columns = "all" if portion.columns is None else ", ".join(portion.columns)
        found[f"columns taken{of}"] = columns
        if portion.where is not None:
            found[f"where{of}"] = portion.where
        if portion.rows is not None:
            found[f"rows{of}"] = f"{portion.rows:,}"
        if portion.fingerprint is not None:
            found[f"fingerprint{of}"] = portion.fingerprint
    return found


def _known(one: LockedInput) -> dict[str, str]:
    found = {
        "location": one.location,
        "known": f"{one.known.grade}, {one.known.method}",
        "name": _name(one),
    }
    if isinstance(one, LockedState) and one.metadata is not None:
        found["metadata"] = one.metadata
    return found


def _runs(first: LockedRun | None, second: LockedRun | None) -> Iterator[LockChange]:
    for part, tell in (
        ("code", _code),
        ("query", _queries),
        ("wrote", lambda run: {"state": run.wrote.address} if run.wrote else {}),
        ("parameter", lambda run: run.parameters),
        ("environment", lambda run: run.environment),
        ("package", lambda run: run.packages),
        ("variable", lambda run: dict.fromkeys(run.variables, "set")),
    ):
        before: Mapping[str, str] = tell(first) if first else {}
        after: Mapping[str, str] = tell(second) if second else {}
        yield from _changed(part, before, after)


def _queries(run: LockedRun) -> dict[str, str]:
    found = {str(number): text for number, text in enumerate(run.queries, start=1)}
    return {**found, "dialect": run.dialect} if run.dialect else found


def _code(run: LockedRun) -> dict[str, str]:
    if run.code is None:
        return {}
    return {name: value for name, value in asdict(run.code).items() if value is not None}


def _changed(
    part: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[LockChange]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield LockChange(part, name, before.get(name), after.get(name))
