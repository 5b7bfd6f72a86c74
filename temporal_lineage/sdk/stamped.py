"""Stamped tables: other libraries' tables, whose every commit carries the id of the run."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Stamped:
    """Stands before an object: its calls that commit get the stamp, all else passes through.

    `argument` is the parameter that takes the stamp, `stamp` joins what the caller gave for it
    with ours, and `noticed` is called before and after each such call. `parts` are attributes,
    or results of calls, that commit as well.
    """

    def __init__(
        self,
        target: Any,  # noqa: ANN401 - pyiceberg's and deltalake's tables
        *,
        argument: str,
        stamp: Callable[[Any], Any],
        before: Callable[[], None],
        after: Callable[[], None],
        parts: frozenset[str],
    ) -> None:
        """Stand before `target`."""
        self._target = target
        self._argument = argument
        self._stamp = stamp
        self._before = before
        self._after = after
        self._parts = parts

    @property
    def native(self) -> Any:  # noqa: ANN401
        """The table itself: what it reads and writes by itself is not recorded."""
        return self._target

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        found = getattr(self._target, name)
        if name in self._parts:
            if not callable(found):
                return self._like(found)
            return self._opening(found)
        if not callable(found) or not _takes(found, self._argument):
            return found
        return self._committing(found)

    def __repr__(self) -> str:
        return f"<stamped {self._target!r}>"

    def _committing(self, method: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(method)

        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            bound = signature.bind(*args, **kwargs)
            told = bound.arguments.get(self._argument)
            bound.arguments[self._argument] = self._stamp(told)
            self._before()
            try:
                return method(*bound.args, **bound.kwargs)
            finally:
                self._after()

        return call

    def _opening(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Stamped:  # noqa: ANN401
            return self._like(method(*args, **kwargs))

        return call

    def _like(self, target: Any) -> Stamped:  # noqa: ANN401
        return StampedBlock(
            target,
            argument=self._argument,
            stamp=self._stamp,
            before=self._before,
            after=self._after,
            parts=self._parts,
        )


class StampedBlock(Stamped):
    """The same for what may stand in `with`: it commits when the block ends."""

    def __enter__(self) -> Stamped:
        self._target.__enter__()
        return self

    def __exit__(self, *error: object) -> Any:  # noqa: ANN401
        self._before()
        try:
            return self._target.__exit__(*error)
        finally:
            self._after()


def _takes(method: Callable[..., Any], argument: str) -> bool:
    try:
        return argument in inspect.signature(method).parameters
    except (TypeError, ValueError):
        return False
