"""Which changes of a schema audit are let fail, in CI and in schedulers."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.schemas.audit import AuditedChange, SchemaAuditAnswer

_READERS = "breaking-for-readers"
_WRITERS = "breaking-for-writers"


class Breaking(StrEnum):
    """Which changes an audit lets fail."""

    READERS = "readers"
    WRITERS = "writers"
    BREAKING = "breaking"
    """For readers or writers."""
    ANY = "any"

    def covers(self, grade: str) -> bool:
        """Tell whether a change of this grade is one of them."""
        match self:
            case Breaking.READERS:
                return grade == _READERS
            case Breaking.WRITERS:
                return grade == _WRITERS
            case Breaking.BREAKING:
                return grade in {_READERS, _WRITERS}
            case Breaking.ANY:
                return True


def breaking(answer: SchemaAuditAnswer, what: Breaking) -> Iterator[AuditedChange]:
    """Yield the changes that an audit is to fail for; a table's first schema breaks nothing."""
    for one in answer.changes:
        if one.kind != "created" and what.covers(one.grade):
            yield one
