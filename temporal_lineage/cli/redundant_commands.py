"""`tl redundant`: flows that may not be needed, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import span
from temporal_lineage.cli.options import (
    output_option,
    period_options,
    print_answer,
    scope_argument,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.use.redundant import RedundantAnswer
    from temporal_lineage.session import Session


@click.command(short_help="Flows that may not be needed, and what they cost.")
@scope_argument
@period_options
@output_option
@click.pass_obj
def redundant(
    session: Session,
    scope: str,
    since: str | None,
    until: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """List the flows that two jobs do alike, whose results nobody reads, or that go twice.

    The flows are those that hold at --until; costs are those of the period. Each is a question to
    the people who own it, and none an order to remove it.

    \b
    tl redundant
    tl redundant lake.ml --since 2026-10-01
    """
    answer = session.redundant(scope, since=since, as_of=until, as_known=as_known)
    print_answer(answer, output, text=_redundant)


def _redundant(answer: RedundantAnswer) -> Iterator[str]:
    from temporal_lineage.questions.walks.doubts import count

    yield f"{count(len(answer.flows), 'finding')} about {count(answer.looked, 'flow')}"
    kind = None
    for one in answer.flows:
        if one.kind != kind:
            kind = one.kind
            yield click.style(kind.value, bold=True)
        sources = ", ".join(one.sources) or "nothing told"
        yield f"  {sources} > {', '.join(one.targets)}"
        for job in one.jobs:
            runs = f"{job.runs} run{'' if job.runs == 1 else 's'}"
            yield f"    {job.job}: {runs}, {span(job.seconds)}"
        if one.way:
            yield f"    beside {' > '.join(one.way)}"
        yield f"    {one.why}"
