"""Tolerant reading of JSON values: what is not as it should be becomes a doubt, never a crash."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from snapshots.dataset import Dataset
from snapshots.errors import BadInstantError
from snapshots.instant import Instant

DOUBTS_MAX = 50
FLOAT_EXACT_MAX = 2**53
SNAPSHOT_ID_MAX = 2**63

_ZONE_NAME = re.compile(r"\[[^\]]*\]$")
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")
_BARE_HOURS = re.compile(r"([T ]\d{2}:?\d{2}\S*[+-]\d{2})$")
_CONTROL = re.compile(r"[\x00-\x1f]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d{1,20}")


class Doubts:
    """Collects what could not be understood, with its place in the event."""

    def __init__(self) -> None:
        """Start without any."""
        self._found: list[str] = []

    def add(self, place: str, wrong: str) -> None:
        """Note one; beyond DOUBTS_MAX only their number grows no more."""
        if len(self._found) < DOUBTS_MAX:
            self._found.append(f"{place}: {wrong}")

    def found(self) -> tuple[str, ...]:
        """Give them in the order they were met."""
        return tuple(self._found)


def mapping(value: object, place: str, doubts: Doubts) -> Mapping[str, Any]:
    """Give a JSON object; anything else but null is a doubt, and empty."""
    if isinstance(value, dict):
        return value
    if value is not None:
        doubts.add(place, f"an object was expected, not {_short(value)}")
    return {}


def items(value: object, place: str, doubts: Doubts) -> Iterator[tuple[str, Any]]:
    """Yield the elements of a JSON array with their places; anything else but null is a doubt."""
    if isinstance(value, list):
        for number, element in enumerate(value):
            yield f"{place}[{number}]", element
    elif value is not None:
        doubts.add(place, f"an array was expected, not {_short(value)}")


def text(value: object, place: str, doubts: Doubts) -> str | None:
    """Give a text; None where there is none. Numbers are taken as they would be written."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if value is not None:
        doubts.add(place, f"a text was expected, not {_short(value)}")
    return None


def name(value: object, place: str, doubts: Doubts) -> str | None:
    """Give a name; None where there is none. Control characters, which no name has, are marked."""
    found = text(value, place, doubts)
    if not found:
        return None
    cleaned = _CONTROL.sub("\ufffd", found)
    if cleaned != found:
        doubts.add(place, "control characters in a name")
    return cleaned


def whole(value: object, place: str, doubts: Doubts) -> int | None:
    """Give a whole number, from a number or its text; None where there is none."""
    if isinstance(value, bool):
        pass
    elif isinstance(value, int):
        if abs(value) < SNAPSHOT_ID_MAX:
            return value
    elif isinstance(value, float):
        # Beyond 2**53 a float has lost digits: an id made of it would be another id.
        if value.is_integer() and abs(value) < FLOAT_EXACT_MAX:
            return int(value)
    elif isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return whole(int(value), place, doubts)
    if value is not None:
        doubts.add(place, f"a whole number was expected, not {_short(value)}")
    return None


def flag(value: object, place: str, doubts: Doubts) -> bool | None:
    """Give true or false; None where there is neither."""
    if isinstance(value, bool):
        return value
    if value is not None:
        doubts.add(place, f"true or false was expected, not {_short(value)}")
    return None


def instant(value: object, place: str, doubts: Doubts) -> Instant | None:
    """Read a point in time as producers write it; None, and a doubt, where it is none.

    Java's nanoseconds are cut to microseconds, its zone names fall away beside the offset, and
    a text without an offset is UTC, which is said.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        doubts.add(place, f"a time as text was expected, not {_short(value)}")
        return None
    cleaned = _ZONE_NAME.sub("", value.strip()).upper()
    cleaned = _LONG_FRACTION.sub(r"\1", cleaned)
    cleaned = _BARE_HOURS.sub(r"\g<1>:00", cleaned)
    try:
        found = Instant.parse(cleaned)
    except BadInstantError:
        doubts.add(place, f"{_short(value)} is not a point in time")
        return None
    if "T" in cleaned and not re.search(r"(Z|[+-]\d{2}:?\d{2})$", cleaned):
        doubts.add(place, f"{value} has no offset, taken as UTC")
    return found


def run_id(value: object, place: str, doubts: Doubts) -> str | None:
    """Give the id of a run, UUIDs in lower case; None where there is none."""
    found = name(value, place, doubts)
    if found is None or not found.strip():
        return None
    found = found.strip()
    return found.lower() if _UUID.fullmatch(found) else found


def dataset(value: Mapping[str, Any], place: str, doubts: Doubts) -> Dataset | None:
    """Give the dataset that `namespace` and `name` name; None, and a doubt, without them."""
    namespace = name(value.get("namespace"), f"{place}.namespace", doubts)
    own = name(value.get("name"), f"{place}.name", doubts)
    if namespace is None or own is None:
        doubts.add(place, "a dataset needs a namespace and a name")
        return None
    return Dataset(namespace, own)


def without_nul(value: object, doubts: Doubts) -> object:
    """Mark each NUL in texts and names: PostgreSQL takes none, and SQLite cuts there."""
    doubts.add("its texts", "NUL characters, which no database keeps, are marked")
    return _marked(value)


def _marked(value: object) -> object:
    match value:
        case str():
            return value.replace("\0", "\ufffd")
        case dict():
            return {_marked(key): _marked(one) for key, one in value.items()}
        case list():
            return [_marked(one) for one in value]
        case _:
            return value


def _short(value: object) -> str:
    written = repr(value)
    return written if len(written) <= 60 else f"{written[:57]}..."  # noqa: PLR2004 - a screen line
