"""Candidates: the states that were current one after the other, by the log and not by parents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError, BeforeHistoryError, EmptyPeriodError, UnknownNameError
from snapshots.instant import BEGINNING
from snapshots.refs import MAIN
from snapshots.snapshot_log import Absent, Ambiguous, Current, Unknown
from temporal_lineage.addresses import AtInstant, AtVersion, DatasetAddress, quoted_version
from temporal_lineage.facts import AsOf
from temporal_lineage.harvesting.ref_logs import remembered_log
from temporal_lineage.harvesting.table_claims import table_claim
from temporal_lineage.questions.states.good_until import meant_then
from temporal_lineage.questions.states.meant import version_of
from temporal_lineage.questions.states.versions import told_versions, version_or_ref, version_since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.instant import Instant
    from snapshots.snapshot_log import LogEntry, SnapshotLog
    from temporal_lineage.addresses import At
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Candidate:
    """A state that was current from an instant on, until the next one.

    `version` is None where no single one can be told; then `why` says what is known.
    """

    version: str | None
    since: Instant
    why: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """The states of one branch of a table, or the versions of a model, in order."""

    dataset_id: int
    dataset: str
    branch: str
    is_table: bool
    states: tuple[Candidate, ...]

    def address(self, place: int) -> str:
        """Write the address of a state; it reads back."""
        one = self.states[place]
        if one.version is not None:
            return f"{self.dataset}@{quoted_version(one.version)}"
        return f"{self.dataset}{AtInstant(self.branch, one.since)}"

    def at(self, instant: Instant) -> int | None:
        """Find what was current then; None before the first."""
        places = [place for place, one in enumerate(self.states) if one.since <= instant]
        return places[-1] if places else None

    def of(self, version: str, *, before: int) -> int | None:
        """Find where a version was current last, before a place; None where it never was."""
        return next(
            (
                place
                for place in reversed(range(min(before, len(self.states))))
                if self.states[place].version == version
            ),
            None,
        )


def find_candidates(
    reader: Reader, dataset_id: int, dataset: str, as_of: AsOf, *, branch: str
) -> Candidates:
    """Give what was current on a branch up to an instant. DESIGN 4.1.

    Of a dataset that was never harvested, the versions that events told of stand one after the
    other. Raises UnknownNameError for a branch that is not known.
    """
    if table_claim(reader, dataset_id, system=as_of.system) is None:
        states = _told(reader, dataset_id, as_of)
        return Candidates(dataset_id, dataset, branch, is_table=False, states=states)
    log = remembered_log(reader, dataset_id, branch, system=as_of.system)
    if log is None:
        advice = "`tl show` lists the refs of a table"
        raise UnknownNameError("branch", f"{dataset}@{branch}", (), advice)
    states = tuple(_logged(log, as_of.valid))
    return Candidates(dataset_id, dataset, branch, is_table=True, states=states)


def find_ends(
    reader: Reader, candidates: Candidates, good: At, bad: At, as_of: AsOf
) -> tuple[int, int]:
    """Find the places of the good and of the bad end.

    A version that was current several times means the last time, before the bad end. Raises
    BeforeHistoryError, UnknownNameError, and EmptyPeriodError where good is not before bad.
    """
    last = _place(reader, candidates, bad, as_of, before=len(candidates.states))
    first = _place(reader, candidates, good, as_of, before=last)
    if first >= last:
        name = candidates.dataset
        raise EmptyPeriodError(f"good {name}{good}", f"bad {name}{bad}")
    return first, last


def _place(reader: Reader, candidates: Candidates, at: At, as_of: AsOf, *, before: int) -> int:
    name = candidates.dataset
    if isinstance(at, AtInstant):
        if at.ref not in (MAIN, candidates.branch):
            raise BadTargetError(f"{name}{at}", f"name a state of {candidates.branch}")
        found = candidates.at(at.instant)
        if found is None and candidates.states:
            first = candidates.states[0].since
            then = AsOf(valid=at.instant, system=as_of.system)
            other = meant_then(reader, candidates.dataset_id, name, then)
            if other is not None:
                advice = f"{name} was another table then, {other}; this one starts at {first}"
                raise UnknownNameError("state", f"{name}{at}", (), advice)
            raise BeforeHistoryError(name, at.instant.isoformat(), first.isoformat())
        if found is None:
            advice = "a harvested table or a model is asked for"
            raise UnknownNameError("states of", name, (), advice)
        return found
    address = DatasetAddress(name, at, None)
    told = version_or_ref(reader, candidates.dataset_id, at, system=as_of.system)
    version = (
        told.version
        if isinstance(told, AtVersion)
        else version_of(reader, candidates.dataset_id, address, as_of)
    )
    everywhere = len(candidates.states)
    found = candidates.of(version, before=before)
    found = candidates.of(version, before=everywhere) if found is None else found
    if found is None:
        version_of(reader, candidates.dataset_id, address, as_of)  # tells what is known instead
        raise UnknownNameError(
            f"time on {candidates.branch} of",
            str(address),
            (),
            f"a state is asked for that was current on {candidates.branch}; `tl log {name}` lists"
            " them, and TABLE@BRANCH searches another branch",
        )
    return found


def _told(reader: Reader, dataset_id: int, as_of: AsOf) -> tuple[Candidate, ...]:
    since = {
        version: version_since(reader, dataset_id, version, system=as_of.system) or BEGINNING
        for version in told_versions(reader, dataset_id, as_of)
    }
    return tuple(Candidate(one, since[one], "") for one in sorted(since, key=since.__getitem__))


def _logged(log: SnapshotLog, until: Instant) -> Sequence[Candidate]:
    states: list[Candidate] = []
    for entry in log.entries:
        if entry.period.start > until:
            break
        one = _candidate(entry, log.ref)
        # The log tells of schemas too: the same snapshot under another one is the same rows.
        if not (states and one.version and states[-1].version == one.version):
            states.append(one)
    return states


def _candidate(entry: LogEntry, branch: str) -> Candidate:
    since = entry.period.start
    match entry.state:
        case Current(None):
            return Candidate(None, since, "the table was empty: it had no snapshot")
        case Current(snapshot_id):
            return Candidate(str(snapshot_id), since, "")
        case Ambiguous(several):
            told = ", ".join(f"@{one}" for one in several)
            return Candidate(None, since, f"nobody can tell which of {told} was current")
        case Unknown(reason):
            return Candidate(None, since, reason)
        case Absent():
            return Candidate(None, since, f"{branch} did not exist")
