"""The climb: from a first bad state to what it was made from, until nothing bad went in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import UnknownNameError
from snapshots.refs import MAIN
from temporal_lineage.addresses import quoted_version
from temporal_lineage.bisection.answer import (
    BisectAnswer,
    BisectedTable,
    BisectOutcome,
    InputVerdict,
    SuspectCommit,
    SuspectInput,
)
from temporal_lineage.bisection.candidates import find_candidates
from temporal_lineage.bisection.checks import BadCheckError
from temporal_lineage.bisection.search import search
from temporal_lineage.bisection.suspects import Suspects, suspects
from temporal_lineage.naming import Naming
from temporal_lineage.questions.walks.doubts import count, grade_doubts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.bisection.candidates import Candidates
    from temporal_lineage.bisection.checks import Check
    from temporal_lineage.bisection.search import Judging, Searched
    from temporal_lineage.bisection.suspects import Reading
    from temporal_lineage.bisection.table_checks import Chosen, TableChecks
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

_VERDICTS = {
    BisectOutcome.FOUND: InputVerdict.TURNED_BAD,
    BisectOutcome.AMONG: InputVerdict.TURNED_BAD,
    BisectOutcome.BAD_IS_GOOD: InputVerdict.GOOD,
    BisectOutcome.GOOD_IS_BAD: InputVerdict.BAD_BEFORE,
    BisectOutcome.UNJUDGED: InputVerdict.NOT_FOLLOWED,
}


_OPEN = {
    InputVerdict.BAD_BEFORE: "what was good was made from a state that the check calls bad too",
    InputVerdict.NEW: "it was not read for what was good",
}


@dataclass(frozen=True, slots=True)
class _Found:
    """A search that was made, and from where."""

    candidates: Candidates
    good: int
    bad: int
    check: Check
    distance: int
    searched: Searched


class Climb:
    """Searches a target, and then what it was made from, nearest first."""

    def __init__(
        self,
        reader: Reader,
        checks: TableChecks,
        judging: Judging,
        as_of: AsOf,
        *,
        depth_max: int,
    ) -> None:
        """Use these checks; inputs more than `depth_max` steps away are named, not searched."""
        self._reader = reader
        self._checks = checks
        self._judging = judging
        self._as_of = as_of
        self._depth_max = depth_max
        self._naming = Naming(reader, as_of=as_of)
        self._queue: deque[_Found] = deque()
        self._searched: dict[tuple[int, tuple[int, int]], tuple[InputVerdict, str]] = {}
        self._doubts: dict[str, None] = {}
        self._grades: list[str] = []

    def answer(
        self, question: Question, candidates: Candidates, *, good: int, bad: int
    ) -> BisectAnswer:
        """Search a target from a good place to a bad one, and climb."""
        self._search(candidates, good, bad, self._checks.target, distance=0)
        tables: list[BisectedTable] = []
        guilty: dict[str, SuspectCommit] = {}
        while self._queue:
            table = self._told(self._queue.popleft())
            tables.append(table)
            if all(one.verdict is not InputVerdict.TURNED_BAD for one in table.inputs):
                guilty |= {one.commit: one for one in table.commits}
        left = dict.fromkeys(
            each.dataset
            for one in tables
            for each in one.inputs
            if each.verdict is InputVerdict.NOT_FOLLOWED
        )
        if left:
            self._doubts[f"not followed, and so not cleared: {', '.join(left)}"] = None
        self._doubts |= dict.fromkeys(
            f"{each.dataset} is neither cleared nor blamed: {_OPEN[each.verdict]}"
            for one in tables
            for each in one.inputs
            if each.verdict in _OPEN
        )
        unused = [self._naming.dataset(one) for one in self._checks.unused]
        doubts = [
            *self._judging.detours,
            *self._doubts,
            *grade_doubts(self._grades),
            *(f"{one} was not met upstream: its check was not used" for one in unused),
        ]
        return BisectAnswer(
            question,
            tuple(tables),
            tuple(guilty.values()),
            tuple(self._judging.steps),
            tuple(doubts),
        )

    def _search(
        self, candidates: Candidates, good: int, bad: int, check: Check, *, distance: int
    ) -> Searched:
        """Search, and come back later for what it was made from."""
        searched = search(self._judging, candidates, check, good=good, bad=bad)
        if searched.suspects or not distance:
            self._queue.append(_Found(candidates, good, bad, check, distance, searched))
        if searched.mended:
            before = ", ".join(candidates.address(place) for place in searched.mended)
            self._doubts[
                f"{before} was bad before, and was mended: this is the last change to bad, not the"
                " first"
            ] = None
        if searched.wrong is not None and self._judging.is_unreadable(candidates, searched.wrong):
            self._doubts[f"`tl available {candidates.dataset}` says which states can be read"] = (
                None
            )
        for place in searched.suspects[-1:]:
            version, since = candidates.states[place].version, candidates.states[place].since
            if version and candidates.of(version, before=searched.suspects[0]) is not None:
                self._doubts[
                    f"{candidates.address(place)} is older: {candidates.branch} went back to it at"
                    f" {since}, and that made it bad"
                ] = None
        skipped = len(searched.suspects) - 1
        if skipped > 0:
            self._doubts[
                f"{count(skipped, 'state')} of {candidates.dataset} before"
                f" {candidates.address(searched.suspects[-1])} cannot be judged: any of them may be"
                " the first bad one"
            ] = None
        return searched

    def _told(self, found: _Found) -> BisectedTable:
        candidates, searched = found.candidates, found.searched
        new = Suspects((), (), (), ())
        if searched.good is not None:
            new = suspects(
                self._reader,
                candidates,
                self._as_of,
                good=searched.good,
                bad=searched.suspects,
            )
        self._doubts.update(dict.fromkeys(new.doubts))
        inputs = [self._input(found, one, new.reads_before) for one in new.reads]
        return BisectedTable(
            dataset=candidates.dataset,
            distance=found.distance,
            check=found.check.text,
            good=candidates.address(found.good),
            bad=candidates.address(found.bad),
            states=found.bad - found.good + 1,
            outcome=searched.outcome,
            why=_wrong(candidates, searched),
            last_good=None if searched.good is None else candidates.address(searched.good),
            first_bad=tuple(candidates.address(place) for place in searched.suspects),
            commits=new.commits,
            inputs=tuple(sorted(inputs, key=lambda one: one.dataset)),
        )

    def _input(self, found: _Found, read: Reading, reads_before: Sequence[Reading]) -> SuspectInput:
        name = self._naming.dataset(read.dataset_id)
        same = [one.version for one in reads_before if one.dataset_id == read.dataset_id]
        read_before = same[0] if same else None
        verdict, why = (
            (InputVerdict.NEW, "")
            if reads_before and not same
            else self._followed(found, name, read, read_before)
        )
        return SuspectInput(
            name, _address(name, read.version), _address(name, read_before), verdict, why
        )

    def _followed(
        self, found: _Found, name: str, read: Reading, before: str | None
    ) -> tuple[InputVerdict, str]:
        refused = _refused(found, read, before, depth_max=self._depth_max)
        if refused is not None:
            return refused
        chosen = self._checks.of(read.dataset_id)
        if chosen is None:
            return _not(f"no check fits it; --upstream-check {name}=CHECK gives it one")
        try:
            source = find_candidates(self._reader, read.dataset_id, name, self._as_of, branch=MAIN)
        except UnknownNameError as error:
            return _not(str(error))
        ends = self._ends(found, source, read, before)
        if isinstance(ends, str):
            return _not(ends)
        self._grades.append(read.grade)
        # Between which states depends on what was made of them; each pair is searched once.
        key = (read.dataset_id, ends)
        if key not in self._searched:
            self._searched[key] = self._judged(found, source, ends, chosen)
        return self._searched[key]

    def _judged(
        self, found: _Found, source: Candidates, ends: tuple[int, int], chosen: Chosen
    ) -> tuple[InputVerdict, str]:
        own = f"--upstream-check {source.dataset}=CHECK gives it one of its own"
        try:
            searched = self._search(source, *ends, chosen.check, distance=found.distance + 1)
        except BadCheckError as error:
            if chosen.own:
                raise
            return _not(f"the check does not fit it: {error.reason}; {own}")
        if not chosen.own and searched.outcome is not BisectOutcome.UNJUDGED:
            self._doubts[
                f"{source.dataset} was judged by the target's own check: its columns have the same"
                " names"
            ] = None
        verdict = _VERDICTS[searched.outcome]
        if verdict is not InputVerdict.NOT_FOLLOWED:
            return verdict, searched.why if verdict is InputVerdict.BAD_BEFORE else ""
        why = searched.why if searched.wrong == ends[1] else _wrong(source, searched)
        return verdict, why if chosen.own else f"{why}; {own}"

    def _ends(
        self, found: _Found, source: Candidates, read: Reading, before: str | None
    ) -> tuple[int, int] | str:
        """Give the places of the states that were read; in words why there are none."""
        states = found.candidates.states
        made_at = states[found.searched.suspects[-1]].since
        seen = source.at(made_at)
        version = read.version or ""
        bad = source.of(version, before=len(source.states) if seen is None else seen + 1)
        if bad is None:
            return f"@{version} was never current on {source.branch}"
        if before is not None:
            good = source.of(before, before=bad)
            if good is None:
                return f"@{before}, which was read before, was not current earlier"
            return good, bad
        good_at = states[found.searched.good or 0].since
        good = source.at(good_at)
        if good is None or good >= bad:
            return "nobody knows which state of it was read for what was good"
        self._doubts[
            f"which state of {source.dataset} was read before is not known:"
            f" {source.address(good)} is taken, which was current at {good_at}"
        ] = None
        return good, bad


def _refused(
    found: _Found, read: Reading, before: str | None, *, depth_max: int
) -> tuple[InputVerdict, str] | None:
    """Say why an input needs no search, or can have none; None where it is to be searched."""
    if read.version is None:
        return _not(f"which state of it was read is not known ({read.grade})")
    if read.version == before:
        return InputVerdict.UNCHANGED, ""
    if read.dataset_id == found.candidates.dataset_id:
        return _not("it is the table itself")
    if found.distance >= depth_max:
        return _not(f"deeper than {depth_max}")
    return None


def _wrong(candidates: Candidates, searched: Searched) -> str:
    """Say what is wrong with an end of a search; nothing where nothing is."""
    if searched.wrong is None:
        return ""
    address = candidates.address(searched.wrong)
    told = f": {searched.why}" if searched.why else ""
    match searched.outcome:
        case BisectOutcome.GOOD_IS_BAD:
            return f"the check calls {address} bad{told}"
        case BisectOutcome.BAD_IS_GOOD:
            return f"the check calls {address} good{told}"
        case _:
            return f"{address} cannot be judged{told}"


def _not(why: str) -> tuple[InputVerdict, str]:
    return InputVerdict.NOT_FOLLOWED, why


def _address(name: str, version: str | None) -> str | None:
    return None if version is None else f"{name}@{quoted_version(version)}"
