"""`tl harvest` and `tl ingest`: what the ledger takes in."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.dbt_commands import ingest_dbt
from temporal_lineage.cli.layout import table
from temporal_lineage.cli.left_open import strange
from temporal_lineage.cli.options import output_option, print_report
from temporal_lineage.session.intake import HARVEST_JOBS, POLL_MS
from temporal_lineage.stopping import told_to_stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.harvesting.harvest import HarvestReport, Progress
    from temporal_lineage.intake.ingest import IngestReport
    from temporal_lineage.session import Session


@click.command(short_help="Read the snapshot histories of tables, before they are forgotten.")
@click.argument(
    "targets",
    metavar="[CATALOG|TABLE|PATH]...",
    nargs=-1,
    help="What to harvest; without one, every catalog.",
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 64),
    default=HARVEST_JOBS,
    show_default=True,
    help="How many tables to read at once; more where storage is far away.",
)
@output_option
@click.pass_obj
def harvest(session: Session, targets: tuple[str, ...], jobs: int, output: str) -> int:
    """Harvest tables, whole catalogs, or (without a name) every catalog.

    A second harvest reads only what is new. One broken table does not stop the others.

    \b
    tl harvest
    tl harvest lake
    tl harvest lake.raw.orders ./delta/features
    tl harvest lake --jobs 16
    """
    with _progress() as progress:
        report = session.harvest(targets, jobs=jobs, progress=progress)
    print_report(report, output, text=_harvested, rows="tables")
    return 1 if any(one.error for one in report.tables) else 0


@click.group(short_help="Take in the events of runs.")
def ingest() -> None:
    """Take in what jobs say about their runs.

    \b
    tl ingest openlineage events/
    tl ingest dbt target/
    """


ingest.add_command(ingest_dbt)


@ingest.command("openlineage", short_help="Take in OpenLineage events.")
@click.argument(
    "sources",
    metavar="FILE|FOLDER|-...",
    nargs=-1,
    required=True,
    help="JSON or NDJSON files, folders of them, or - for standard input.",
)
@click.option(
    "--follow",
    is_flag=True,
    help="Go on with what is added to the files and folders, until told to stop. A later --follow"
    " goes on where this one stopped.",
)
@click.option(
    "--poll-seconds",
    metavar="N",
    type=click.FloatRange(0.05, 86_400),
    default=POLL_MS / 1000,
    show_default=True,
    help="How often --follow looks at the files.",
)
@click.option(
    "--idle-seconds-max",
    metavar="N",
    type=click.FloatRange(0),
    help="End --follow when nothing came for so long. Default: never.",
)
@output_option
@click.pass_obj
def ingest_openlineage(
    session: Session,
    sources: tuple[str, ...],
    *,
    follow: bool,
    poll_seconds: float,
    idle_seconds_max: float | None,
    output: str,
) -> int:
    """Take in OpenLineage events: JSON or NDJSON, from files, folders or standard input (-).

    Events may come late, repeated and in any order; what was taken in before is skipped. Files
    may be of any size, and packed with gzip (.gz).

    \b
    tl ingest openlineage events/
    cat events.ndjson | tl ingest openlineage -
    tl ingest openlineage events/ --follow
    """
    if idle_seconds_max is not None and not follow:
        raise click.UsageError("--idle-seconds-max goes with --follow")
    if follow:
        stopped = threading.Event()
        with told_to_stop(stopped.set):
            report = session.follow_openlineage(
                sources,
                poll_ms=int(poll_seconds * 1000),
                idle_ms_max=None if idle_seconds_max is None else int(idle_seconds_max * 1000),
                is_stopped=stopped.is_set,
            )
    else:
        report = session.ingest_openlineage(sources)
    text = _followed if follow else _ingested
    print_report(report, output, text=text, rows="rejected")
    return 1 if report.refused or report.strangers else 0


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Show a bar on a terminal, and nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = click.progressbar(length=1, label="harvest", file=sys.stderr, width=30)
    with bar:

        def progress(address: str, done: int, total: int) -> None:
            bar.length = total
            bar.label = address
            bar.update(done - bar.pos)

        yield progress


def _harvested(report: HarvestReport) -> Iterator[str]:
    if not report.tables:
        yield "no table found"
        return
    yield from table(
        ["outcome", "new", "snapshots", "table"],
        [[one.outcome, one.new, one.snapshots, one.address] for one in report.tables],
        right=(1, 2),
    )
    for one in report.tables:
        if one.error:
            yield click.style(f"! {one.address}: {one.error}", fg="red")


def _ingested(report: IngestReport) -> Iterator[str]:
    yield from _followed(report)
    if not report.events and not report.refused:
        hint = "! no event in it; of folders, files are read that end in .json, .ndjson or .jsonl"
        yield click.style(hint, fg="yellow")


def _followed(report: IngestReport) -> Iterator[str]:
    yield (
        f"{report.events} events: {report.new} new of {report.runs} runs,"
        f" {report.repeated} known already, {report.refused} rejected"
    )
    for one in report.rejected:
        yield click.style(f"! {one.source}, line {one.line}: {one.reason}", fg="red")
    if report.refused:
        more = report.refused - len(report.rejected)
        told = f"{more} more, and all" if more else "all of it"
        yield click.style(f"! {told} kept in quarantine: tl quarantine list", fg="red")
    yield from strange(report.strangers)
    for name in report.unresolved:
        yield click.style(f"! known from events only: {name}", fg="yellow")
