"""`tl quarantine`: what came as events and was refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import pairs, printable, table
from temporal_lineage.cli.options import output_option, point_options, print_answer, print_report

if TYPE_CHECKING:
    from temporal_lineage.intake.quarantine_retry import QuarantineReport
    from temporal_lineage.questions.coverage.quarantined import (
        QuarantineAnswer,
        QuarantinedAnswer,
        QuarantineLine,
    )
    from temporal_lineage.session import Session

_SHOWN_CHARS = 2_000
_REASON_CHARS = 60


@click.group(short_help="What came as events and was refused, and what becomes of it.")
def quarantine() -> None:
    """Look at what came as events and was refused, try it again, or drop it.

    \b
    tl quarantine list
    """


@quarantine.command("list", short_help="List what waits in quarantine.")
@click.option("--all", "all_fates", is_flag=True, help="Also what was taken in later or dropped.")
@point_options
@output_option
@click.pass_obj
def list_entries(
    session: Session, *, all_fates: bool, as_of: str | None, as_known: str | None, output: str
) -> int:
    """List what waits in quarantine, in the order it came.

    \b
    tl quarantine list
    tl quarantine list --all --output ndjson
    """
    answer = session.quarantine(all_fates=all_fates, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_listed)
    return 0


@quarantine.command("show", short_help="Show one entry and the bytes that came.")
@click.argument("entry", metavar="ID", help="The entry's id, or the beginning of it.")
@click.option("--raw", is_flag=True, help="Only the bytes that were kept, as they came.")
@point_options
@output_option
@click.pass_obj
def show_entry(
    session: Session,
    entry: str,
    *,
    raw: bool,
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> int:
    """Show where an entry came from, why it was refused, and what came.

    \b
    tl quarantine show 9f86d081884c
    tl quarantine show 9f86 --raw
    """
    if raw:
        click.echo(session.quarantined_raw(entry), nl=False)
        return 0
    answer = session.quarantined(entry, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_shown)
    return 0


@quarantine.command("retry", short_help="Read entries again, as after an upgrade.")
@click.argument(
    "entries", metavar="[ID]...", nargs=-1, help="Which entries; without one, all that wait."
)
@output_option
@click.pass_obj
def retry_entries(session: Session, entries: tuple[str, ...], output: str) -> int:
    """Read what waits again: a newer version may understand it, or its time may have come.

    What is an event now is taken in and linked; the rest goes on waiting.

    \b
    tl quarantine retry
    tl quarantine retry 9f86d081884c
    """
    report = session.quarantine_retry(entries)
    print_report(report, output, text=_decided, rows="entries")
    return 0


@quarantine.command("drop", short_help="Say that entries are not wanted any more.")
@click.argument("entries", metavar="ID...", nargs=-1, required=True, help="Which entries.")
@click.option("--remark", metavar="TEXT", default="", help="Why, for whoever looks later.")
@output_option
@click.pass_obj
def drop_entries(session: Session, entries: tuple[str, ...], *, remark: str, output: str) -> int:
    """Say that entries are not wanted any more. Nothing is erased: --all lists them still.

    \b
    tl quarantine drop 9f86d081884c --remark "a test of somebody's"
    """
    report = session.quarantine_drop(entries, remark=remark)
    print_report(report, output, text=_decided, rows="entries")
    return 0


def _listed(answer: QuarantineAnswer) -> Iterator[str]:
    if not answer.lines:
        yield "nothing waits in quarantine"
        return
    yield from table(
        ["id", "fate", "arrived", "bytes", "from", "reason"],
        [
            [
                *(one.id, one.fate, one.arrived_at, one.size),
                *(_place(one), printable(one.reason)[:_REASON_CHARS]),
            ]
            for one in answer.lines
        ],
        right=(3,),
    )


def _place(one: QuarantineLine) -> str:
    return f"{one.source}, line {one.line}" if one.line else one.source


def _shown(answer: QuarantinedAnswer) -> Iterator[str]:
    one = answer.entry
    yield f"quarantined {one.id}"
    yield from pairs(
        [
            ("fate", one.fate),
            ("remark", one.remark or None),
            ("arrived", one.arrived_at),
            ("from", _place(one)),
            ("reason", one.reason),
            ("bytes", one.size),
        ]
    )
    for line in answer.text[:_SHOWN_CHARS].splitlines():
        yield f"  | {line}"
    if len(answer.text) > _SHOWN_CHARS:
        yield f"  ... tl quarantine show {one.id} --raw gives all {one.kept} bytes"


def _decided(report: QuarantineReport) -> Iterator[str]:
    if not report.entries:
        yield "nothing waits in quarantine"
    for one in report.entries:
        because = f": {one.reason}" if one.reason else ""
        yield f"{one.id} {one.fate}{because}"
    if report.new:
        yield f"{report.new} events are new, and linked"
