"""Questions about the ledger's own knowledge: what it learned, when, and from where."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError, EmptyPeriodError
from temporal_lineage.session.asking import Asking, When, instant_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.questions.knowledge.learned import KnowledgeAnswer
    from temporal_lineage.questions.knowledge.transactions import LedgerLogAnswer
    from temporal_lineage.questions.question import Answer

TRANSACTIONS_SHOWN = 50
"""How many transactions `ledger_log` gives unless told otherwise."""


_SPELLED = {
    "depth_max": "--depth",
    "by_flow": "--flow",
    "good": "--from",
    "change": "--change",
}
"""Options as people type them."""


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
        from temporal_lineage.questions.knowledge.learned import NOW_ONLY, VERBS, knowledge

        if verb not in VERBS:
            now_only = f"`tl {verb}` looks at the tables as they are now, on whichever day; "
            why = now_only if verb in NOW_ONLY else ""
            raise BadTargetError(verb, f"{why}what can be compared is {', '.join(VERBS)}")
        before, after = (instant_of(one) or self.clock() for one in as_known)
        if before > after:
            raise EmptyPeriodError(before.isoformat(), after.isoformat())
        valid = instant_of(as_of) or self.clock()
        method = getattr(self, verb.replace(" ", "_").replace("-", "_"))
        _refuse_misfit(verb, targets, options, signature(method).parameters)

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
        from temporal_lineage.questions.knowledge.transactions import ledger_log

        return self._ask("log", "ledger", (None, as_known), ledger_log, limit=limit)


def _refuse_misfit(
    verb: str,
    targets: tuple[str, ...],
    options: Mapping[str, object],
    taken: Mapping[str, Parameter],
) -> None:
    """Refuse targets and options that the question behind `verb` does not take."""
    asked = " ".join((verb, *targets))
    for name in options:
        if name not in taken:
            raise BadTargetError(asked, f"`tl {verb}` takes no {_SPELLED.get(name, name)}")
    for name, one in taken.items():
        if one.kind is one.KEYWORD_ONLY and one.default is one.empty and name not in options:
            raise BadTargetError(asked, f"`tl {verb}` needs {_SPELLED.get(name, name)}")
    places = [one for one in taken.values() if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
    least = sum(one.default is Parameter.empty for one in places)
    if not least <= len(targets) <= len(places):
        things = "one thing" if len(places) == 1 else f"{len(places)} things"
        raise BadTargetError(asked, f"`tl diff` wants {things} that `tl {verb}` is asked about")


def split_question(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Tell the verb of a typed question from its targets.

    >>> split_question(["schema", "log", "lake.raw.orders"])
    ('schema log', ('lake.raw.orders',))
    """
    from temporal_lineage.questions.knowledge.learned import NOW_ONLY, VERBS

    two = " ".join(words[:2])
    if two in VERBS or two in NOW_ONLY:
        return two, tuple(words[2:])
    return words[0] if words else "", tuple(words[1:])
