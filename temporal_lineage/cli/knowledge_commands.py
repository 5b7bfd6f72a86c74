"""`tl diff`: how an answer changed between two days of the ledger, and what taught it so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.impact_commands import CHANGES
from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import output_option, print_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.knowledge.learned import KnowledgeAnswer
    from temporal_lineage.session import Session

_MARKS = {"new": "+", "lost": "-", "changed": "~"}
_COLOURS = {"new": "green", "lost": "red", "changed": "yellow"}


@click.command(short_help="How an answer changed between two days of the ledger.")
@click.argument(
    "words",
    metavar="QUESTION...",
    nargs=-1,
    required=True,
    help="A command and what it asks about: upstream, downstream, why, at, log, show, run show,"
    " table log, schema log, schema diff, schema audit, contamination, impact, changes, coverage,"
    " unused, redundant, critical-path, freshness, volume or owners.",
)
@click.option(
    "--as-known",
    metavar="TIME TIME",
    nargs=2,
    required=True,
    help="The two days of the ledger, the earlier one first; `now` is one too.",
)
@click.option("--as-of", metavar="TIME", help="The time asked about on both days. Default: now.")
@click.option(
    "--depth",
    "depth_max",
    type=click.IntRange(min=1, max=1000),
    help="How many edges to follow, for lineage.",
)
@click.option("--flow", "by_flow", is_flag=True, help="Datasets and jobs instead of exact states.")
@click.option("--from", "good", metavar="TIME", help="When things were good, for changes.")
@click.option("--change", type=click.Choice(CHANGES), help="What would be done, for impact.")
@output_option
@click.pass_obj
def diff(
    session: Session,
    /,
    words: tuple[str, ...],
    as_known: tuple[str, str],
    as_of: str | None,
    output: str,
    **options: object,
) -> None:
    """Answer QUESTION as it was known on two days, and tell what was learned between.

    The time that is asked about is the same on both. What is compared are the rows that QUESTION
    prints with --output ndjson. Each edge names the transaction that taught
    it; all transactions between the two days are listed below.

    \b
    tl diff --as-known 2026-11-06 now upstream model:fraud@v3
    tl diff --as-known 2026-11-06 2026-11-10 log lake.raw.orders
    tl diff --as-known 2026-11-06 now impact job:shop/staging.orders_clean --change stop-job
    tl diff --as-known 2026-11-06 now changes model:fraud --from 2026-10-20
    """
    from temporal_lineage.session.knowledge import split_question

    verb, targets = split_question(words)
    given = {name: value for name, value in options.items() if value}
    answer = session.diff(verb, *targets, as_known=as_known, as_of=as_of, **given)
    print_answer(answer, output, text=_knowledge)


def _knowledge(answer: KnowledgeAnswer) -> Iterator[str]:
    yield f"{answer.question.target}: known {answer.known_before}, and {answer.known_after}"
    if not answer.changes:
        yield "  the answer is the same"
    for one in answer.changes:
        mark = click.style(_MARKS[one.learned], fg=_COLOURS[one.learned], bold=True)
        learned = f"  learned {one.learned_at} from {one.source}" if one.source else ""
        yield f"{mark} {one.what or one.learned}{learned}"
        if one.learned == "changed":
            yield from (f"    {name}: {old} -> {new}" for name, old, new in one.fields)
    if not answer.transactions:
        yield "the ledger learned nothing in between"
        return
    yield from table(
        ["learned", "from", "what"],
        [[one.recorded_at, one.source, one.note or None] for one in answer.transactions],
    )
