"""`tl freshness` and `tl volume`: when tables change, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import span, table
from temporal_lineage.cli.options import (
    output_option,
    period_options,
    point_options,
    print_answer,
    scope_argument,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.use.freshness import FreshnessAnswer
    from temporal_lineage.questions.use.volume import VolumeAnswer, VolumeLine
    from temporal_lineage.session import Session


@click.command(short_help="When tables last changed, and which are overdue.")
@scope_argument
@click.option(
    "--fail-on",
    type=click.Choice(["overdue"]),
    help="End with exit status 3 where one is overdue.",
)
@point_options
@output_option
@click.pass_obj
def freshness(
    session: Session,
    scope: str,
    fail_on: str | None,
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> int:
    """Tell of each table when its rows last changed, how long its pauses are, and what it holds.

    It is overdue where nothing came for twice its longest pause, up to the last harvest.

    \b
    tl freshness
    tl freshness lake.raw --as-of 2026-11-17 --fail-on overdue
    """
    answer = session.freshness(scope, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_freshness)
    return 3 if fail_on and any(one.overdue for one in answer.datasets) else 0


@click.command(short_help="How much each commit of a table moved, and what is out of line.")
@click.argument("target", metavar="TABLE", help="The table, as catalog.namespace.table.")
@period_options
@output_option
@click.pass_obj
def volume(
    session: Session,
    target: str,
    since: str | None,
    until: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """List what each commit of main added and removed, and the rows, bytes and files of its state.

    A number is out of line where it lies outside of what the commits of the same operation before
    it had, as for `tl changes`.

    \b
    tl volume lake.raw.orders --since 2026-11-01
    """
    answer = session.volume(target, since=since, as_of=until, as_known=as_known)
    print_answer(answer, output, text=_volume)


def _freshness(answer: FreshnessAnswer) -> Iterator[str]:
    yield from table(
        ["changed", "age", "usual pause", "longest", "", "rows", "size", "files", "table"],
        [
            [
                one.changed_at,
                _told(one.age_seconds),
                _told(one.usual_pause_seconds),
                _told(one.longest_pause_seconds),
                "overdue" if one.overdue else "",
                _count(one.rows),
                _size(one.size_bytes),
                _count(one.files),
                one.dataset,
            ]
            for one in answer.datasets
        ],
        right=(1, 2, 3, 5, 6, 7),
    )


def _volume(answer: VolumeAnswer) -> Iterator[str]:
    yield from table(
        ["commit", "committed", "operation", "rows", "of", "size", "of", "files", "of", ""],
        [
            [
                one.snapshot_id,
                one.committed_at,
                one.operation,
                _moved(one, "rows"),
                _count(one.rows),
                _moved(one, "bytes", unit=" bytes"),
                _size(one.size_bytes),
                _moved(one, "files"),
                _count(one.files),
                "; ".join(one.odd),
            ]
            for one in answer.lines
        ],
        right=(0, 3, 4, 5, 6, 7, 8),
    )


def _moved(line: VolumeLine, what: str, *, unit: str = "") -> str | None:
    parts = [
        f"{sign}{number:,}"
        for sign, word in (("+", "added"), ("-", "removed"))
        if (number := getattr(line, f"{word}_{what}"))
    ]
    return f"{' '.join(parts)}{unit}" if parts else None


def _size(number: int | None) -> str | None:
    return None if number is None else f"{number:,} bytes"


def _count(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _told(seconds: int | None) -> str | None:
    return None if seconds is None else span(seconds)
