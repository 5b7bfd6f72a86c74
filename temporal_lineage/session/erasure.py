"""Questions of erasure: where rows of a condition still are, and whether they are gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError
from temporal_lineage.session.asking import Asking, When
from temporal_lineage.session.targets import as_table

if TYPE_CHECKING:
    from pathlib import Path

    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.erasure.answer import ErasureAnswer
    from temporal_lineage.erasure.case import Case
    from temporal_lineage.erasure.searching import Progress
    from temporal_lineage.erasure.signing import SigningKey
    from temporal_lineage.erasure.verify import VerifyAnswer
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

DEPTH_MAX = 20
"""How many tables downstream columns are followed unless told otherwise."""


class ErasureQuestions(Asking):
    """Questions whose answers need the values in the files of all states."""

    def erasure_trace(
        self,
        *tables: str,
        where: str,
        depth_max: int = DEPTH_MAX,
        case: Path | None = None,
        keep_value: bool = False,
        engine: str = "in-process",
        as_of: When = None,
        as_known: When = None,
        progress: Progress | None = None,
    ) -> ErasureAnswer:
        """Tell every table, state and file that still holds rows of a condition.

        It begins with `tables` and follows the columns through `depth_max` tables downstream.
        `where` is a condition as `scan` takes it; `progress` is told the table, the files that
        are done, and how many there are. `case` is a new file that keeps what was found, the
        condition's values only with `keep_value`. `engine` counts matching rows first where it can,
        and files without any are not read here: docs/engines.md.
        """
        from catalogs.engines.choosing import opened_engine
        from temporal_lineage.erasure.case import check_new, write_case
        from temporal_lineage.erasure.opening import opened
        from temporal_lineage.erasure.searching import Means
        from temporal_lineage.erasure.trace import traced
        from temporal_lineage.erasure.verify import told_by_paths

        if case is not None:
            check_new(case)

        def ask(reader: Reader, *asked: DatasetAddress | Question, **more: object) -> ErasureAnswer:
            found = traced(reader, asked[:-1], asked[-1], **more)  # type: ignore[arg-type]
            if case is None:
                return found.answer
            made = opened(found, case.stem, now=self.clock(), keep_value=keep_value)
            write_case(made, case)
            paths = [file.path for table in made.tables for file in table.files]
            doubts = () if keep_value else told_by_paths(where, paths)
            return replace(found.answer, doubts=(*found.answer.doubts, *doubts))

        with opened_engine(engine) as sieve:
            return self._ask(
                "erasure trace",
                " ".join(tables),
                (as_of, as_known),
                ask,
                *map(as_table, tables),
                where=where,
                means=Means(self.workspace.folder, depth_max, sieve, progress),
            )

    def erasure_verify(  # noqa: PLR0913 - an option each
        self,
        *tables: str,
        where: str | None = None,
        case: Path | None = None,
        key: Path | None = None,
        out: Path | None = None,
        depth_max: int = DEPTH_MAX,
        engine: str = "in-process",
        as_of: When = None,
        as_known: When = None,
        progress: Progress | None = None,
    ) -> VerifyAnswer:
        """Look at everything again, and say whether the rows are gone.

        `case` is a file that a trace wrote; without it `tables` and `where` say what to look for.
        With `key`, an Ed25519 private key in PEM, a certificate and its signature are written to
        `out` and beside it, unless rows were found. A case that is closed is noted in the ledger.
        `engine` is that of `erasure_trace`.
        """
        from catalogs.engines.choosing import opened_engine
        from temporal_lineage.erasure.case import read_case
        from temporal_lineage.erasure.searching import Means
        from temporal_lineage.erasure.verify import erasure_verify

        known = None if case is None else read_case(case)
        if known is not None:
            tables = tables or known.asked
        if not tables or (known is None and where is None):
            raise BadTargetError("verify", "name a case, or a condition and the tables it is about")
        signer = _signer(key, out)

        def ask(reader: Reader, *asked: DatasetAddress | Question, **more: object) -> VerifyAnswer:
            return erasure_verify(reader, asked[:-1], asked[-1], **more)  # type: ignore[arg-type]

        with opened_engine(engine) as sieve:
            answer = self._ask(
                "erasure verify",
                " ".join(tables),
                (as_of, as_known),
                ask,
                *map(as_table, tables),
                case=known,
                where=where,
                now=self.clock(),
                means=Means(self.workspace.folder, depth_max, sieve, progress),
            )
        return self._concluded(answer, known, signer, out)

    def _concluded(
        self, answer: VerifyAnswer, case: Case | None, signer: SigningKey | None, out: Path | None
    ) -> VerifyAnswer:
        """Sign what may be claimed, and note a case that is closed."""
        from temporal_lineage import __version__
        from temporal_lineage.erasure.certificate import certified
        from temporal_lineage.erasure.erased import note_erased
        from temporal_lineage.erasure.verify import Closure
        from temporal_lineage.store.ledger import Ledger

        if answer.closure is Closure.OPEN:
            return answer
        if signer is not None and out is not None:
            answer = certified(answer, out, signer, program=f"temporal-lineage {__version__}")
        if case is not None and answer.closure is Closure.CLOSED:
            with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
                note_erased(ledger, case)
        return answer


def _signer(key: Path | None, out: Path | None) -> SigningKey | None:
    """Read the key before anything is looked at. Raises what stands in the way of signing."""
    from temporal_lineage.erasure.case import check_new
    from temporal_lineage.erasure.signing import SigningKey

    if (key is None) != (out is None):
        raise BadTargetError("verify", "a key and the file to sign go together")
    signer = None if key is None else SigningKey(key)
    if out is not None:
        check_new(out)
    return signer
