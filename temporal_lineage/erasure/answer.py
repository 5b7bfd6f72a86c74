"""What an erasure trace answers: tables, states and files that still hold rows of a condition."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from catalogs.search import FileRole
    from snapshots.instant import Instant
    from temporal_lineage.erasure.plan import PlanStep
    from temporal_lineage.questions.question import Question


class Relation(StrEnum):
    """Why a table was searched."""

    ASKED = "asked"
    CARRIED = "carried"
    CLONED = "cloned"
    FED = "fed"


@dataclass(frozen=True, slots=True)
class TracedColumn:
    """A column of the condition in one table.

    `field_id` is null where the format has none. `current` is false for a column that was dropped:
    its values are in the files all the same. `namesakes` are the ids of other columns that had
    this name once: they were not searched.
    """

    name: str
    field_id: int | None
    current: bool
    namesakes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TracedState:
    """A state that holds matching rows, or rows that were made of such.

    `rows` is null where the rows cannot be found by value: the table was made of rows that match,
    and does not carry the columns. `refs` name the state now. `listed` tells whether the table's
    own metadata still lists it.
    """

    version: int
    committed_at: Instant | None
    rows: int | None
    files: int | None
    refs: tuple[str, ...]
    listed: bool


@dataclass(frozen=True, slots=True)
class TracedFile:
    """A file with matching rows in it; `states` counts those that still have one of them.

    It is 0 where deletes hide all of them, or no state is made of the file: they are in the file
    all the same.
    """

    path: str
    role: FileRole
    size_bytes: int
    rows: int
    states: int


@dataclass(frozen=True, slots=True)
class Examined:
    """What was looked at in one table; `looks` counts files by what settled them.

    `read` were read here, `engine` by `engine`, which is empty where nothing was; `partition`,
    `statistics`, `footer` and `bloom` ruled the others out; `no-such-column` are strays that have
    none of the columns, and `gone` are files that are not there any more. `forgotten` counts states
    of which nothing tells what they were made of: what is left of their files lies among the
    orphans.
    """

    states: int
    forgotten: int
    files: int
    size_bytes: int
    looks: dict[str, int]
    engine: str


@dataclass(frozen=True, slots=True)
class UnexaminedPlace:
    """What could not be looked at: it may hold anything. `states` counts those concerned."""

    place: str
    reason: str
    states: int


@dataclass(frozen=True, slots=True)
class TracedTable:
    """One table: where it holds matching rows, and how far it was examined.

    `relation` is why it was searched: it was asked about, or it carries the columns of one that
    was, or it is a clone; `fed` tables were made of rows that match and cannot be searched by
    value. `where` is the condition under this table's own names, null for those.
    """

    table: str
    identity: str
    location: str
    relation: Relation
    where: str | None
    columns: tuple[TracedColumn, ...]
    states: tuple[TracedState, ...]
    files: tuple[TracedFile, ...]
    examined: Examined
    unexamined: tuple[UnexaminedPlace, ...]

    @property
    def holds(self) -> bool:
        """Tell whether anything was found in it."""
        return bool(self.states or self.files)


@dataclass(frozen=True, slots=True)
class TracedProduct:
    """A version of a model, a report or a file that was made of the rows.

    `made_at`, `job` and `run` are null where no run told it. `newest` says whether no later version
    is known. `certainty` is `made-of-the-rows`, or `possible` where a state that it was made of can
    no longer be examined.
    """

    address: str
    made_at: Instant | None
    job: str | None
    run: str | None
    newest: bool
    certainty: str


@dataclass(frozen=True, slots=True)
class ErasureAnswer:
    """Every table, state and file that still holds rows of a condition, as far as was looked.

    What could not be looked at is in `unexamined` of each table; an answer that finds nothing says
    no more than that nothing was found there. `plan` is how to take the rows away, in order.
    """

    ROWS: ClassVar[str | None] = "tables"

    question: Question
    where: str
    tables: tuple[TracedTable, ...]
    products: tuple[TracedProduct, ...]
    plan: tuple[PlanStep, ...]
    doubts: tuple[str, ...]

    @property
    def found(self) -> bool:
        """Tell whether any table holds anything."""
        return any(one.holds for one in self.tables)
