"""Locks: written from what a ledger knows, and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.facts import AsOf
from temporal_lineage.questions.question import Question
from temporal_lineage.session.asking import Asking, When
from temporal_lineage.session.targets import typed

if TYPE_CHECKING:
    from pathlib import Path

    from temporal_lineage.locks.comparing import LockDiffAnswer
    from temporal_lineage.locks.locking import LockAnswer


class LockQuestions(Asking):
    """Making and comparing locks; `reproduce` takes one as its target."""

    def lock(
        self,
        target: str,
        *,
        out: Path,
        fingerprint: bool = False,
        as_of: When = None,
        as_known: When = None,
    ) -> LockAnswer:
        """Write down what a target was made from, in a file that can be reproduced by itself.

        With `fingerprint` the rows are read, and their fingerprints kept with them.
        """
        from temporal_lineage.locks.locking import lock

        return self._ask(
            "lock",
            target,
            (as_of, as_known),
            lock,
            typed(target),
            now=self.clock(),
            folder=self.workspace.folder,
            out=out,
            fingerprint=fingerprint,
        )

    def lock_diff(self, first: str, second: str) -> LockDiffAnswer:
        """Compare two locks: what is read, and by which code, parameters and surroundings."""
        from pathlib import Path

        from temporal_lineage.locks.comparing import compared
        from temporal_lineage.locks.text import read_lock

        now = self.clock()
        point = AsOf(valid=now, system=now)
        question = Question("lock diff", f"{first} {second}", point, known_until=None)
        one, other = (read_lock(Path(name)) for name in (first, second))
        return compared(one, other, question, names=(first, second))
