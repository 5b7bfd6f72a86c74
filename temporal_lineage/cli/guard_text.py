"""Guard in text: what an act takes of a table, and what breaks with it, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from temporal_lineage.guard.answer import (
        BrokenState,
        BrokenUse,
        GuardAnswer,
        GuardedPromise,
        GuardedTable,
    )

_SHOWN_MAX = 5


def guarded(answer: GuardAnswer) -> Iterator[str]:
    """Give the lines of an answer."""
    for one in answer.tables:
        yield f"{click.style(one.dataset, bold=True)}  {one.act}"
        yield from pairs(list(_lines(one)))
    count = answer.breaks
    told = "no promise and no model breaks"
    if count:
        told = f"{count} promise{' or model breaks' if count == 1 else 's and models break'}"
    yield f"run at {answer.at}: {told}"


def _lines(one: GuardedTable) -> Iterator[tuple[str, object]]:
    if one.refused is not None:
        yield "refused", one.refused
        return
    if not (one.states or one.refs or one.metadata or one.deleted_files or one.promises):
        yield "takes", "nothing"
        return
    yield "deletes", f"{_files(one.deleted_files)}, {one.deleted_bytes:,} bytes"
    yield "drops", ", ".join((*one.refs, *one.metadata)) or None
    for after in dict.fromkeys(state.after for state in one.states):
        yield after, _span([state for state in one.states if state.after == after])
    yield from (("promise", _promise(promise)) for promise in one.promises)
    yield from (("model", _use(use)) for use in one.models)
    if one.runs:
        jobs = sorted({use.job for use in one.runs if use.job})
        more = f", and {len(jobs) - _SHOWN_MAX} more" if len(jobs) > _SHOWN_MAX else ""
        of = f" of {', '.join(jobs[:_SHOWN_MAX])}{more}" if jobs else ""
        count = len({use.address for use in one.runs})
        yield "read by", f"{count} run{'' if count == 1 else 's'}{of}"


def _span(states: Sequence[BrokenState]) -> str:
    first, last = states[0], states[-1]
    if first is last:
        known = first.lost is not None and first.files is not None
        of = f", {first.lost} of {_files(first.files or 0)}" if known else ""
        return f"@{first.version} of {first.committed_at}{of}"
    ends = f"@{first.version} of {first.committed_at} to @{last.version} of {last.committed_at}"
    return f"{len(states)} states, {ends}"


def _promise(one: GuardedPromise) -> str:
    end = "is kept" if one.after is None else f"BREAKS, {one.after}"
    alone = f"{_files(one.held_files)}, {one.held_bytes:,} bytes stay for it alone"
    return f"{one.promise} of {one.address} until {one.until} {end} ({one.reason}); {alone}"


def _use(one: BrokenUse) -> str:
    return f"{one.address}{f' of {one.job}' if one.job else ''} read {one.state}"


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
