"""`tl runs` and `tl run show`: which runs there were, and all that is known of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from temporal_lineage.cli.layout import pairs, table
from temporal_lineage.cli.options import output_option, point_options, print_answer
from temporal_lineage.session.runs import RUNS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.capture.facets import Assertion, Tag
    from temporal_lineage.questions.runs.listed import RunsAnswer
    from temporal_lineage.questions.runs.show import RunAnswer, RunCode
    from temporal_lineage.session import Session

_STATES = ("unknown", "running", "complete", "abort", "fail")
_SQL_LINES_MAX = 20


@click.command(short_help="Which runs there were.")
@click.option("--job", metavar="JOB", help="Runs of this job; * and ? as in file names.")
@click.option("--dataset", metavar="DATASET", help="Runs that read or wrote this dataset.")
@click.option(
    "--state", type=click.Choice(_STATES, case_sensitive=False), help="Runs in this state."
)
@click.option("--since", metavar="TIME", help="Runs that went on at this time or later.")
@click.option("--until", metavar="TIME", help="Runs that began before this time.")
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=100_000),
    default=RUNS_MAX,
    show_default=True,
    help="How many to show; the newest come first.",
)
@point_options
@output_option
@click.pass_obj
def runs(session: Session, /, output: str, **asked: Any) -> None:  # noqa: ANN401 - Click's own types
    """List runs, the newest first: who ran them, what they read and wrote, and how surely.

    \b
    tl runs --dataset lake.ml.training_set --since 2026-10-01
    tl runs --job 'shop/features.*' --state fail
    """
    answer = session.runs(**asked)
    print_answer(answer, output, text=_runs)


@click.group(short_help="All that is known of one run.")
def run() -> None:
    """All that is known of one run.

    \b
    tl run show run:0190f0c4-8e5b-7c1a-9d52-1f3f5f0f7a11
    """


@run.command(short_help="When, of which job, with which code, and what it read and wrote.")
@click.argument("target", metavar="RUN", help="A run, as run:ID.")
@point_options
@output_option
@click.pass_obj
def show(
    session: Session, target: str, as_of: str | None, as_known: str | None, output: str
) -> None:
    """Tell all that is known of RUN: times, parent and children, engine, code, facets, links.

    \b
    tl run show run:0190f0c4-8e5b-7c1a-9d52-1f3f5f0f7a11
    tl run show run:0190f0c4-8e5b-7c1a-9d52-1f3f5f0f7a11 --output json
    """
    answer = session.run_show(target, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_run)


def _runs(answer: RunsAnswer) -> Iterator[str]:
    if not answer.runs:
        yield "no run fits"
        return
    yield from table(
        ["started", "ended", "state", "job", "by", "read", "wrote", "run"],
        [
            [
                one.started,
                one.ended,
                one.state.lower(),
                one.job,
                actor_text(one.actor, one.actor_told_by),
                _graded(one.reads, one.reads_grade),
                _graded(one.writes, one.writes_grade),
                f"run:{one.run}",
            ]
            for one in answer.runs
        ],
    )


def actor_text(actor: str | None, told_by: str | None) -> str | None:
    """Write who ran a run; who answers for its job may be somebody else, and is told apart.

    >>> actor_text("ada", "ownership"), actor_text("ada", "spark_applicationDetails")
    ('ada (owner)', 'ada')
    """
    return f"{actor} (owner)" if actor and told_by == "ownership" else actor


def _graded(number: int, grade: str | None) -> str | None:
    if grade is None:
        return None
    # No state was found for one of them at least: a phantom, or a table that no harvest knows.
    return f"{number} {'unlinked' if grade == 'none' else grade}"


def _run(answer: RunAnswer) -> Iterator[str]:
    yield click.style(f"run:{answer.run}", bold=True)
    parent = f"run:{answer.parent} ({answer.parent_job})" if answer.parent else None
    kind = answer.job_facets.kind
    named = [one for one in (kind.integration, kind.type, kind.processing) if one] if kind else []
    query = answer.facets.query
    yield from pairs(
        [
            ("job", f"{answer.job}" + (f" ({', '.join(named)})" if named else "")),
            ("state", answer.state.lower()),
            ("started", answer.started),
            ("ended", answer.ended),
            ("scheduled", answer.nominal),
            ("parent", parent),
            ("root", f"run:{answer.root}" if answer.root else None),
            ("run by", f"{answer.actor}, as {answer.actor_told_by} says" if answer.actor else None),
            ("engine", answer.engine),
            ("code", code_text(answer.code)),
            ("query", f"{query.value} of {query.name or 'an engine'}" if query else None),
            ("owners", ", ".join(one.name for one in answer.job_facets.owners) or None),
            ("about", answer.job_facets.documentation),
            ("events", f"{answer.events} by {', '.join(answer.producers) or 'nobody'}"),
            ("error", answer.error),
        ]
    )
    yield from _links(answer)
    yield from _facets(answer)
    for one in answer.children:
        yield f"  child run:{one.run} of {one.job}, {one.state.lower()}"
    for sql in answer.queries:
        lines = sql.strip().splitlines()
        yield "  sql"
        yield from (f"      {line}" for line in lines[:_SQL_LINES_MAX])
        if len(lines) > _SQL_LINES_MAX:
            yield f"      ... {len(lines) - _SQL_LINES_MAX} more lines; --output json has them all"


def _links(answer: RunAnswer) -> Iterator[str]:
    for one in answer.links:
        among = " or " if one.grade == "candidates" else ", "
        yield f"  {one.side} {among.join(one.states) or one.dataset}  {one.grade}, by {one.method}"


def _facets(answer: RunAnswer) -> Iterator[str]:
    facets = answer.facets
    for one in facets.parameters:
        yield f"  parameter {one.name} = {one.value}"
    for one in facets.application:
        yield f"  {one.name} = {one.value}"
    for tag in (*facets.tags, *answer.job_facets.tags):
        yield f"  tag {tag_text(tag)}"
    for other in facets.dependencies:
        run = f" run:{other.run_id}" if other.run_id else ""
        yield f"  {other.direction} job:{other.job}{run}"
    for test in facets.tests:
        yield f"  test {_test(test)}"
    for error in facets.errors:
        yield f"  extraction error: {error}"
    if facets.environment:
        yield f"  environment (values are not shown): {', '.join(facets.environment)}"
    others = (*facets.others, *answer.job_facets.others)
    if others:
        yield f"  kept and not read: {', '.join(others)}"


def tag_text(tag: Tag) -> str:
    """Write a tag, and who says so."""
    return f"{tag.key} = {tag.value}" + (f", by {tag.source}" if tag.source else "")


def _test(test: Assertion) -> str:
    passed = {True: "passed", False: "FAILED", None: "neither passed nor failed"}[test.success]
    return f"{test.name}: {passed}" + (f", {test.severity}" if test.severity else "")


def code_text(code: RunCode | None) -> str | None:
    """Write where code lies; None where nothing tells it."""
    if code is None:
        return None
    place = code.url or code.repository or code.path
    at = [f"{name} {one}" for name, one in (("branch", code.branch), ("tag", code.tag)) if one]
    version = f"@{code.version}" if code.version else ""
    return f"{place or ''}{version}" + (f" ({', '.join(at)})" if at else "") or None
