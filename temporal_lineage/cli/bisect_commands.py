"""`tl bisect`: the first bad state, and what upstream made it bad."""

from __future__ import annotations

import sys
from threading import Event
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from temporal_lineage.bisection.searching import CHECK_MS_MAX, DEPTH_MAX, Searching
from temporal_lineage.cli.layout import printable, table
from temporal_lineage.cli.options import output_option, point_options, print_answer
from temporal_lineage.stopping import told_to_stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from temporal_lineage.bisection.answer import (
        BisectAnswer,
        BisectedTable,
        BisectStep,
        SuspectCommit,
    )
    from temporal_lineage.session import Session

ANSWERED_NO = 3
"""The exit status where no single first bad state was found."""

_COLOURS = {"good": "green", "bad": "red", "skipped": "yellow"}


class _Asked(TypedDict):
    good: str
    bad: str | None
    check: str
    upstream: Sequence[str]
    depth: int
    seconds: float
    as_of: str | None
    as_known: str | None


@click.command(short_help="Since which state it is bad, and what upstream made it so.")
@click.argument("target", metavar="TABLE[@BRANCH]|MODEL", help="What came out wrong.")
@click.option(
    "--good",
    metavar="TIME|VERSION|TAG",
    required=True,
    help="A state that was good: by a time, a snapshot id, a Delta version or a tag.",
)
@click.option(
    "--bad", metavar="TIME|VERSION|TAG", help="A later state that is bad. Default: the newest."
)
@click.option(
    "--check",
    metavar="CHECK",
    required=True,
    help="SQL over the table `state` that gives true where the state is good, or command:PROGRAM.",
)
@click.option(
    "--upstream-check",
    "upstream",
    metavar="TABLE=CHECK",
    multiple=True,
    help="A check for a table upstream, repeatable. Without one, a query that names columns is"
    " asked of the tables that have them.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=0, max=1000),
    default=DEPTH_MAX,
    show_default=True,
    help="How many steps upstream to search; 0 for the target alone.",
)
@click.option(
    "--check-seconds-max",
    "seconds",
    type=click.FloatRange(min=0.001, max=86_400 * 30),
    default=CHECK_MS_MAX / 1000,
    show_default=True,
    help="A state whose check takes longer is skipped.",
)
@point_options
@output_option
@click.pass_obj
def bisect(session: Session, target: str, output: str, **asked: Unpack[_Asked]) -> int:
    """Find the first bad state of TARGET, then the same upstream, up to the guilty commit and run.

    The states are those that were current one after the other, halved until a good one and a bad
    one stand side by side. Then the states that were read to make the two are searched likewise.
    A program gets the rows as a Parquet file in place of {}, and ends with 0 for good, 1 to 124
    for bad, 125 for skip. Exit status 3 where no single first bad state can be told.

    \b
    tl bisect lake.ml.training_set --good 2026-10-01 --check "count(amount_eur) = count(*)"
    tl bisect lake.raw.orders --good v1.8 --bad 8823423 --check "SELECT max(n) < 9 FROM state"
    tl bisect lake.raw.orders --good 2026-10-01 --check "command:python check.py {}"
    """
    stopped = Event()

    def stop() -> None:
        # Whoever says it twice does not want to wait for the end of a step.
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    searching = Searching(
        asked["depth"], round(asked["seconds"] * 1000), _progress(), stopped.is_set
    )
    with told_to_stop(stop):
        answer = session.bisect(
            target,
            good=asked["good"],
            bad=asked["bad"],
            check=asked["check"],
            upstream_checks=_checks(asked["upstream"]),
            as_of=asked["as_of"],
            as_known=asked["as_known"],
            searching=searching,
        )
    print_answer(answer, output, text=_bisected)
    return 0 if answer.tables[0].outcome == "found" else ANSWERED_NO


def _checks(upstream: Sequence[str]) -> dict[str, str]:
    checks: dict[str, str] = {}
    for one in upstream:
        name, sign, check = one.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"{one!r} is not TABLE=CHECK", param_hint="--upstream-check")
        checks[name] = check
    return checks


def _progress() -> Callable[[BisectStep], None]:
    """Tell of each step as it is made, on a terminal; a pipe gets the answer alone."""
    shown = sys.stderr.isatty()

    def progress(step: BisectStep) -> None:
        if shown:
            click.echo(printable(f"{step.state}  {step.verdict}"), err=True)

    return progress


def _bisected(answer: BisectAnswer) -> Iterator[str]:
    for one in answer.tables:
        yield from _table(one)
    if answer.guilty:
        yield click.style("guilty" if len(answer.guilty) == 1 else "guilty, one of", bold=True)
        for commit in answer.guilty:
            yield from _commit(commit)
    yield from table(
        ["judged", "since", "verdict", "why"],
        [[one.state, one.since, one.verdict, one.why or None] for one in answer.steps],
    )


def _table(one: BisectedTable) -> Iterator[str]:
    yield f"{click.style(one.dataset, bold=True)}: {_headline(one)}"
    if one.last_good is not None:
        yield f"  last good  {one.last_good}"
    for place, state in enumerate(one.first_bad):
        yield f"  {'first bad' if place == 0 else '       or'}  {state}"
    if one.inputs:
        yield from (
            f"  {line}"
            for line in table(
                ["made from", "before", "verdict", "why"],
                [
                    [each.read or each.dataset, each.before, each.verdict, each.why or None]
                    for each in one.inputs
                ],
            )
        )


def _headline(one: BisectedTable) -> str:
    searched = f"{one.states} states from {one.good} to {one.bad}"
    match one.outcome:
        case "found":
            return f"first bad state found among {searched}"
        case "among several":
            return f"first bad state among {len(one.first_bad)}, of {searched}"
        case _:
            return f"{one.outcome}: {one.why}"


def _commit(commit: SuspectCommit) -> Iterator[str]:
    counts = [
        f"{number:,} rows {word}"
        for number, word in ((commit.added_rows, "added"), (commit.removed_rows, "removed"))
        if number
    ]
    told = ", ".join([*([commit.change] if commit.change else []), *counts])
    yield f"  {commit.commit}  {commit.committed_at or ''}  {told}".rstrip()
    for name, value in (
        ("by", commit.user),
        ("engine", commit.engine),
        ("job", commit.job and f"{commit.job} ({commit.grade})"),
        ("run", commit.run and f"run:{commit.run}"),
        ("code", commit.code),
    ):
        if value:
            yield f"    {name.ljust(6)}  {value}"
    if commit.run is None:
        yield "    no run claims it"
    for place, difference in enumerate(commit.differences):
        yield f"    {'other ' if place == 0 else '      '}  {difference}"
    if commit.run_before and not commit.differences:
        yield f"    same code and parameters, as far as told, as run:{commit.run_before}"
