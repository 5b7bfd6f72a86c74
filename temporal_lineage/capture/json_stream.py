"""Streams of JSON values: objects, arrays, lines, or any mixture, some of it broken."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

import msgspec

from temporal_lineage.capture.json_text import StreamText

VALUE_BYTES_MAX = 32 * 1024 * 1024
"""A Spark event with its logical plan has some megabytes; what is longer is no event."""

RAW_BYTES_MAX = 1024 * 1024
"""How much is handed on of what is broken."""

# Python's writers put NaN and Infinity into metrics, which is no JSON: they read as null.
_SCANNER = json.JSONDecoder(parse_constant=lambda _: None)
_SHOWN_CHARS = 40
_AHEAD_BYTES = 4 * 1024
_NEAR_CHARS = 12
"""How far before the end of its text an escape or a literal that was cut off may begin."""


class Tail(Enum):
    """What the end of a stream means for a value that it cuts off."""

    BROKEN = "broken"
    WAITS = "waits"
    """Somebody is still writing: what is cut off is left for later."""


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A value and the line it starts on.

    `element` is its place where it stands in an array. `raw` is None where only a part of the
    text was the value's. `end` counts the stream's bytes up to behind it.
    """

    value: object
    line: int
    element: int | None
    raw: bytes | None
    end: int


@dataclass(frozen=True, slots=True)
class BrokenText:
    """A line, or the rest of one, that is no JSON: the first RAW_BYTES_MAX of `size` bytes."""

    line: int
    reason: str
    raw: bytes
    size: int
    end: int


def values(
    chunks: Iterable[bytes], *, tail: Tail = Tail.BROKEN
) -> Iterator[JsonValue | BrokenText]:
    """Cut a stream into JSON values; what is broken costs its own line and nothing else.

    Elements of an array are given one by one; also of one that is broken, and of one that is too
    long to be held. Memory is bounded by VALUE_BYTES_MAX, whatever comes.
    """
    text = StreamText(iter(chunks))
    array: _Array | None = None
    while text.skip_between():
        # Whoever goes on inside an array has not seen how it starts.
        if (array or tail is Tail.WAITS) and text.peek(1) == b"]":
            text.take(1)
            array = None
            continue
        line = text.line
        found = _next_value(text)
        if isinstance(found, _Value):
            yield from _given(found, line, array, text.offset)
        elif found.is_cut and tail is Tail.WAITS:
            return
        elif array is None and text.peek(1) == b"[":
            text.take(1)
            array = _Array(line, was_told=not found.is_long)
            if array.was_told:
                reason = f"an array that is broken ({found.reason}); its elements are read"
                yield BrokenText(line, reason, b"[", 1, text.offset)
        else:
            yield _broken(text, found)
    if array and not array.was_told and tail is Tail.BROKEN:
        reason = f"the array that starts on line {array.line} is not closed"
        yield BrokenText(text.line, reason, b"", 0, text.offset)


@dataclass(slots=True)
class _Array:
    """An array whose elements are read one by one."""

    line: int
    was_told: bool
    elements: int = 0


@dataclass(frozen=True, slots=True)
class _Value:
    value: object
    raw: bytes | None


@dataclass(frozen=True, slots=True)
class _NoValue:
    """Why there is no value: `is_long` where it does not end in time, `is_cut` by the end."""

    reason: str
    is_long: bool
    is_cut: bool


def _given(found: _Value, line: int, array: _Array | None, end: int) -> Iterator[JsonValue]:
    if array is not None:
        yield JsonValue(found.value, line, array.elements, found.raw, end)
        array.elements += 1
    elif isinstance(found.value, list):
        for number, element in enumerate(found.value):
            yield JsonValue(element, line, number, None, end)
    else:
        yield JsonValue(found.value, line, None, found.raw, end)


def _next_value(text: StreamText) -> _Value | _NoValue:
    """Take the value that starts here; where there is none, nothing is taken.

    A line that is one value is the common case, and the fast one.
    """
    line = text.rest_of_line(VALUE_BYTES_MAX)
    if line is not None:
        try:
            value = msgspec.json.decode(line)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            pass
        else:
            text.take(len(line))
            return _Value(value, line)
    size = _AHEAD_BYTES if line is None else len(line)
    while True:
        is_whole = text.ends_with(size)
        found = _scanned(text.peek(size).decode("utf-8", "surrogateescape"), is_whole=is_whole)
        if isinstance(found, _Value):
            text.take(len(found.raw or b""))
            return found
        if is_whole or not found.is_cut:
            return found
        if size > VALUE_BYTES_MAX:
            reason = f"it is longer than {VALUE_BYTES_MAX} bytes"
            return _NoValue(reason, is_long=True, is_cut=False)
        further = size * 4 if size > _AHEAD_BYTES else size + _AHEAD_BYTES
        size = min(further, VALUE_BYTES_MAX + 1)


def _scanned(window: str, *, is_whole: bool) -> _Value | _NoValue:
    """Decode the value at the start of a text that may be cut off."""
    try:
        value, stop = _SCANNER.raw_decode(window)
    except RecursionError:
        return _NoValue("it is nested too deeply", is_long=False, is_cut=False)
    except json.JSONDecodeError as error:
        near = error.pos >= len(window.rstrip()) - _NEAR_CHARS
        is_cut = near or error.msg.startswith("Unterminated string")
        return _NoValue(error.msg, is_long=False, is_cut=is_cut)
    except ValueError as error:  # a number of more digits than Python reads
        return _NoValue(str(error), is_long=False, is_cut=False)
    # A number that ends with the text may go on behind it.
    if stop == len(window) and not is_whole and not isinstance(value, dict | list | str):
        return _NoValue("a bare number or word", is_long=False, is_cut=True)
    return _Value(value, window[:stop].encode("utf-8", "surrogateescape"))


def _broken(text: StreamText, found: _NoValue) -> BrokenText:
    """Take what is broken: its line; of what is too long all lines until one starts as it did."""
    line, indent = text.line, text.indent
    raw = text.peek(RAW_BYTES_MAX)
    size = text.take_line()
    if found.is_long:
        starts = (indent + b"{", indent + b"[")
        while (ahead := text.peek(len(indent) + 1)) and not ahead.startswith(starts):
            size += 1 + text.take_line()
    raw = raw[:size]
    shown = raw.decode("utf-8", "surrogateescape")[:_SHOWN_CHARS].split("\n")[0]
    reason = f"no JSON: {found.reason}; it starts {shown!r}"
    return BrokenText(line, reason, raw, size, text.offset)
