"""The entry point: exit statuses, and one clear line instead of a traceback."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys

from snapshots.errors import TemporalLineageError, shortened
from temporal_lineage.cli.light_click import load_click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn, TextIO

    from temporal_lineage.session import Session

RECORDS_BETWEEN_COLLECTIONS = 50_000
"""How many new objects a command makes before Python looks for garbage among them."""

_NO_ROOM = "the answer cannot be written: the disk is full; make room for it"

_COMPLETION = "_TL_COMPLETE"
"""The variable by which Click's completion scripts call us."""


def main() -> None:
    """Run `tl` with what was typed, and exit."""
    # What is loaded lives on, and an answer makes few cycles: look for garbage less often than
    # after every 700 records, and that before Click is loaded, which makes many.
    gc.set_threshold(RECORDS_BETWEEN_COLLECTIONS)
    try:
        status = run(sys.argv[1:], session=None)
        # Inside the try: what waits in the buffer may be for a reader who has left.
        _flush(sys.stdout)
    except BrokenPipeError:
        # The same, met by the last flush. Python would flush once more on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        sys.stderr.write(f"tl: {_NO_ROOM}\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    _leave(status)


def run(arguments: Sequence[str], *, session: Session | None) -> int:
    """Run `tl` with these arguments; None opens the session that they and the folder mean.

    Returns 0 for answered, 1 for our error, 2 for usage, 3 for answered no. Errors are told on
    standard error; with `--debug` they are raised as they are.
    """
    load_click()
    import click

    from temporal_lineage.cli.layout import printable
    from temporal_lineage.cli.root import tl

    debug = "--debug" in arguments
    try:
        status = tl.main(list(arguments), standalone_mode=False, prog_name="tl", obj=session)
    except TemporalLineageError as error:
        if debug:
            raise
        click.echo(printable(f"tl: {error}"), err=True)
        return error.exit_status
    except click.ClickException as error:
        error.message = shortened(error.message)  # type: ignore[misc] # final to subclasses
        error.show()
        return error.exit_code
    except SystemExit:
        # Click ends the program where a shell asked for completions, and, with 1, where the reader
        # of our output has left, as `head` does; that is its right.
        if _COMPLETION in os.environ:
            raise
        return 0
    except click.Abort:
        click.echo("tl: interrupted; what was committed before is kept", err=True)
        return 1
    return status if isinstance(status, int) else 0


def _leave(status: int) -> NoReturn:
    """End the process; what is alive dies with it, and nobody need take it apart before.

    Only where something was registered for the end, a thread may run, or the program is watched
    by a profiler, a debugger or a person, would anybody notice: then Python ends as it always does.
    """
    is_watched = sys.getprofile() or sys.gettrace() or sys.flags.inspect or sys.flags.dev_mode
    if is_watched or "threading" in sys.modules or atexit._ncallbacks():  # noqa: SLF001 - only it tells
        gc.freeze()
        sys.exit(status)
    _flush(sys.stderr)
    os._exit(status)


def _flush(stream: TextIO | None) -> None:
    """Write what waits in a stream; None stands for one that nobody had opened for us."""
    if stream is not None:
        stream.flush()
