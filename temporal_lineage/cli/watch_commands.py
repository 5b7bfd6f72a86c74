"""`tl guard watch`: what promises and models need, and drifts toward its end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from snapshots.instant import FOREVER
from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import output_option, print_report
from temporal_lineage.session.guard import WITHIN_DAYS
from temporal_lineage.stopping import told_to_stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.guard.watch import WatchLine, WatchReport
    from temporal_lineage.session import Session

ANSWERED_NO = 3
"""The exit status where something drifts, or could not be looked at."""


@click.command(short_help="What drifts toward its end.")
@click.argument(
    "targets",
    nargs=-1,
    metavar="[TABLE|NAMESPACE|CATALOG]...",
    help="The tables; all that are harvested where none is named.",
)
@click.option(
    "--within",
    "days",
    type=click.FloatRange(min=0, max=36_500),
    default=WITHIN_DAYS,
    show_default=True,
    metavar="DAYS",
    help="Tell what ends within so many days.",
)
@click.option(
    "--every",
    "seconds",
    type=click.FloatRange(min=0.05, max=31_536_000),
    metavar="SECONDS",
    help="Go on, with a pass so often, until told to stop.",
)
@output_option
@click.pass_obj
def watch(
    session: Session,
    /,
    *,
    targets: tuple[str, ...],
    days: float,
    seconds: float | None,
    output: str,
) -> int:
    """Look at every state that a promise or a model needs, and tell what drifts since last time.

    That is what was lost, what ends sooner than it did, and what ends within --within days, before
    it is no longer wanted. Exit status 3 where anything is told, or could not be looked at.

    \b
    tl guard watch --within 14
    tl guard watch lake.ml --every 3600 --output ndjson
    """
    told = False
    stopped = threading.Event()
    with told_to_stop(stopped.set):
        while not stopped.is_set():
            report = session.guard_watch(targets, within_days=days)
            print_report(report, output, text=_report, rows="lines")
            told |= bool(report.lines or report.unseen)
            if seconds is None:
                break
            stopped.wait(seconds)
    return ANSWERED_NO if told else 0


def _report(report: WatchReport) -> Iterator[str]:
    if report.lines:
        yield from table(
            ["state", "drift", "ends", "wanted by", "until", "now", "before", "because"],
            [_cells(one) for one in report.lines],
        )
    for one in report.unseen:
        yield click.style(f"! {one} was not looked at", fg="yellow")
    states = f"{report.states} state{'' if report.states == 1 else 's'}"
    yield f"{states} looked at {report.seen_at}, {len(report.lines)} drifting"


def _cells(one: WatchLine) -> list[object]:
    return [
        one.address,
        one.drift.value,
        one.ends if one.ends is not None and one.ends < FOREVER else None,
        ", ".join(one.wanted_by),
        one.wanted_until if one.wanted_until < FOREVER else None,
        one.verdict,
        one.before,
        one.why or None,
    ]
