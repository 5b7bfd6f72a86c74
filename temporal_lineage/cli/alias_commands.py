"""`tl alias`: say which table a name in events means, list what was said, take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from snapshots.instant import BEGINNING, FOREVER
from temporal_lineage.cli.layout import table
from temporal_lineage.cli.login import login
from temporal_lineage.cli.options import output_option, point_options, print_answer, print_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from temporal_lineage.linking.settling import AliasReport
    from temporal_lineage.questions.knowledge.aliases import AliasesAnswer
    from temporal_lineage.session import Session


@click.group(short_help="Say which table a name means.")
def alias() -> None:
    """Say which table a name means, where harvests and symlinks cannot tell.

    \b
    tl alias add trino://trino:8080/lake.raw.orders lake.raw.orders --why 'same metastore'
    tl alias list
    """


def _said(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option("--why", default="", metavar="TEXT", help="What makes it so.")(command)
    return click.option(
        "--by", "who", metavar="WHO", help="Who says so. Default: the name you are logged in by."
    )(command)


@alias.command(short_help="Let a name mean a table.")
@click.argument("name", metavar="NAME", help="A name that events use, as `tl coverage` prints it.")
@click.argument("target", metavar="DATASET", help="The dataset that it means.")
@click.option("--since", metavar="TIME", help="From when on. Default: always.")
@click.option("--until", metavar="TIME", help="Until when. Default: for ever.")
@_said
@output_option
@click.pass_obj
def add(
    session: Session,
    name: str,
    target: str,
    since: str | None,
    until: str | None,
    who: str | None,
    why: str,
    output: str,
) -> None:
    """Let NAME mean DATASET from now on, and link the runs that used it anew.

    What was believed before stays known: --as-known asks for it.

    \b
    tl alias add dataset:trino://trino:8080/lake.raw.orders lake.raw.orders --why 'same metastore'
    tl alias add hive://metastore:9083/raw.orders lake.raw.orders --until 2026-10-01
    """
    report = session.alias_add(name, target, who=who or login(), why=why, since=since, until=until)
    print_report(report, output, text=_report, rows="names")


@alias.command(short_help="Take back what was said of a name.")
@click.argument("name", metavar="NAME", help="A name, as `tl alias list` prints it.")
@_said
@output_option
@click.pass_obj
def remove(session: Session, name: str, who: str | None, why: str, output: str) -> None:
    """Take back what somebody said of NAME, and link the runs that used it anew.

    \b
    tl alias remove trino://trino:8080/lake.raw.orders --why 'another cluster'
    """
    report = session.alias_remove(name, who=who or login(), why=why)
    print_report(report, output, text=_report, rows="names")


@alias.command("list", short_help="What was said of names, by whom, and why.")
@point_options
@output_option
@click.pass_obj
def list_(session: Session, as_of: str | None, as_known: str | None, output: str) -> None:
    """List the names that people settled.

    \b
    tl alias list
    tl alias list --as-known 2026-11-01
    """
    answer = session.aliases(as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_list)


def _report(report: AliasReport) -> Iterator[str]:
    for name in report.names:
        before = f", which meant {', '.join(report.meant)} before" if report.meant else ""
        yield f"{name} means {report.dataset}{before}"
    yield f"{report.runs} run{'' if report.runs == 1 else 's'} linked anew"


def _list(answer: AliasesAnswer) -> Iterator[str]:
    if not answer.aliases:
        yield "nobody has settled a name"
        return
    yield from table(
        ["name", "means", "from", "until", "said", "by", "why"],
        [
            [
                one.name,
                one.dataset,
                one.holds.start if one.holds.start > BEGINNING else None,
                one.holds.end if one.holds.end < FOREVER else None,
                one.said_at,
                one.who,
                one.why or None,
            ]
            for one in answer.aliases
        ],
    )
