"""Streams of JSON values: objects, arrays, lines, or any mixture, some of it broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

VALUE_CHARS_MAX = 64 * 1024 * 1024
"""A Spark event with its logical plan has some megabytes; what is longer is no event."""

# Python's writers put NaN and Infinity into metrics, which is no JSON: they read as null.
_SCANNER = json.JSONDecoder(parse_constant=lambda _: None)
_BYTE_ORDER_MARK = "\ufeff"
_BETWEEN = " \t\r\n,\x1e"  # a comma after an element, and the separator of RFC 7464, mean no harm
_SHOWN_CHARS = 40


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A value and the line it starts on."""

    value: object
    line: int


@dataclass(frozen=True, slots=True)
class BrokenText:
    """A line, or the rest of one, that is no JSON."""

    line: int
    reason: str


def values(body: bytes) -> Iterator[JsonValue | BrokenText]:
    """Cut a body into JSON values; what is broken costs its own line and nothing else.

    An array that is not closed is read element by element.
    """
    text = body.decode("utf-8", "surrogateescape").removeprefix(_BYTE_ORDER_MARK)
    place, line, counted, unwrapped = _skip(text, 0), 1, 0, False
    while place < len(text):
        line, counted = line + text.count("\n", counted, place), place
        found = _at(text, place)
        if not isinstance(found, str):
            yield JsonValue(found[0], line)
            place = _skip(text, found[1])
        elif text[place] == "[" and not unwrapped:
            unwrapped = True
            yield BrokenText(line, f"an array that is broken ({found}); its elements are read")
            place = _skip(text, place + 1)
        else:
            shown = text[place : place + _SHOWN_CHARS].split("\n")[0]
            end = text.find("\n", place)
            if not (unwrapped and shown.strip() == "]"):
                yield BrokenText(line, f"no JSON: {found}; it starts {shown!r}")
            place = len(text) if end < 0 else _skip(text, end)


def _at(text: str, place: int) -> tuple[object, int] | str:
    """Decode the value that starts here, and say where it ends; the reason where it is none.

    A line that is one value is the common case, and the fast one.
    """
    end = text.find("\n", place)
    end = len(text) if end < 0 else end
    if end - place <= VALUE_CHARS_MAX:
        line = _decoded(text[place:end])
        if not isinstance(line, str):
            return line[0], end
    try:
        value, stop = _SCANNER.raw_decode(text, place)
    except RecursionError:
        return "it is nested too deeply"
    except ValueError as error:
        return str(error).partition(": line ")[0]
    if stop - place > VALUE_CHARS_MAX:
        return f"it is longer than {VALUE_CHARS_MAX} characters"
    return value, stop


def _decoded(text: str) -> tuple[object] | str:
    try:
        return (msgspec.json.decode(text.encode("utf-8", "surrogateescape")),)
    except (msgspec.MsgspecError, UnicodeError) as error:
        return str(error)
    except RecursionError:
        return "it is nested too deeply"


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BETWEEN:
        place += 1
    return place
