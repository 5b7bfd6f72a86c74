"""`tl pin`, `tl unpin`, `tl pins`: promise that states stay readable, revoke, and list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import pairs, table
from temporal_lineage.cli.login import login
from temporal_lineage.cli.options import output_option, point_options, print_answer, print_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.promises.pinning import HeldState, PinReport, UnpinReport
    from temporal_lineage.questions.states.promises import PinsAnswer
    from temporal_lineage.session import Session

ANSWERED_NO = 3
"""The exit status where not all that was asked for could be kept."""


@click.command(short_help="Promise that states stay readable.")
@click.argument(
    "target",
    metavar="MODEL@VERSION|RUN|TABLE[@STATE]|LOCK",
    help="What is to be made again later, or its lock: all states that it was made from are kept.",
)
@click.option("--until", required=True, metavar="TIME", help="Until when; `forever` for no end.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, for who finds it later.")
@click.option(
    "--by", "who", metavar="WHO", help="Who promises. Default: the name you are logged in by."
)
@click.option(
    "--enforce",
    is_flag=True,
    help="Make a tag in each Iceberg table, through its catalog: one commit of metadata, with a"
    " max-ref-age that ends at --until. Nothing else is ever written to a table.",
)
@output_option
@click.pass_obj
def pin(
    session: Session,
    target: str,
    until: str,
    reason: str,
    who: str | None,
    enforce: bool,  # noqa: FBT001 - Click passes flags by name
    output: str,
) -> int:
    """Promise that every state which TARGET was made from stays readable until --until.

    The promise is noted in the ledger: `tl guard` names what would break it, and `tl available`
    and `tl reproduce` show it beside their verdicts. A promise alone keeps nothing; --enforce does
    in Iceberg tables, and elsewhere the report says what people can do. Exit status 3 where an
    input cannot be kept, or --enforce did not keep it.

    \b
    tl pin model:fraud@v3 --until 2027-11-10 --reason 'audit of the fraud model'
    tl pin fraud-v3.lock --until 2027-11-10 --reason 'audit of the fraud model'
    tl pin lake.raw.orders@fraud-v3 --until forever --reason 'case 4711' --enforce
    """
    report = session.pin(target, until=until, reason=reason, who=who or login(), enforce=enforce)
    print_report(report, output, text=_pinned, rows="states")
    return ANSWERED_NO if report.left_out or not _all_kept(report) else 0


@click.command(short_help="Revoke a promise.")
@click.argument("promise", metavar="PIN", help="A promise, as `tl pins` names it.")
@click.option("--reason", default="", metavar="TEXT", help="Why it is no longer needed.")
@click.option(
    "--by", "who", metavar="WHO", help="Who revokes it. Default: the name you are logged in by."
)
@click.option(
    "--drop-tags", is_flag=True, help="Remove the tags that were made for it, if none was moved."
)
@output_option
@click.pass_obj
def unpin(
    session: Session,
    promise: str,
    reason: str,
    who: str | None,
    drop_tags: bool,  # noqa: FBT001 - Click passes flags by name
    output: str,
) -> int:
    """Revoke the promise PIN from now on; that it was made stays known.

    Exit status 3 where a tag was to be removed and still stands.

    \b
    tl unpin pin:1 --reason 'the audit is over'
    tl unpin pin:1 --drop-tags
    """
    report = session.unpin(promise, who=who or login(), reason=reason, drop_tags=drop_tags)
    print_report(report, output, text=_unpinned, rows="tags")
    return ANSWERED_NO if drop_tags and not all(one.dropped for one in report.tags) else 0


@click.command(short_help="The promises in force.")
@click.argument("target", required=False, metavar="[TABLE]", help="Only those about this table.")
@click.option(
    "--keep-versions",
    is_flag=True,
    help="Print the promised versions of TABLE alone, a line each: what delta-rs' vacuum takes as"
    " keep_versions.",
)
@point_options
@output_option
@click.pass_obj
def pins(
    session: Session,
    target: str | None,
    keep_versions: bool,  # noqa: FBT001 - Click passes flags by name
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """List the promises in force: what they cover, until when, who made them, and why.

    \b
    tl pins
    tl pins lake.raw.orders --as-of 2026-11-01
    tl pins delta.raw.payments --keep-versions
    """
    if keep_versions and target is None:
        raise click.UsageError("--keep-versions is about one table: tl pins TABLE --keep-versions")
    answer = session.pins(target, as_of=as_of, as_known=as_known)
    if keep_versions and output == "text":
        for version in answer.keep_versions or ():
            click.echo(version)
        return
    print_answer(answer, output, text=_pins)


def _pinned(report: PinReport) -> Iterator[str]:
    head = f"{report.promise}  {report.target} until {report.until}"
    yield click.style(head, bold=True)
    yield from pairs([("reason", report.reason), ("by", report.who)])
    for one in report.states:
        yield f"{one.address}  {one.verdict}"
        yield from pairs(_kept(one))
    for left in report.left_out:
        yield click.style(f"! cannot be kept: {left.address}: {left.reason}", fg="yellow")


def _kept(one: HeldState) -> list[tuple[str, object]]:
    from temporal_lineage.promises.keeping import KeptBy, NoTags, NotKept

    told: list[tuple[str, object]] = []
    match one.kept:
        case KeptBy(tag, until, wrote, metadata):
            told += [
                ("kept by", f"tag {tag} until {until}"),
                ("wrote", wrote),
                ("seen in", metadata),
            ]
        case NotKept(why) | NoTags(why):
            told.append(("not kept", why))
        case None:
            pass
    return [*told, *((way.where, way.what) for way in one.ways)]


def _all_kept(report: PinReport) -> bool:
    from temporal_lineage.promises.keeping import NoTags, NotKept

    return not any(isinstance(one.kept, NotKept | NoTags) for one in report.states)


def _unpinned(report: UnpinReport) -> Iterator[str]:
    count = f"{len(report.states)} state{'' if len(report.states) == 1 else 's'}"
    yield f"{report.promise} is revoked: {report.target}, {count}"
    for one in report.tags:
        what = "removed" if one.dropped else f"still stands: {one.why}"
        yield f"  tag {one.tag} of {one.address}: {what}"


def _pins(answer: PinsAnswer) -> Iterator[str]:
    if not answer.promises:
        yield "nothing is promised"
        return
    yield from table(
        ["promise", "target", "until", "by", "reason", "states", "kept by tags", "left out"],
        [
            [
                one.promise,
                one.target,
                one.until,
                one.who,
                one.reason,
                len(one.states),
                sum(state.tag is not None for state in one.states),
                len(one.left_out),
            ]
            for one in answer.promises
        ],
        right=(5, 6, 7),
    )
