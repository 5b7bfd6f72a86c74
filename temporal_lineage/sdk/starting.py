"""Starting: `with temporal_lineage.run(...)`, and the same as a decorator."""

from __future__ import annotations

import functools
import inspect
import os
import secrets
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast
from uuid import UUID

from snapshots.errors import BadTargetError
from temporal_lineage.sdk.code import Code, code_of, entry_script
from temporal_lineage.sdk.delivery import Delivery
from temporal_lineage.sdk.parents import Parent, parent_in
from temporal_lineage.sdk.remembering import remember_tables
from temporal_lineage.sdk.running import Run
from temporal_lineage.sdk.targets import session_of, targets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from snapshots.instant import Instant

P = ParamSpec("P")
R = TypeVar("R")

NAMESPACE_VARIABLE = "OPENLINEAGE_NAMESPACE"
NAMESPACE = "default"

_CURRENT: ContextVar[Run | None] = ContextVar("temporal_lineage_run", default=None)


def current_run() -> Run | None:
    """Give the innermost run of this thread or task; None outside any."""
    return _CURRENT.get()


class RunContext:
    """A run that is yet to begin; each `with`, and each call of what it decorates, is a new one."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Use `temporal_lineage.run`."""
        self._settings = dict(settings)
        self._begun: list[tuple[Run, Token[Run | None]]] = []

    def __enter__(self) -> Run:
        """Begin: START is kept for good when this returns."""
        run = _begun(**self._settings)
        run.start()
        self._begun.append((run, _CURRENT.set(run)))
        return run

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End: tell how, and remember the tables that were touched. Errors pass on."""
        run, token = self._begun.pop()
        _CURRENT.reset(token)
        if error is None:
            run.end(None)
        else:
            _ended_with(run, error)
        if self._settings["harvest"]:
            remember_tables(run.targets, run.touched)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Make every call of a function a run of its own; inside it is `current_run()`."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> object:
                with RunContext(self._settings):
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", awaited)

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with RunContext(self._settings):
                return function(*args, **kwargs)

        return called


def run(
    job: str,
    *,
    namespace: str | None = None,
    params: Mapping[str, object] | None = None,
    to: object = None,
    parent: Run | None = None,
    variables: Sequence[str] = (),
    harvest: bool = True,
    strict: bool = False,
) -> RunContext:
    """Record a run of a job, in a `with` block or as a decorator.

    `to` is where its events go: the ledger that `tl` would use here (None), a ledger's path or
    URL, the URL of an HTTP sink, a Session, a transport of openlineage-python, or several of them.
    `variables` are the environment variables that may be recorded; no others are. `parent` is the
    run this one is part of: the enclosing one unless it is given. With `harvest` the tables that
    were read or written are harvested into the ledger when the run is over. A backend that does
    not answer stops nothing, unless `strict`: what was not delivered waits in a file.
    """
    if not job.strip():
        raise BadTargetError(repr(job), "a run is of a job that has a name: run('train-fraud')")
    settings = {
        "job": job,
        "namespace": namespace or os.environ.get(NAMESPACE_VARIABLE) or NAMESPACE,
        "params": dict(params or {}),
        "to": to,
        "parent": parent,
        "variables": tuple(variables),
        "harvest": harvest,
        "strict": strict,
    }
    return RunContext(settings)


def _begun(
    *,
    job: str,
    namespace: str,
    params: Mapping[str, object],
    to: object,
    parent: Run | None,
    variables: Sequence[str],
    harvest: bool,  # noqa: ARG001 - a setting of the end
    strict: bool,
) -> Run:
    targets = targets_of(to)
    session = session_of(targets)
    run_id = _uuid7(session.clock())
    begun = Run(
        run_id=run_id,
        namespace=namespace,
        job=job,
        parent=_parent(parent or _CURRENT.get()),
        code=_code(),
        variables=variables,
        session=session,
        delivery=Delivery(targets, folder=session.workspace.folder, run_id=run_id, strict=strict),
    )
    begun.params(**params)
    return begun


def _ended_with(run: Run, error: BaseException) -> None:
    """End a run whose code failed: nothing that goes wrong here may hide what went wrong there."""
    try:
        run.end(error)
    except Exception as other:  # noqa: BLE001 - whatever it is, the first error matters more
        error.add_note(f"and its end could not be recorded: {other}")


def _parent(run: Run | None) -> Parent | None:
    if run is None:
        return parent_in(os.environ)
    above = run.parent
    root = None if above is None else (above.root or above)
    return Parent(run.namespace, run.job, run.run_id, root)


@functools.cache
def _script() -> Any:  # noqa: ANN401 - a path or None
    return entry_script()


def _code() -> Code:
    return code_of(_script())


def _uuid7(at: Instant) -> str:
    """Make a run id that sorts by time. RFC 9562, version 7."""
    millis = at.micros // 1000
    random = secrets.randbits(74)
    value = (
        (millis & ((1 << 48) - 1)) << 80
        | 0x7 << 76
        | (random >> 62) << 64
        | 0b10 << 62
        | random & ((1 << 62) - 1)
    )
    return str(UUID(int=value))
