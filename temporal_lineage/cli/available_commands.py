"""`tl available`: which past states can still be read, and what took the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from snapshots.instant import FOREVER
from temporal_lineage.addresses import DatasetAddress
from temporal_lineage.cli.layout import pairs, table
from temporal_lineage.cli.options import output_option, point_options, print_answer
from temporal_lineage.cli.recovery_text import plan_lines
from temporal_lineage.session.targets import typed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.availability import Availability
    from temporal_lineage.reproduce.available import AvailableAnswer
    from temporal_lineage.session import Session

_READABLE = {"live", "protected", "at-risk"}


@click.command(short_help="Which past states can still be read.")
@click.argument("target", metavar="TABLE[@STATE]", help="A table, or one state of it.")
@point_options
@output_option
@click.pass_obj
def available(
    session: Session, target: str, as_of: str | None, as_known: str | None, output: str
) -> int:
    """Give the verdict on reading each state of TABLE, or one: live, at risk, gone since when.

    The table's own files are looked for, each once. Exit status 3 where the one state asked for
    is not readable, or nobody could look.

    \b
    tl available lake.raw.orders
    tl available delta.features.customer_features@1
    """
    answer = session.available(target, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_available)
    address = typed(target)
    one_state = isinstance(address, DatasetAddress) and address.at is not None
    if one_state and not all(one.verdict in _READABLE for one in answer.states):
        return 3
    return 0 if answer.states else 3


def _available(answer: AvailableAnswer) -> Iterator[str]:
    yield click.style(answer.dataset, bold=True)
    yield from table(
        ["version", "committed", "files", "verdict", "because"],
        [
            [one.version, one.committed_at, one.files, one.verdict, _because(one.availability)]
            for one in answer.states
        ],
        right=(0, 2),
    )
    for promised in answer.promises:
        yield (
            f"{promised.address} is promised until {promised.until} by {promised.promise}:"
            f" {promised.reason}"
        )
    if answer.plan is not None:
        yield from pairs([*plan_lines(answer.plan)])
    yield f"looked at {answer.checked_at}"


def _because(verdict: Availability) -> str | None:
    from snapshots import availability as verdicts

    because: str | None = None
    match verdict:
        case verdicts.Protected(ref, until):
            because = f"{ref} keeps it" + ("" if until == FOREVER else f" until {until}")
        case verdicts.AtRisk(policy, since):
            because = f"from {since} on: {policy}"
        case verdicts.Recoverable(how):
            because = how
        case verdicts.Partial(_, lost, of, since, act):
            because = f"{lost} of {of} files are missing{_act(since, act)}"
        case verdicts.Gone(_, lost, since, act):
            files = "file" if lost == 1 else "files"
            because = f"{lost} {files} missing{_act(since, act)}"
        case verdicts.LogTruncated(first):
            because = f"the log begins with {first}"
        case verdicts.Erased(case):
            because = f"it held rows that case {case} erased"
        case verdicts.Unverified(reason):
            because = reason
        case _:
            pass
    return because


def _act(since: object, act: str | None) -> str:
    return (f", since {since}" if since else "") + (f", by {act}" if act else "")
