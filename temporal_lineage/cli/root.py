"""The command group: commands are imported only when they are run or listed."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

import click

from snapshots.errors import TemporalLineageError

if TYPE_CHECKING:
    from temporal_lineage.session import Session
    from temporal_lineage.session.asking import Asking

_COMMANDS: dict[str, tuple[str, str]] = {
    "alias": ("alias", "Say which table a name means."),
    "at": ("at", "Which snapshot was current at a time."),
    "available": ("available", "Which past states can still be read."),
    "bisect": ("bisect", "Since which state it is bad, and what upstream made it so."),
    "catalog": ("catalogs", "Say where tables live."),
    "changes": ("changes", "What is otherwise upstream since things were good."),
    "contamination": ("contamination", "What contains the rows of a bad commit, and what to do."),
    "coverage": ("coverage", "What runs explain, what they do not, and what to change."),
    "critical-path": ("path", "Which chain of runs took longest to make a state."),
    "demo": ("demo", "Build a small lakehouse with two months of history, and ask it questions."),
    "diff": ("knowledge", "How an answer changed between two days of the ledger."),
    "downstream": ("lineage", "What was made of a state, a model or a column."),
    "fingerprint": ("fingerprint", "A number for the rows of a state, whatever reads them."),
    "erasure": ("erasure", "Where rows of a condition still are, and proof that they went."),
    "guard": ("guard", "What a maintenance run would break."),
    "freshness": ("freshness", "When tables last changed, and which are overdue."),
    "harvest": ("intake", "Read the snapshot histories of tables, before they are forgotten."),
    "impact": ("impact", "What a change would break, before it is made."),
    "ingest": ("intake", "Take in the events of runs."),
    "init": ("catalogs", "Make this folder a project with its own ledger."),
    "ledger": ("ledger", "What the ledger holds, whether it is sound, and copies of it."),
    "lock": ("lock", "Write down exactly what something was made from."),
    "log": ("states", "Every snapshot of a table."),
    "pin": ("promises", "Promise that states stay readable."),
    "pins": ("promises", "The promises in force."),
    "owners": ("owners", "Who answers for what, and for what nobody does."),
    "quarantine": (
        "quarantine",
        "What came as events and was refused, and what becomes of it.",
    ),
    "recover": ("recover", "Bring a past state back as a table of its own."),
    "redundant": ("redundant", "Flows that may not be needed, and what they cost."),
    "reproduce": (
        "reproduce",
        "Rebuild what a model or table was made from, or say what is missing.",
    ),
    "run": ("runs", "All that is known of one run."),
    "runs": ("runs", "Which runs there were."),
    "schema": ("schema", "How the schema of a table changed."),
    "serve": ("serve", "Take in events over HTTP: a backend for OpenLineage clients."),
    "show": ("states", "What is known of a dataset or a job, or of all."),
    "sql": ("sql", "What a SQL text reads and writes."),
    "table": ("table", "How a table changed in all but its rows."),
    "unpin": ("promises", "Revoke a promise."),
    "unused": ("unused", "Tables and columns that nobody is known to read."),
    "upstream": ("lineage", "What had gone into a state, a model or a column."),
    "volume": ("freshness", "How much each commit of a table moved, and what is out of line."),
    "why": ("lineage", "How an edge, a version's writer or a run's links are known."),
}
"""Command, the module that holds it, and its line in the list: `tl --help` imports none."""


_PARTS: dict[str, tuple[str, str]] = {
    "at": ("tables", "TableQuestions"),
    "downstream": ("lineage", "LineageQuestions"),
    "upstream": ("lineage", "LineageQuestions"),
    "why": ("lineage", "LineageQuestions"),
}
"""The part of a session that is enough for a command which is asked often and answered at once."""


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in order."""
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is none of that name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"temporal_lineage.cli.{_COMMANDS[cmd_name][0]}_commands")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; where its log is JSON, what ends it is told there."""
        try:
            return super().invoke(ctx)
        except (TemporalLineageError, click.ClickException) as error:
            observed = sys.modules.get("temporal_lineage.cli.observed")
            status = observed.told_failure(error) if observed and not ctx.params["debug"] else None
            if status is None:
                raise
            return status

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for a name that is none, tell the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, None, _COMMANDS, ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "terminal_width": 90},
    epilog="Times are ISO 8601, UTC unless they say otherwise; a bare date is its first moment.",
)
@click.option(
    "--ledger",
    metavar="FILE|URL",
    help="The ledger: an SQLite file or a PostgreSQL URL. Otherwise $TEMPORAL_LINEAGE_LEDGER, then"
    " .temporal-lineage/ledger.db of the nearest folder upwards, then your own.",
)
@click.option(
    "--log-format",
    metavar="[text|json]",
    type=click.Choice(["text", "json"]),
    envvar="TEMPORAL_LINEAGE_LOG_FORMAT",
    help="Tell on standard error what is done, in lines of text or of JSON. Default: quiet.",
)
@click.option(
    "--log-level",
    metavar="[debug|info|warning|error]",
    type=click.Choice(["debug", "info", "warning", "error"]),
    envvar="TEMPORAL_LINEAGE_LOG_LEVEL",
    help="How much of it. Default: info.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="temporal-lineage", message="tl %(version)s")
@click.pass_context
def tl(
    ctx: click.Context,
    *,
    ledger: str | None,
    log_format: str | None,
    log_level: str | None,
    debug: bool,
) -> None:
    """Remember what went into every table and model: as of when, as known when, and why.

    \b
    tl catalog add lake ./warehouse && tl harvest
    tl upstream lake.ml.features --as-of 2026-11-17 --as-known 2026-11-20
    """  # noqa: D301 - Click reads the escape
    del debug  # main() looks for it before Click does
    if log_format or log_level or any(name.startswith("OTEL_") for name in os.environ):
        from temporal_lineage.cli.observed import observe

        observe(ctx, log_format, log_level)
    if ctx.obj is None:
        from temporal_lineage.session.opening import opened

        ctx.obj = opened(_part(ctx.invoked_subcommand), ledger)
    elif ledger is not None:
        ctx.obj = _elsewhere(ctx.obj, ledger)


def _part(command: str | None) -> type[Asking]:
    module, name = _PARTS.get(command or "", ("session", "Session"))
    part: type[Asking] = getattr(
        importlib.import_module(f"temporal_lineage.session.{module}"), name
    )
    return part


def _elsewhere(session: Session, ledger: str) -> Session:
    from temporal_lineage.session import Session as Opened
    from temporal_lineage.workspace import Workspace

    return Opened(Workspace(session.workspace.place, ledger), clock=session.clock)
