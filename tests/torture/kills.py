"""Kills: each work is killed again and again, and must end as if it never had been.

After every kill the ledger must be sound. After some, the work is let finish, and what the ledger
then says, and what was written, must be what an unbroken work leaves.
"""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from torture.children import ChildFailedError, run_child
from torture.contents import Contents, contents, faults
from torture.ledgers import Ledgers, ledgers_of
from torture.loading import load
from torture.templates import make_project, make_templates
from torture.works import Place, Work, clear, files_in

KILLS_IN_A_ROW_MAX = 6
FAULTS_MAX = 20
"""A report of more would say no more."""

_LATE = 1.05
"""Kills fall up to a little after the time that an unbroken work took."""


@dataclass(slots=True)
class Tally:
    """What the kills of one work on one database came to."""

    work: str
    database: str
    kills: int = 0
    by_step: int = 0
    endings: int = 0
    seconds: float = 0.0
    hits: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Unbroken:
    """What a work comes to when nobody kills it: its seconds, its steps, and all that it leaves."""

    seconds: float
    steps: int
    contents: Contents
    files: dict[str, str]


def torture(
    *, databases: Sequence[str], works: Sequence[Work], kills: int, seed: int, seconds_max: float
) -> Iterator[Tally]:
    """Kill each work so many times on each database; yields a tally for each.

    Whichever was killed least often goes next, so that all had their share when time runs out.
    The same seed draws the same kills; those that fall by the clock hit where they do.
    """
    folder = Path(tempfile.mkdtemp(prefix="tl-torture-"))
    project = folder / "project"
    load()
    deadline = time.monotonic() + seconds_max
    try:
        # In a child: it starts threads.
        run_child(lambda: make_project(project))
        with ExitStack() as stack:
            going: list[_Rounds] = []
            for database in databases:
                ledgers = stack.enter_context(ledgers_of(database, folder / database))
                names = {one.template for one in works}
                templates = _templates(project, ledgers, names, told=folder / f"{database}.json")
                for work in works:
                    chance = random.Random(f"{seed}-{work.name}")  # noqa: S311
                    tally = Tally(work.name, database)
                    going.append(_Rounds(work, project, ledgers, templates, tally, chance))
            while going and time.monotonic() < deadline:
                one = min(going, key=lambda rounds: rounds.tally.kills)
                one.run_one(kills)
                if one.tally.kills >= kills or len(one.tally.faults) >= FAULTS_MAX:
                    going.remove(one)
                    yield one.tally
            yield from (one.tally for one in going)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _templates(
    project: Path, ledgers: Ledgers, names: Collection[str], *, told: Path
) -> dict[str, str]:
    def make() -> None:
        told.write_text(json.dumps(make_templates(project, ledgers, names)))

    run_child(make)
    templates: dict[str, str] = json.loads(told.read_text())
    return templates


class _Rounds:
    """Rounds of one work: some kills, then an end."""

    def __init__(
        self,
        work: Work,
        project: Path,
        ledgers: Ledgers,
        templates: dict[str, str],
        tally: Tally,
        chance: random.Random,
    ) -> None:
        self._work = work
        self._project = project
        self._ledgers = ledgers
        self._template = templates.get(work.template)
        self._out = project.parent / "out"
        self._chance = chance
        self.tally = tally

    def run_one(self, kills: int) -> None:
        """Run one round more, with no more kills than are left of those that are wanted."""
        start = time.monotonic()
        self._round(self._unbroken, self._chance, left=kills - self.tally.kills)
        self.tally.seconds += time.monotonic() - start

    @cached_property
    def _unbroken(self) -> Unbroken:
        place = self._place()
        ended = run_child(lambda: self._work.run(place))
        whole = Unbroken(ended.seconds, ended.steps, contents(place.ledger), files_in(self._out))
        self._leave(place)
        return whole

    def _round(self, whole: Unbroken, chance: random.Random, *, left: int) -> None:
        place = self._place()
        story: list[str] = []
        for number in range(min(left, chance.randint(1, KILLS_IN_A_ROW_MAX))):
            place = Place(place.project, place.ledger, place.out, since=2 + number)
            if not self._killed(place, whole, chance, story):
                break
        last = Place(place.project, place.ledger, place.out, since=2 + KILLS_IN_A_ROW_MAX)
        try:
            run_child(lambda: self._work.run(last))
        except ChildFailedError as error:
            self._fault(story, f"it did not go on: {error}")
        else:
            self.tally.endings += 1
            self._compare(place, whole, story)
        self._leave(place)

    def _killed(
        self, place: Place, whole: Unbroken, chance: random.Random, story: list[str]
    ) -> bool:
        """Kill once, and look; False where the work was done before it could be killed."""
        by_step = chance.random() < 0.5
        at, after = chance.randint(1, whole.steps), chance.uniform(0, whole.seconds * _LATE)
        try:
            ended = run_child(
                lambda: self._work.run(place),
                kill_at=at if by_step else 0,
                kill_after=None if by_step else after,
            )
        except ChildFailedError as error:
            self._fault(story, f"it failed: {error}")
            return False
        if not ended.killed:
            return False
        story.append(f"{ended.step} ({ended.steps})")
        self.tally.kills += 1
        self.tally.by_step += by_step
        self.tally.hits[ended.step] += 1
        self._look(place, whole, story)
        return True

    def _look(self, place: Place, whole: Unbroken, story: list[str]) -> None:
        """Look at what a kill left: a sound ledger, and no half of what was to be written."""
        for fault in faults(place.ledger)[:3]:
            self._fault(story, fault)
        if place.out.exists() and files_in(place.out) != whole.files:
            self._fault(story, "what was written is in place, and not whole")

    def _compare(self, place: Place, whole: Unbroken, story: list[str]) -> None:
        now = contents(place.ledger)
        for row in list((whole.contents - now).elements())[:3]:
            self._fault(story, f"lost: {row}")
        for row in list((now - whole.contents).elements())[:3]:
            self._fault(story, f"not there without kills: {row}")
        if files_in(place.out) != whole.files:
            self._fault(story, "the files are others than without kills")

    def _fault(self, story: Sequence[str], fault: str) -> None:
        self.tally.faults.append(f"killed at {', '.join(story) or 'nothing'}: {fault}"[:1000])

    def _place(self) -> Place:
        ledgers = self._ledgers
        ledger = ledgers.copy(self._template) if self._template else ledgers.new()
        return Place(self._project, ledger, self._out, since=1)

    def _leave(self, place: Place) -> None:
        clear(place.out)
        self._ledgers.drop(place.ledger)
