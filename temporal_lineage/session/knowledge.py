"""Questions about the ledger's own knowledge: what it learned, when, and from where."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

from snapshots.errors import BadAddressError, EmptyPeriodError
from temporal_lineage.session.asking import Asking, When, instant_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.instant import Instant
    from temporal_lineage.questions.knowledge import KnowledgeAnswer
    from temporal_lineage.questions.ledger_log import LedgerLogAnswer
    from temporal_lineage.questions.question import Answer

TRANSACTIONS_SHOWN = 50
"""How many transactions `ledger_log` gives unless told otherwise."""


class KnowledgeQuestions(Asking):
    """Questions along system time."""

    def diff(
        self,
        verb: str,
        *targets: str,
        as_known: tuple[When, When],
        as_of: When = None,
        **options: object,
    ) -> KnowledgeAnswer:
        """Tell how the answer to a question changed between two days of the ledger.

        `verb` is one of `questions.knowledge.VERBS`, as typed after `tl`; `options` are those of
        its method. Raises EmptyPeriodError where the first of `as_known` is the later one.
        """
        from temporal_lineage.questions.knowledge import VERBS, knowledge

        if verb not in VERBS:
            raise BadAddressError(verb, f"what can be compared is {', '.join(VERBS)}")
        before, after = (instant_of(one) or self.clock() for one in as_known)
        if before > after:
            raise EmptyPeriodError(before.isoformat(), after.isoformat())
        valid = instant_of(as_of) or self.clock()
        method = getattr(self, verb.replace(" ", "_"))
        try:
            signature(method).bind(*targets, **options)
        except TypeError as error:
            raise BadAddressError(" ".join((verb, *targets)), f"`tl {verb}`: {error}") from error

        def answer_as_known(known: Instant) -> Answer:
            answer: Answer = method(*targets, as_of=valid, as_known=known, **options)
            return answer

        return self._ask(
            "diff",
            " ".join((verb, *targets)),
            (valid, after),
            knowledge,
            compared=verb,
            known_before=before,
            answer_as_known=answer_as_known,
        )

    def ledger_log(
        self, *, as_known: When = None, limit: int = TRANSACTIONS_SHOWN
    ) -> LedgerLogAnswer:
        """List the ledger's last transactions: when it learned something, and from where."""
        from temporal_lineage.questions.ledger_log import ledger_log

        return self._ask("log", "ledger", (None, as_known), ledger_log, limit=limit)


def split_question(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Tell the verb of a typed question from its targets.

    >>> split_question(["schema", "log", "lake.raw.orders"])
    ('schema log', ('lake.raw.orders',))
    """
    from temporal_lineage.questions.knowledge import VERBS

    two = " ".join(words[:2])
    if two in VERBS:
        return two, tuple(words[2:])
    return words[0] if words else "", tuple(words[1:])
