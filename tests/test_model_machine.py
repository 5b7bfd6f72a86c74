"""Two sessions on one ledger, in any interleaving: what they answer is what the model answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from model_questions import Asked, asked_in
from model_world import ACTS, LAKE_OPS, Op, Told
from snapshots.errors import TemporalLineageError
from temporal_lineage.addresses import DatasetAddress
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.questions.question import Question, as_json
from temporal_lineage.questions.states.current import state_at
from temporal_lineage.session import Session
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.reader import Reader, open_reader
from temporal_lineage.store.transaction import Transaction
from test_model import QUESTION, world_in

NUMBERS = st.integers(0, 11)
WHO = st.sampled_from((0, 1))


class TwoSessions(RuleBasedStateMachine):
    """One world, one ledger, two sessions; and now and then a reader that was opened earlier."""

    home: Path
    ledger: str

    @initialize()
    def begin(self) -> None:
        """Make the world, and let one session look at it."""
        self.world = world_in(self.home, self.ledger)
        self.sessions = [self.world.session, self.world.new_session(self.ledger)]
        self.answers: list[tuple[Callable[[Session], object], object]] = []
        self.held: tuple[ExitStack, Reader, list[Told]] | None = None
        self.world.do(("harvest", 0, 0, 0))

    @rule(kind=st.sampled_from(LAKE_OPS), a=NUMBERS, b=NUMBERS, c=NUMBERS)
    def happens(self, kind: str, a: int, b: int, c: int) -> None:
        """Something happens to the lake."""
        self.world.lake(kind, a, b, c)

    @rule(who=WHO, kind=st.sampled_from(ACTS), a=NUMBERS, b=NUMBERS, c=NUMBERS)
    def acts(self, who: int, kind: str, a: int, b: int, c: int) -> None:
        """A session harvests, ingests or corrects."""
        self.world.act(kind, a, b, c, by=self.sessions[who])

    @precondition(lambda self: self.world.names)
    @rule(who=WHO, kind=st.sampled_from(ACTS), a=NUMBERS, b=NUMBERS, c=NUMBERS)
    def acts_while_the_other_harvests(self, who: int, kind: str, a: int, b: int, c: int) -> None:
        """While one session reads tables, the other writes: to the ledger first of all."""
        other = partial(self.world.act, kind, a, b, c, by=self.sessions[1 - who])
        names = sorted(self.world.names)
        self.world.harvest(self.sessions[who], names, whole=True, meanwhile=other)
        self.world.pass_time()

    @rule(
        who=WHO,
        outer=st.tuples(st.sampled_from(ACTS), NUMBERS, NUMBERS, NUMBERS),
        inner=st.tuples(st.sampled_from(ACTS), NUMBERS, NUMBERS, NUMBERS),
        number=st.integers(1, 4),
        question=QUESTION,
    )
    def acts_between_two_transactions_of_the_other(
        self, who: int, outer: Op, inner: Op, number: int, question: tuple[str, int, int, int]
    ) -> None:
        """While one session acts, the other asks and acts: before one of its transactions.

        Before the first it has read, and written nothing: then the other is answered as if it
        were alone, also while that transaction is open.
        """
        happened = list(self.world.happened)
        mine, others = self.sessions[who], self.sessions[1 - who]

        def asks() -> None:
            if number == 1 and question[0] != "diff":
                getattr(asked_in(self.world, others, *question[1:])[0], question[0])()

        def acts() -> None:
            asks()
            self.world.act(*inner, by=others)

        with before_transaction(number, acts, inside=asks):
            self.world.act(*outer, by=mine)
        # Nobody asks about instants at which one of the two was in the middle of it.
        self.world.happened = [*happened, self.world.happened[-1]]

    @rule(who=WHO, question=QUESTION)
    def asks(self, who: int, question: tuple[str, int, int, int]) -> None:
        """A session asks, and is answered as the model would."""
        kind, a, b, c = question
        asked, before = asked_in(self.world, self.sessions[who], a, b, c)
        if kind == "diff":
            asked.diff(before)
            return
        getattr(asked, kind)()
        if kind in ("upstream", "downstream"):
            self._remember(asked, kind)

    @rule(who=WHO)
    def asks_again(self, who: int) -> None:
        """What was answered for a point in both times is the answer for ever."""
        for ask, answer in self.answers:
            assert ask(self.sessions[who]) == answer

    @precondition(lambda self: self.held is None)
    @rule()
    def opens_a_reader(self) -> None:
        """A reader is opened, and stays open while others write."""
        stack = ExitStack()
        reader = stack.enter_context(open_reader(self.ledger))
        reader.system_bounds()  # its moment is that of its first look
        self.held = stack, reader, list(self.world.told)

    @precondition(lambda self: self.held is not None)
    @rule(number=NUMBERS, back=NUMBERS)
    def reads_what_was_there_when_it_was_opened(self, number: int, back: int) -> None:
        """The reader answers from the moment at which it was opened."""
        assert self.held is not None
        stack, reader, told = self.held
        name = f"{self.world.name}.s.t{number % 3}"
        valid = self.world.happened[-1 - back % len(self.world.happened)]
        asked = Asked(self.world, self.sessions[0], name, valid=valid, system=LAST, told=told)
        question = Question("at", name, AsOf(valid=valid, system=LAST), known_until=None)
        found: tuple[int, ...] | None = None
        with suppress(TemporalLineageError):
            found = state_at(reader, DatasetAddress(name, None, None), question).snapshot_ids
        assert found == asked.snapshot_ids()
        self.held = None
        stack.close()

    @invariant()
    def system_time_only_goes_on(self) -> None:
        """Transactions are numbered in the order of their times."""
        with open_reader(self.ledger) as reader:
            rows = list(reader.transactions(limit=50))
        instants = [one.recorded_at for one in reversed(rows)]
        assert instants == sorted(set(instants))

    def teardown(self) -> None:
        """Let go of the reader."""
        if getattr(self, "held", None) is not None:
            assert self.held is not None
            self.held[0].close()

    def _remember(self, asked: Asked, kind: str) -> None:
        def ask(session: Session) -> object:
            try:
                return as_json(getattr(session, kind)(asked.target, **asked.when))["answer"]
            except TemporalLineageError as error:
                return type(error)

        self.answers.append((ask, ask(self.sessions[0])))


@contextmanager
def before_transaction(
    number: int, acts: Callable[[], None], *, inside: Callable[[], None]
) -> Iterator[None]:
    """Let something happen before a ledger's next transaction but some, and when it has begun."""
    real, left, busy = Ledger.transaction, number, False

    @contextmanager
    def transaction(self: Ledger, *, source: str, note: str) -> Iterator[Transaction]:
        nonlocal left, busy
        left -= 0 if busy else 1
        turn = left == 0 and not busy
        if turn:
            busy = True
            acts()
        with real(self, source=source, note=note) as begun:
            if turn:
                inside()
            yield begun
        if turn:
            left, busy = -1, False

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Ledger, "transaction", transaction)
        yield


def test_two_sessions_on_one_ledger_answer_as_the_model_does(
    tmp_path: Path, ledger_url: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()

    class Machine(TwoSessions):
        pass

    Machine.home, Machine.ledger = home, ledger_url
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=8, stateful_step_count=30, suppress_health_check=list(HealthCheck)
        ),
    )
