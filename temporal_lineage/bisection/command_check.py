"""Command checks: a program that is told where the rows of one state lie, and ends with a verdict.

Its exit status is read as `git bisect run` reads it, but for 126 and 127: with those a shell says
that there is no such program, and that is no word about the state.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from temporal_lineage.bisection.checks import BadCheckError, CheckFailedError, Judged
from temporal_lineage.lineage.first_bad import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.bisection.checks import OpenState
    from temporal_lineage.bisection.searching import Searching

FILE = "{}"
"""In the words of a command, this stands for the file that holds the rows."""

STATE_VARIABLE = "TEMPORAL_LINEAGE_STATE"
FILE_VARIABLE = "TEMPORAL_LINEAGE_STATE_FILE"
VERSION_VARIABLE = "TEMPORAL_LINEAGE_STATE_VERSION"
SINCE_VARIABLE = "TEMPORAL_LINEAGE_STATE_SINCE"

_SKIP = 125
_BAD_MAX = 124
_LOOK_SECONDS = 0.1
_GRACE_SECONDS = 5
_TOLD_BYTES_MAX = 4096
_TOLD_LETTERS_MAX = 200


class CommandCheck:
    """A program that ends with 0 where a state is good."""

    def __init__(self, text: str, words: Sequence[str], searching: Searching) -> None:
        """Take the command as it was typed, its words, and how long it may run for one state."""
        self.text = text
        self._words = words
        self._searching = searching

    def judge(self, state: OpenState) -> Judged:
        """Write the rows to a file of its own, and run the program; see `Check.judge`."""
        with TemporaryDirectory(prefix="tl-bisect-") as folder:
            file = self._written(state, Path(folder))
            if file is None and any(FILE in word for word in self._words):
                raise BadCheckError(self.text, f"{state.address} has no rows that {FILE} could be")
            status, told = self._run(state, file, Path(folder) / "output")
        return self._verdict(state, status, told)

    def _written(self, state: OpenState, folder: Path) -> Path | None:
        """Write the rows of a state; None for what has none."""
        if state.table is None:
            return None
        from snapshots.row_counts import row_bounds
        from temporal_lineage.reproduce.rows import write_rows

        path = folder / "state.parquet"
        with closing(state.table.batches(columns=None)) as batches:
            written = write_rows(
                batches, path, address=state.address, progress=lambda _: self._go_on()
            )
        bounds = row_bounds(state.table.files)
        if bounds is not None:
            bounds.hold(state.address, written.rows or 0, told_by="its files hold")
        return path

    def _run(self, state: OpenState, file: Path | None, output: Path) -> tuple[int | None, str]:
        """Give the exit status, None where the time was up, and the last line it printed."""
        words = [word.replace(FILE, str(file)) for word in self._words]
        told = {
            STATE_VARIABLE: state.address,
            VERSION_VARIABLE: state.version,
            SINCE_VARIABLE: state.since.isoformat(),
            FILE_VARIABLE: str(file or ""),
        }
        with output.open("wb") as printed:
            try:
                # A group of its own: what the program starts ends with it.
                process = subprocess.Popen(  # noqa: S603 - whoever asks names the program
                    words,
                    env={**os.environ, **told},
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                raise BadCheckError(
                    self.text, f"{self._words[0]} cannot be run: {reason}"
                ) from error
            try:
                status = self._waited(process)
            finally:
                _end(process)
        return status, _last_line(output)

    def _waited(self, process: subprocess.Popen[bytes]) -> int | None:
        """Wait for the end of a program; None where its time was up before."""
        ends = time.monotonic() + self._searching.check_ms_max / 1000
        while True:
            left = ends - time.monotonic()
            try:
                return process.wait(max(0, min(_LOOK_SECONDS, left)))
            except subprocess.TimeoutExpired:
                if left <= 0:
                    return None
            self._go_on()

    def _go_on(self) -> None:
        if self._searching.is_stopped():
            raise KeyboardInterrupt

    def _verdict(self, state: OpenState, status: int | None, told: str) -> Judged:
        match status:
            case None:
                return Judged(
                    Verdict.SKIPPED,
                    f"the check did not end within {self._searching.check_ms_max / 1000:g} seconds",
                )
            case 0:
                return Judged(Verdict.GOOD, told)
            case _ if status == _SKIP:
                return Judged(Verdict.SKIPPED, told or f"the check ended with {_SKIP}")
            case _ if 0 < status <= _BAD_MAX:
                return Judged(Verdict.BAD, told or f"exit status {status}")
            case _ if status < 0:
                how = f"was ended by {_signal_name(-status)}"
            case _:
                how = f"ended with {status}"
        raise CheckFailedError(
            self._words[0], state.address, f"{how}{f' ({told})' if told else ''}"
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program that still runs, and all that it started."""
    if process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            pass
        break
    process.wait()


def _last_line(output: Path) -> str:
    with output.open("rb") as file:
        file.seek(max(0, output.stat().st_size - _TOLD_BYTES_MAX))
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip()[:_TOLD_LETTERS_MAX] if lines else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
