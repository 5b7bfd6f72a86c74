"""Children: work in a process of its own, that is forked and may be killed at any moment.

Forking saves the second that it takes to load all libraries, so that nearly every kill hits work.
The parent must never start threads: templates are made in children too.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from torture.steps import Steps

WAIT_SECONDS_MAX = 120.0
"""How long a child may take; then it hangs, and that is a fault."""

_POLL_SECONDS = 0.001


class ChildFailedError(Exception):
    """A child that was not killed ended otherwise than well."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: `killed`, or by itself; at which step, after how many seconds."""

    killed: bool
    step: str
    steps: int
    seconds: float


def run_child(
    work: Callable[[], object],
    *,
    kill_at: int = 0,
    kill_after: float | None = None,
    seconds_max: float = WAIT_SECONDS_MAX,
) -> Ended:
    """Do work in a child; kill it at a step or after some seconds, if it has not ended by then.

    Raises ChildFailedError where it fails, or takes longer than `seconds_max`.
    """
    steps = Steps()
    sys.stdout.flush()
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        _be_child(work, steps, kill_at)
    status = _waited(child, start + (kill_after if kill_after is not None else seconds_max))
    if status is None:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if kill_after is None:
            msg = f"it hangs at: {steps.last}"
            raise ChildFailedError(msg)
    seconds = time.perf_counter() - start
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not killed and status != 0:
        msg = f"it ended with wait status {status} at: {steps.last}"
        raise ChildFailedError(msg)
    return Ended(killed, steps.last, steps.count, seconds)


def _waited(child: int, deadline: float) -> int | None:
    """Give the wait status of a child; None where it still runs at the deadline."""
    while time.perf_counter() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(_POLL_SECONDS)
    return None


def _be_child(work: Callable[[], object], steps: Steps, kill_at: int) -> None:
    status = 1
    try:
        steps.watch(kill_at=kill_at)
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, it is printed, and the parent told
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # No clean-up of the parent's: its exit handlers are not the child's.
        os._exit(status)
