"""Erasure answers as text: what was found, where, and what nobody could look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.erasure.answer import ErasureAnswer, TracedTable
    from temporal_lineage.erasure.verify import VerifyAnswer

_SHOWN_MAX = 5
"""How many files, and how many places not examined, the text names; JSON names all."""
_LOOKS = {
    "read": "read",
    "engine": "read by",
    "partition": "ruled out by their partition",
    "statistics": "by statistics",
    "footer": "by their footer",
    "bloom": "by a Bloom filter",
    "no-such-column": "without the columns",
    "gone": "not there any more",
}


def traced(answer: ErasureAnswer) -> Iterator[str]:
    """Give the lines of an erasure trace."""
    head = f"{answer.question.target} where {answer.where}"
    yield click.style(head, bold=True)
    yield from table(
        ["table", "why", "states", "now", "rows now", "files"],
        [_row(one) for one in answer.tables],
        right=(2, 4, 5),
    )
    if answer.products:
        yield from table(
            ["made of the rows", "made", "job", "now", "certainty"],
            [
                [
                    one.address,
                    one.made_at,
                    one.job,
                    "newest" if one.newest else "superseded",
                    one.certainty,
                ]
                for one in answer.products
            ],
        )
    for one in answer.tables:
        yield from _files(one)
    for one in answer.tables:
        yield from _examined(one)
    if not answer.found:
        yield "nothing was found in what was looked at"
    yield from _plan(answer)


def verified(answer: VerifyAnswer) -> Iterator[str]:
    """Give the lines of a verification."""
    name = f"case {answer.case}" if answer.case else answer.question.target
    colour = {"closed": "green", "incomplete": "yellow"}.get(answer.closure, "red")
    yield f"{name}: {click.style(answer.closure, fg=colour, bold=True)}"
    if any(one.holds for one in answer.tables):
        yield from table(
            ["table", "why", "states", "now", "rows now", "files"],
            [_row(one) for one in answer.tables if one.holds],
            right=(2, 4, 5),
        )
        for one in answer.tables:
            yield from _files(one)
    for former in answer.former[:_SHOWN_MAX]:
        yield f"  {former.path}  {former.fate}"
    if len(answer.former) > _SHOWN_MAX:
        yield f"  and {len(answer.former) - _SHOWN_MAX:,} more files of the case"
    for one in answer.tables:
        yield from _examined(one)
    for remaining in answer.remaining:
        yield f"! {remaining} was made of the rows, and files of it are still there"
    for product in answer.products:
        yield f"! {product} was made of the rows, and is not looked into"
    if answer.certificate:
        yield f"certificate {answer.certificate}, signature {answer.signature}"


def _row(one: TracedTable) -> list[object]:
    current = [state for state in one.states if state.refs]
    newest = max(current, key=lambda state: "main" in state.refs, default=None)
    return [
        one.table,
        one.relation,
        f"{len(one.states)} of {one.examined.states}" if one.examined.states else len(one.states),
        ", ".join(dict.fromkeys(ref for state in current for ref in state.refs)) or None,
        newest.rows if newest else None,
        len(one.files),
    ]


def _files(one: TracedTable) -> Iterator[str]:
    for file in one.files[:_SHOWN_MAX]:
        rows = f"{file.rows:,} row{'' if file.rows == 1 else 's'}"
        states = f"{file.states:,} state{'' if file.states == 1 else 's'}"
        yield f"  {file.path}  {file.role}, {rows}, in {states}"
    if len(one.files) > _SHOWN_MAX:
        yield f"  and {len(one.files) - _SHOWN_MAX:,} more files; --output json names them"


def _examined(one: TracedTable) -> Iterator[str]:
    if one.relation == "fed":
        yield f"! {one.table} was made of the rows: their share in it cannot be found by value"
    for column in one.columns:
        if not column.current:
            yield f"! {one.table} has no column {column.name} any more; its files still have it"
        for other in column.namesakes:
            yield f"! field {other} of {one.table} was called {column.name} once: not searched"
    if one.examined.files:
        looks = [
            f"{count:,} {_LOOKS[look]}{f' {one.examined.engine}' if look == 'engine' else ''}"
            for look, count in sorted(one.examined.looks.items(), key=lambda item: -item[1])
        ]
        yield (
            f"looked at {one.examined.files:,} files of {one.examined.states:,} states of"
            f" {one.table}, {one.examined.size_bytes:,} bytes: {', '.join(looks)}"
        )
    if one.examined.forgotten:
        count = one.examined.forgotten
        states = f"{count:,} state{'' if count == 1 else 's'} of {one.table}"
        yield f"! nothing tells what {states} had; what is left of it lies among the orphans"
    for place in one.unexamined[:_SHOWN_MAX]:
        concerned = f" ({place.states:,} states)" if place.states else ""
        yield click.style(f"! not examined: {place.place}{concerned}: {place.reason}", fg="yellow")
    if len(one.unexamined) > _SHOWN_MAX:
        more = len(one.unexamined) - _SHOWN_MAX
        yield f"! and {more:,} more places not examined; --output json names them"


def _plan(answer: ErasureAnswer) -> Iterator[str]:
    if answer.plan:
        yield click.style("to take them away; nothing of it was done:", bold=True)
    width = len(str(len(answer.plan)))
    for step in answer.plan:
        target = f" {step.target}" if step.target else ""
        yield f"{step.step:>{width}}  {step.act}{target}: {step.why}"
        for one in step.commands:
            yield f"{'':{width}}    {one.engine}: {one.command}"
        for broken in step.breaks:
            yield click.style(f"{'':{width}}    ! breaks {broken}", fg="yellow")
