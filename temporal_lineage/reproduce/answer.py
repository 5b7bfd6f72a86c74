"""Answers of `tl reproduce`: what a target was made from, and a verdict on every part of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from catalogs.engines.engine import ReadBy
from snapshots.availability import AtRisk, Availability, Live, Protected, Recoverable, Unverified
from snapshots.files import FileContent
from snapshots.recovery import RecoveryPlan
from temporal_lineage.linking.taken import TakenPortion
from temporal_lineage.promises.beside import PromisedState
from temporal_lineage.questions.question import Question
from temporal_lineage.reproduce.lost import Loss


@dataclass(frozen=True, slots=True)
class Known:
    """How something is known: the grade and the method of DESIGN 4.4, and the raw values."""

    grade: str
    method: str
    witness: str


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The run that made the target, or that is the target; `job` is empty where nobody says."""

    run: str
    job: str
    known: Known


@dataclass(frozen=True, slots=True)
class LostFile:
    """A file of an input that is not there, or not there with its recorded size."""

    path: str
    content: FileContent
    size_bytes: int
    rows: int | None


@dataclass(frozen=True, slots=True)
class ReproduceInput:
    """One state that the target was made from, and the verdict on reading it now.

    `address` ends with the version, where one can be told: `version` is the snapshot id or Delta
    version as text, else None, and `candidates` are the versions it may be. `format` and
    `location` are None for a dataset that was never harvested. The schema, the files, their rows
    and bytes are None where the state was not found; `rows` also where the table does not record
    them. `portions` are what was taken of the state, where whoever read it recorded that; without
    any, all of it counts. `plan` is how a recoverable state is put together, `loss`
    what is gone of a partial or gone one. `verdict` names the kind of `availability`: live,
    protected, at-risk, ...
    """

    address: str
    identity: str
    format: str | None
    location: str | None
    version: str | None
    candidates: tuple[str, ...]
    known: Known
    schema_id: int | None
    columns: tuple[str, ...] | None
    files: int | None
    size_bytes: int | None
    rows: int | None
    portions: tuple[TakenPortion, ...]
    verdict: str
    availability: Availability
    lost: tuple[LostFile, ...]
    plan: RecoveryPlan | None
    loss: Loss | None


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file that was written; `name` is relative to the folder.

    Rows of a state are Parquet, `fingerprint` is theirs; a file or folder that was read is copied,
    and both are None.
    """

    name: str
    address: str
    rows: int | None
    size_bytes: int
    sha256: str
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, the lock that says what was read, and the manifest of what was written.

    `read_by` says by address what read the rows of each state; nothing of one whose files were
    all written by an earlier process.
    """

    folder: str
    lock: str
    manifest: str
    files: tuple[WrittenFile, ...]
    read_by: dict[str, tuple[ReadBy, ...]]


@dataclass(frozen=True, slots=True)
class RegisteredTable:
    """A table that was made of a state, or of a portion of it, and read back.

    `table` is its name in its catalog, or its place. `fingerprint` is that of the state's rows,
    and of those that the table gave. `read_by` is what read the rows of the state to make it.
    `made` is false where it stood there already, by the same order, and was only read.
    """

    address: str
    table: str
    format: str
    rows: int
    fingerprint: str
    read_by: tuple[ReadBy, ...]
    made: bool


@dataclass(frozen=True, slots=True)
class Reproducible:
    """Every input can be read exactly.

    `written` is None where no folder was to be written, `tables` are empty where none were to be
    made.
    """

    written: Written | None
    tables: tuple[RegisteredTable, ...]


@dataclass(frozen=True, slots=True)
class RecoveryNeeded:
    """Every input can be read, but these only by recovering them, which was not asked for."""

    recoverable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Irreproducible:
    """Some inputs cannot be read: `lost` ones are gone, of `unverified` ones nobody here can tell.

    Both are empty where nothing is known of what the target was made from.
    """

    lost: tuple[str, ...]
    unverified: tuple[str, ...]


Outcome = Reproducible | RecoveryNeeded | Irreproducible

_WORDS: dict[type[Outcome], str] = {
    Reproducible: "reproducible",
    RecoveryNeeded: "recovery-needed",
    Irreproducible: "irreproducible",
}


@dataclass(frozen=True, slots=True)
class Replay:
    """A run's SQL, run again over the states that it read.

    `verdict` is same where the rows are those of the written state, or those by which it grew;
    different; or not-replayed, with the `reason`, and all else is None. `query` is what was run, in
    DuckDB's words, statements apart by semicolons.
    """

    verdict: str
    reason: str | None
    written: str | None
    query: str | None
    expected: str | None
    replayed: str | None


@dataclass(frozen=True, slots=True)
class ReproduceAnswer:
    """Whether a target can be rebuilt from what it was made of. DESIGN 4.5.

    `verdict` names the kind of `outcome`. The inputs are those believed at the point of the
    question; their verdicts are about the tables as they lie there now, and `promises` are those
    in force now about any of the inputs. `made_by` is None for a table state, which is its own
    input, and where no run claims the target. `replay` is None where none was asked for.
    """

    ROWS: ClassVar[str | None] = "inputs"

    question: Question
    target: str
    made_by: MadeBy | None
    verdict: str
    outcome: Outcome
    inputs: tuple[ReproduceInput, ...]
    promises: tuple[PromisedState, ...]
    replay: Replay | None
    doubts: tuple[str, ...]


def outcome_name(outcome: Outcome) -> str:
    """Name an outcome, as JSON and people see it."""
    return _WORDS[type(outcome)]


def availability_name(availability: Availability) -> str:
    """Name a verdict, as JSON and people see it: at-risk, log-truncated, gone, ...

    >>> availability_name(Unverified("the table cannot be reached"))
    'unverified'
    """
    name = type(availability).__name__
    return "".join(f"-{one.lower()}" if one.isupper() else one for one in name).lstrip("-")


def judged(told: ReproduceInput, verdict: Availability) -> ReproduceInput:
    """Give what is told of an input with the verdict on it."""
    return replace(told, verdict=availability_name(verdict), availability=verdict)


READABLE = Live | Protected | AtRisk | Recoverable
"""The verdicts on states whose rows can be read, some only by recovering them."""


def decided(inputs: tuple[ReproduceInput, ...], *, recover: bool) -> Outcome:
    """Decide from the verdicts; `recover` allows what can only be read by recovery.

    `Reproducible` comes back with nothing written or made.
    """
    unverified = tuple(one.address for one in inputs if isinstance(one.availability, Unverified))
    known = READABLE | Unverified
    lost = tuple(one.address for one in inputs if not isinstance(one.availability, known))
    if lost or unverified or not inputs:
        return Irreproducible(lost, unverified)
    recoverable = tuple(one.address for one in inputs if isinstance(one.availability, Recoverable))
    if recoverable and not recover:
        return RecoveryNeeded(recoverable)
    return Reproducible(None, ())
