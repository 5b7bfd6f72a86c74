"""`tl guard`: what a maintenance run would break, before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from snapshots.instant import Instant
from snapshots.maintenance import (
    CleanLog,
    Expirer,
    ExpireSnapshots,
    Extent,
    RemoveOrphans,
    Vacuum,
    Vacuumer,
)
from temporal_lineage.cli.guard_text import guarded
from temporal_lineage.cli.options import output_option, print_answer
from temporal_lineage.cli.watch_commands import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.maintenance import Act
    from temporal_lineage.session import Session

F = TypeVar("F", bound="Callable[..., Any]")

ANSWERED_NO = 3
"""The exit status of `--fail` where something breaks, or could not be looked at."""

_HOUR_MICROS = 3_600_000_000
_HOURS_MAX = 10_000_000


class _Guard(click.Group):
    """Takes what is no command for the name of a table."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command `policy` before anything else."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["policy", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Guard, short_help="What a maintenance run would break.")
def guard() -> None:
    """Tell what maintenance would break, before it runs; nothing is ever changed.

    Without a command it is `policy`: what the tables' own properties let expire and vacuum.

    \b
    tl guard
    tl guard lake.raw.orders --at 2027-01-01
    tl guard vacuum delta --hours 0 --fail
    tl guard watch
    """


guard.add_command(watch)


def _tables(command: F) -> F:
    """Add the targets and the options that every simulation takes."""
    command = click.option(
        "--fail",
        is_flag=True,
        help="Exit status 3 where a promise or model breaks, a table could not be looked at, or the"
        " one that is named would refuse.",
    )(command)
    command = click.option(
        "--at", metavar="TIME", help="When it would run, if nothing is committed until then."
    )(command)
    command = click.option(
        "--all", "every", is_flag=True, help="Every harvested table, as without a name."
    )(command)
    return click.argument(
        "targets",
        nargs=-1,
        metavar="[TABLE|NAMESPACE|CATALOG]...",
        help="The tables; all that are harvested where none is named.",
    )(command)


def _runner(command: F) -> F:
    """Add `--by` for acts on Delta tables."""
    return click.option(
        "--by",
        type=click.Choice([one.value for one in Vacuumer]),
        default=Vacuumer.SPARK.value,
        show_default=True,
        help="Whose rules.",
    )(command)


@guard.command(short_help="By the tables' own properties.")
@_tables
@output_option
@click.pass_obj
def policy(
    session: Session,
    /,
    *,
    targets: tuple[str, ...],
    at: str | None,
    output: str,
    **flags: bool,
) -> int:
    """Simulate what whoever keeps the tables runs without options.

    That is expire_snapshots for Iceberg; VACUUM and the clean-up of the log by Spark for Delta.

    \b
    tl guard policy
    tl guard policy lake.ml --at 2027-01-01 --fail
    """
    return _answered(session, targets, None, at, output, flags)


@guard.command(short_help="expire_snapshots, with options.")
@_tables
@click.option("--older-than", metavar="TIME", help="Take snapshots older than that.")
@click.option("--retain-last", type=click.IntRange(min=1), help="Keep so many on each branch.")
@click.option(
    "--snapshot-id", "ids", type=int, multiple=True, help="Take this one, whatever its age."
)
@click.option(
    "--clean-expired-metadata", is_flag=True, help="Take the schemas and specs that nobody uses."
)
@click.option(
    "--by",
    type=click.Choice([one.value for one in Expirer]),
    default=Expirer.JAVA.value,
    show_default=True,
    help="Whose rules: java for Spark, Flink and Trino; pyiceberg deletes no file.",
)
@output_option
@click.pass_obj
def expire(  # noqa: PLR0913 - an option each
    session: Session,
    /,
    *,
    targets: tuple[str, ...],
    at: str | None,
    older_than: str | None,
    retain_last: int | None,
    ids: tuple[int, ...],
    clean_expired_metadata: bool,
    by: str,
    output: str,
    **flags: bool,
) -> int:
    """Simulate expire_snapshots of Iceberg tables.

    \b
    tl guard expire lake.raw.orders --older-than 2026-11-01 --retain-last 1
    tl guard expire lake --by pyiceberg --older-than 2026-11-01 --fail
    """
    act = ExpireSnapshots(
        by=Expirer(by),
        older_than=_instant(session, older_than),
        retain_last=retain_last,
        snapshot_ids=ids,
        dropped_refs=(),
        schemas_too=clean_expired_metadata,
    )
    return _answered(session, targets, act, at, output, flags)


