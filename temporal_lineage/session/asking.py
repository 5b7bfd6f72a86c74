"""Asking: one moment of the ledger, one reading of the clock, one question."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from snapshots.errors import BeforeHistoryError, EmptyPeriodError
from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.period import Period
from snapshots.records import replace
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.questions.question import Question
from temporal_lineage.questions.states.good_until import freshness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from temporal_lineage.addresses import Address
    from temporal_lineage.questions.question import Answer
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.workspace import Workspace

W = TypeVar("W", bound="Answer")

When = str | Instant | None
"""A time as people write it, an Instant, or None for now."""


class Asking:
    """What every session can do: ask its ledger at a point in both times."""

    def __init__(self, workspace: Workspace, *, clock: Callable[[], Instant]) -> None:
        """Use this workspace; `clock` gives the present."""
        self.workspace = workspace
        self.clock = clock

    def _ask(
        self,
        verb: str,
        target: str,
        when: tuple[When, When],
        ask: Callable[..., W],
        *addresses: Address,
        **more: object,
    ) -> W:
        """Ask `ask(reader, *addresses, question, **more)`; `when` is (as_of, as_known)."""
        from temporal_lineage.store.reader import open_reader

        now = self.clock()
        valid, system = map(instant_of, when)
        with open_reader(self.workspace.ledger) as reader:
            first, last = reader.system_bounds() or (BEGINNING, now)
            # A clock steps back, or stands still for several transactions: what is known is known.
            now = max(now, last)
            if system is not None and system < first:
                raise BeforeHistoryError("this ledger", system.isoformat(), first.isoformat())
            # No state holds at forever itself; whoever says so means the last one.
            point = AsOf(valid=min(valid or now, LAST), system=system or now)
            answer = ask(
                reader, *addresses, Question(verb, target, point, known_until=None), **more
            )
            fresh = freshness(reader, addresses, point, now=now)
            early = _too_early(reader, addresses, answer) if point.valid < now else ()
        question = replace(answer.question, known_until=fresh.known_until)
        doubts = tuple(dict.fromkeys((*answer.doubts, *fresh.doubts, *early)))
        # All answers are dataclasses, which no protocol can say.
        return replace(answer, question=question, doubts=doubts)  # type: ignore[type-var]

    def _period(self, since: When, until: When) -> Period:
        """Read a period, without bounds where they are None. Raises EmptyPeriodError."""
        start = BEGINNING if since is None else instant_of(since) or self.clock()
        end = FOREVER if until is None else instant_of(until) or self.clock()
        if end <= start:
            raise EmptyPeriodError(start.isoformat(), end.isoformat())
        return Period(start, end)


def _too_early(reader: Reader, addresses: Iterable[Address], answer: Answer) -> tuple[str, ...]:
    """Say of an answer without rows what was not heard of yet at the time asked about."""
    if answer.ROWS is not None and getattr(answer, answer.ROWS):
        return ()
    from temporal_lineage.questions.states.too_early import too_early

    return too_early(reader, addresses, answer.question.as_of)


def instant_of(when: When) -> Instant | None:
    """Read a time; None for now."""
    match when:
        case None | "now":
            return None
        case Instant():
            return when
        case _:
            return Instant.parse(when)
