"""The text of a stream, as much of it at once as a value needs, and never more."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CHUNK_BYTES = 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# A comma after an element, and the separator of RFC 7464, mean no harm.
_BETWEEN = re.compile(rb"[ \t\r\n,\x1e]*")


class StreamText:
    """A window on a stream of bytes: what was taken is let go of, what comes is read when asked.

    `offset` counts the bytes that were taken, `line` the lines, from 1. `indent` is what stands
    before the next value on its line, empty where that is another value.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        """Read these chunks, cut wherever."""
        self._chunks = chunks
        self._held = b""
        self._place = 0
        self._is_over = False
        self.offset = 0
        self.line = 1
        self.indent = b""
        if self.peek(len(_BYTE_ORDER_MARK)).startswith(_BYTE_ORDER_MARK):
            self.take(len(_BYTE_ORDER_MARK))

    def skip_between(self) -> bool:
        """Take what stands between values; tells whether anything follows."""
        while True:
            found = _BETWEEN.match(self._held, self._place)
            end = found.end() if found else self._place
            self._note_indent(end)
            self.take(end - self._place)
            if self._place < len(self._held):
                return True
            if not self._more():
                return False

    def peek(self, size: int) -> bytes:
        """Give the next bytes, as many as asked for or until the end, without taking them."""
        while len(self._held) - self._place < size and self._more():
            pass
        return self._held[self._place : self._place + size]

    def rest_of_line(self, size_max: int) -> bytes | None:
        """Give what is left of this line without its end, untaken; None where it is longer."""
        searched = self._place
        while True:
            end = self._held.find(b"\n", searched, self._place + size_max + 1)
            if end >= 0:
                return self._held[self._place : end]
            if len(self._held) - self._place > size_max:
                return None
            searched = len(self._held)
            before = self._place
            if not self._more():
                return self._held[self._place :]
            searched -= before

    def ends_with(self, size: int) -> bool:
        """Tell whether nothing follows the next so many bytes."""
        while len(self._held) - self._place <= size and self._more():
            pass
        return len(self._held) - self._place <= size

    def take(self, size: int) -> None:
        """Let go of bytes that were peeked at."""
        end = self._place + size
        self.line += self._held.count(b"\n", self._place, end)
        self.offset += size
        self._place = end

    def take_line(self) -> int:
        """Let go of the rest of this line, however long it is; gives its length without its end."""
        size = 0
        while True:
            end = self._held.find(b"\n", self._place)
            step = (len(self._held) if end < 0 else end) - self._place
            self.take(step if end < 0 else step + 1)
            size += step
            if end >= 0 or not self._more():
                return size

    def _note_indent(self, end: int) -> None:
        """Remember what stands before the next value on its line."""
        start = self._held.rfind(b"\n", self._place, end)
        self.indent = self._held[start + 1 : end] if start >= 0 else b""

    def _more(self) -> bool:
        """Read on, more at a time the more is held, so that long values are not copied often."""
        if self._is_over:
            return False
        parts, size = [self._held[self._place :]], 0
        wanted = max(_CHUNK_BYTES, len(parts[0]))
        while size < wanted and not self._is_over:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._is_over = True
            else:
                parts.append(chunk)
                size += len(chunk)
        self._held, self._place = b"".join(parts), 0
        return size > 0
