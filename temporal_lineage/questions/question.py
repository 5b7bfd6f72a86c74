"""Questions and answers: every answer carries what was asked, for when, and its doubts."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar, Protocol

from snapshots.instant import Instant
from snapshots.period import Period
from snapshots.records import dataclass
from temporal_lineage.facts import AsOf

SHAPE_VERSION = 1
"""The version of the JSON shape of all answers; grows when a field changes its meaning."""

ID_FIELDS = frozenset(
    {
        *("snapshot_id", "snapshot_ids", "parent_id", "version", "versions"),
        *("left_id", "returned_id"),
    }
)
"""Fields written as text: many readers of JSON lose the last digits of a 64-bit number."""

_AS_THEY_ARE = frozenset({type(None), bool, int, float, str})
"""Types whose values are JSON already; their subclasses, as enumerations, are looked at."""

UNHARVESTED = "known from events only: no snapshots were ever harvested"
"""The doubt of an answer about a dataset that no harvest found."""

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, about what, and the point in both times it was answered for.

    `known_until` is when the tables asked about were last harvested, where that is before `as_of`:
    what was committed in between is not in the answer. None where there is no such gap.
    """

    verb: str
    target: str
    as_of: AsOf
    known_until: Instant | None

    @property
    def point(self) -> str:
        """For which point in both times it was answered, and until when that is known."""
        told = f"as of {self.as_of.valid}, as known {self.as_of.system}"
        return told if self.known_until is None else f"{told}, harvested {self.known_until}"


class Answer(Protocol):
    """Any answer; `ROWS` names the field that holds its rows, None for an answer without rows."""

    ROWS: ClassVar[str | None]

    @property
    def question(self) -> Question:
        """What was asked."""

    @property
    def doubts(self) -> tuple[str, ...]:
        """What this answer does not know or did not follow, in words for people."""


def as_json(answer: Answer) -> dict[str, Json]:
    """Give an answer in the shape of docs/json.md: version, question, answer, doubts."""
    question = answer.question
    body = _fields_as_json(answer, left_out={"question", "doubts"})
    return {
        "version": SHAPE_VERSION,
        "question": {
            "verb": question.verb,
            "target": question.target,
            "as_of": question.as_of.valid.isoformat(),
            "as_known": question.as_of.system.isoformat(),
            "known_until": value_as_json(question.known_until),
        },
        "answer": body,
        "doubts": list(answer.doubts),
    }


def value_as_json(value: object) -> Json:
    """Turn any value of an answer into JSON: instants and enums as text, records as objects."""
    # Nearly all are: an answer of ten thousand states has a hundred thousand texts and numbers.
    if type(value) in _AS_THEY_ARE or isinstance(value, int | float):
        return value  # type: ignore[return-value]
    if isinstance(value, Instant | Enum | str):
        return str(value.value) if isinstance(value, Enum) else str(value)
    if isinstance(value, Period):
        return {"from": value.start.isoformat(), "until": value.end.isoformat()}
    if isinstance(value, dict):
        return {str(key): value_as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple) and not is_record(value):
        return [value_as_json(one) for one in value]
    return _fields_as_json(value, left_out=set())


def is_record(value: object) -> bool:
    """Tell whether a value has fields: a dataclass or a named tuple, as parts of answers are."""
    return hasattr(value, "__match_args__")


def field_names(record: object) -> tuple[str, ...]:
    """Give the names of a record's fields, in order."""
    named: tuple[str, ...] = record.__match_args__  # type: ignore[attr-defined]
    return named


def _id_as_json(value: object) -> Json:
    if isinstance(value, tuple | list):
        return [_id_as_json(one) for one in value]
    return None if value is None else str(value)


def _fields_as_json(record: object, *, left_out: set[str]) -> dict[str, Json]:
    names = field_names(record)
    values = record if isinstance(record, tuple) else [getattr(record, name) for name in names]
    return {
        name: (_id_as_json if name in ID_FIELDS else value_as_json)(value)
        for name, value in zip(names, values, strict=True)
        if name not in left_out
    }
