"""Steps: how far a child process has come, told to its parent through shared memory.

A step is a statement or commit that goes to the ledger's database, or a file that is opened or
moved. The child can be told to kill itself at a step, before the step is done.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import sys
from typing import Any

_HEAD = struct.Struct("<qq")  # steps so far, and bytes of the last one's name
_NAME_BYTES_MAX = 80
_MOVES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate"}
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR


class Steps:
    """Counts the steps of the child that is forked after this was made."""

    def __init__(self) -> None:
        """Begin at no step."""
        self._shared = mmap.mmap(-1, _HEAD.size + _NAME_BYTES_MAX)
        self._kill_at = 0

    def watch(self, *, kill_at: int) -> None:
        """In the child: count from here on, and kill this process at a step; 0 for at none."""
        from sqlalchemy import Engine, event

        self._kill_at = kill_at

        def executed(_: Any, __: Any, statement: str, *___: Any) -> None:  # noqa: ANN401
            self._step(_name(statement))

        event.listen(Engine, "before_cursor_execute", executed)
        event.listen(Engine, "commit", lambda _: self._step("COMMIT"))
        sys.addaudithook(self._audited)

    @property
    def count(self) -> int:
        """Tell how many steps the child has begun."""
        return int(_HEAD.unpack_from(self._shared)[0])

    @property
    def last(self) -> str:
        """Name the step at which the child is, or was when it ended."""
        size = _HEAD.unpack_from(self._shared)[1]
        return self._shared[_HEAD.size : _HEAD.size + size].decode(errors="replace") or "start"

    def _audited(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "open":
            path, _, flags = arguments
            if isinstance(path, str) and "site-packages" not in path and not path.endswith(".pyc"):
                writes = isinstance(flags, int) and flags & _WRITE_FLAGS
                self._step("write a file" if writes else "read a file")
        elif name in _MOVES:
            self._step(name)

    def _step(self, name: str) -> None:
        encoded = name.encode()[:_NAME_BYTES_MAX]
        self._shared[_HEAD.size : _HEAD.size + len(encoded)] = encoded
        count = self.count + 1
        _HEAD.pack_into(self._shared, 0, count, len(encoded))
        if count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _name(statement: str) -> str:
    """Name a statement by its verb and its table."""
    words = statement.split()
    match [one.upper() for one in words[:2]]:
        case ["INSERT" | "DELETE", _]:
            return f"{words[0].upper()} {words[2]}"
        case ["UPDATE", _]:
            return f"UPDATE {words[1]}"
        case ["CREATE" | "ALTER" | "DROP", _]:
            return "define tables"
        case ["BEGIN", *_]:
            return "BEGIN"
        case _:
            return "ask the ledger"
