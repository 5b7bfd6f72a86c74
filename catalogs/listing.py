"""Listings that go on past what is broken, and say so at their end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from snapshots.errors import UnreadableError

_TOLD_MAX = 3


class Listing:
    """What could not be listed of one place, raised once all the rest was."""

    def __init__(self, place: str, parts: str) -> None:
        """Take the place and what its parts are called, both in words for people."""
        self._place = place
        self._parts = parts
        self._broken: list[str] = []

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """List one part inside; where that fails, note it and go on."""
        try:
            yield
        except UnreadableError as error:
            self.leave_out(name, error.reason)

    def leave_out(self, name: str, reason: str) -> None:
        """Note a part that is not listed, and why."""
        self._broken.append(f"{name} ({reason})" if name else reason)

    def finish(self) -> None:
        """Raise UnreadableError where any part was left out."""
        if not self._broken:
            return
        told = "; ".join(self._broken[:_TOLD_MAX])
        more = len(self._broken) - _TOLD_MAX
        rest = f"; and {more} more" if more > 0 else ""
        raise UnreadableError(
            self._place,
            f"some {self._parts} could not be listed: {told}{rest}",
            "all others were",
        )
