"""Observed: a command whose log and spans somebody asked for, from its first step to its error."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

import click

from temporal_lineage.operations.logs import LogFormat, LogLevel, logging_to
from temporal_lineage.operations.steps import Told, step
from temporal_lineage.operations.tracing import PARENT, is_asked_for, trace_as_asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.errors import TemporalLineageError

log = logging.getLogger(__name__)

_AS_JSON = f"{__name__}.as_json"
_TOLD = f"{__name__}.told"


def observe(
    ctx: click.Context, form: str | None, level: str | None, environ: Mapping[str, str] = os.environ
) -> None:
    """Log and trace the command that this context is of, until it ends."""
    if form is not None or level is not None:
        chosen = LogFormat(form or LogFormat.TEXT)
        ctx.meta[_AS_JSON] = chosen is LogFormat.JSON
        told_level = LogLevel(level or LogLevel.INFO)
        ctx.with_resource(logging_to(sys.stderr, form=chosen, level=told_level))
    if is_asked_for(environ):
        ctx.call_on_close(trace_as_asked(environ))
    parent = environ.get(PARENT)
    within = None if parent is None else {PARENT.lower(): parent}
    told: Told = {"command": str(ctx.invoked_subcommand)}
    ctx.meta[_TOLD] = ctx.with_resource(step("command", log, told, within=within))


def is_json() -> bool:
    """Tell whether the log of the command under way is JSON: then nothing else stands among it."""
    ctx = click.get_current_context(silent=True)
    return ctx is not None and bool(ctx.meta.get(_AS_JSON))


def told_failure(error: TemporalLineageError | click.ClickException) -> int | None:
    """Tell what ends a command in its log, and give the exit status; None where that is no JSON."""
    if not is_json():
        return None
    if isinstance(error, click.ClickException):
        message, status = error.format_message(), error.exit_code
    else:
        message, status = str(error), error.exit_status
    log.error(message, extra={"exit_status": status})
    click.get_current_context().meta[_TOLD].update(error=message, exit_status=status)
    return status