@guard.command("drop-ref", short_help="Removing a branch or tag.")
@click.argument("table", metavar="TABLE", help="An Iceberg table.")
@click.argument("ref", metavar="REF", help="A branch or tag of it.")
@click.option("--at", metavar="TIME", help="When snapshots would be expired after that.")
@click.option("--fail", is_flag=True, help="Exit status 3 where something breaks, or is refused.")
@output_option
@click.pass_obj
def drop_ref(
    session: Session,
    /,
    *,
    table: str,
    ref: str,
    at: str | None,
    output: str,
    **flags: bool,
) -> int:
    """Simulate that REF is removed from TABLE, and snapshots are expired by its properties.

    \b
    tl guard drop-ref lake.ml.training_set fraud-v3 --fail
    """
    act = ExpireSnapshots(Expirer.JAVA, None, None, (), (ref,), schemas_too=False)
    return _answered(session, (table,), act, at, output, flags)


@guard.command(short_help="remove_orphan_files.")
@_tables
@click.option("--older-than", metavar="TIME", help="Take files older than that; 3 days if unsaid.")
@output_option
@click.pass_obj
def orphans(
    session: Session,
    /,
    *,
    targets: tuple[str, ...],
    at: str | None,
    older_than: str | None,
    output: str,
    **flags: bool,
) -> int:
    """Simulate remove_orphan_files of Iceberg tables: what no metadata names any more.

    States that a table no longer lists lose their files by it, and can be recovered no more.

    \b
    tl guard orphans lake.ml --older-than 2026-11-01
    """
    act = RemoveOrphans(_instant(session, older_than))
    return _answered(session, targets, act, at, output, flags)


@guard.command(short_help="VACUUM, with options.")
@_tables
@click.option(
    "--hours",
    type=click.FloatRange(min=0, max=_HOURS_MAX),
    help="RETAIN so many hours; the table's property where unsaid.",
)
@click.option("--lite", is_flag=True, help="Only files that the log says were removed.")
@click.option(
    "--keep-version", "versions", type=click.IntRange(min=0), multiple=True, help="delta-rs only."
)
@_runner
@output_option
@click.pass_obj
def vacuum(
    session: Session,
    /,
    *,
    targets: tuple[str, ...],
    at: str | None,
    hours: float | None,
    lite: bool,
    versions: tuple[int, ...],
    by: str,
    output: str,
    **flags: bool,
) -> int:
    """Simulate VACUUM of Delta tables.

    \b
    tl guard vacuum delta --hours 0
    tl guard vacuum delta.raw.payments --by delta-rs --lite --keep-version 3
    """
    if versions and by != Vacuumer.DELTA_RS.value:
        raise click.UsageError("--keep-version needs --by delta-rs: Spark's VACUUM has no such")
    act = Vacuum(
        by=Vacuumer(by),
        extent=Extent.LITE if lite else Extent.FULL,
        retention_micros=None if hours is None else round(hours * _HOUR_MICROS),
        keep_versions=versions,
    )
    return _answered(session, targets, act, at, output, flags)


@guard.command("clean-log", short_help="Clean-up of Delta logs.")
@_tables
@_runner
@output_option
@click.pass_obj
def clean_log(
    session: Session,
    /,
    *,
    targets: tuple[str, ...],
    at: str | None,
    by: str,
    output: str,
    **flags: bool,
) -> int:
    """Simulate the clean-up of Delta logs, as checkpoints bring it about.

    \b
    tl guard clean-log delta --at 2027-01-01
    """
    return _answered(session, targets, CleanLog(Vacuumer(by)), at, output, flags)


def _answered(
    session: Session,
    targets: Sequence[str],
    act: Act | None,
    at: str | None,
    output: str,
    flags: dict[str, bool],
) -> int:
    if flags.get("every") and targets:
        raise click.UsageError("--all is every table: name none, or leave it out")
    answer = session.guard(targets, act=act, at=at)
    print_answer(answer, output, text=guarded)
    refused = len(answer.tables) == 1 and answer.tables[0].refused is not None
    stops = answer.breaks or answer.unseen or refused
    return ANSWERED_NO if flags["fail"] and stops else 0


def _instant(session: Session, text: str | None) -> Instant | None:
    if text is None:
        return None
    return session.clock() if text == "now" else Instant.parse(text)
