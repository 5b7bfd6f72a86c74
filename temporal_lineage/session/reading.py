"""Questions that look at the tables themselves: what can still be read, and reading it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError
from snapshots.instant import Instant
from temporal_lineage.addresses import EdgeAddress, JobAddress
from temporal_lineage.facts import AsOf
from temporal_lineage.questions.question import Question
from temporal_lineage.session.asking import Asking, W, When
from temporal_lineage.session.targets import as_place, as_state, is_lock, misfit, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from temporal_lineage.reproduce.answer import ReproduceAnswer
    from temporal_lineage.reproduce.available import AvailableAnswer
    from temporal_lineage.reproduce.fingerprints import FingerprintAnswer
    from temporal_lineage.reproduce.recover import RecoverAnswer
    from temporal_lineage.reproduce.scan import ScanAnswer
    from temporal_lineage.reproduce.writing import Order


class ReadingQuestions(Asking):
    """Questions whose answers need the files of past states."""

    def available(
        self, target: str, *, as_of: When = None, as_known: When = None
    ) -> AvailableAnswer:
        """Give the verdict on reading one state of a table, or all of them. DESIGN 4.5."""
        from temporal_lineage.reproduce.available import available

        address = as_state(target)
        now, folder = self.clock(), self.workspace.folder
        return self._ask(
            "available", target, (as_of, as_known), available, address, now=now, folder=folder
        )

    def scan(
        self,
        target: str,
        *,
        columns: Sequence[str] | None = None,
        where: str | None = None,
        as_of: When = None,
        as_known: When = None,
    ) -> ScanAnswer:
        """Stream the rows of one past state of a table, as Arrow batches under its own schema.

        `columns` are those to read, all where it is None; `where` is a condition on the state's
        own columns, as `amount > 5 and name in ('a', 'b')`. One batch is in memory at a time.
        """
        from temporal_lineage.reproduce.scan import scan

        return self._read("scan", scan, target, (as_of, as_known), columns=columns, where=where)

    def fingerprint(
        self,
        target: str,
        *,
        columns: Sequence[str] | None = None,
        where: str | None = None,
        engine: str = "in-process",
        as_of: When = None,
        as_known: When = None,
    ) -> FingerprintAnswer:
        """Give the fingerprint of the rows of one past state of a table: docs/fingerprint.md.

        `columns` and `where` are those of `scan`. All rows are read, a batch at a time,
        by `engine`: docs/engines.md.
        """
        from temporal_lineage.reproduce.fingerprints import fingerprint

        asked = {"columns": columns, "where": where, "engine": engine}
        return self._read("fingerprint", fingerprint, target, (as_of, as_known), **asked)

    def recover(
        self,
        target: str,
        *,
        into: Path | None = None,
        copy_files: bool = False,
        as_of: When = None,
        as_known: When = None,
    ) -> RecoverAnswer:
        """Give the plan to bring back a state of a table; make a table of it in `into`.

        `target` is an address, or a folder that holds or held a table, as PATH or PATH@VERSION.
        """
        from temporal_lineage.reproduce.recover import recover, recover_place

        place = as_place(target)
        return self._ask(
            "recover",
            target,
            (as_of, as_known),
            recover_place if place else recover,
            *(() if place else (as_state(target),)),
            now=self.clock(),
            folder=self.workspace.folder,
            into=into,
            copy_files=copy_files,
            **({"place": place[0], "version": place[1]} if place else {}),
        )

    def reproduce(  # noqa: PLR0913 - an option each
        self,
        target: str,
        *,
        out: Path | None = None,
        into: str | None = None,
        recover: bool = False,
        form: str = "parquet",
        replay: bool = False,
        engine: str = "in-process",
        as_of: When = None,
        as_known: When = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> ReproduceAnswer:
        """Give the verdict on rebuilding what went into a target; write the rows to `out`.

        `target` may be the path of a lock, which says itself as of when it is. `into` names a
        namespace of a catalog, or a folder for Delta tables: a table is made there of each input,
        and read back. `form` is parquet, or arrow for files of Arrow IPC. With `replay` the SQL of
        the run behind the target is run again over what it read, and compared with what it wrote.
        The rows are read by `engine`: docs/engines.md.
        """
        from catalogs.engines.choosing import opened_engine
        from temporal_lineage.reproduce.reproduction import reproduce
        from temporal_lineage.reproduce.rows import RowForm
        from temporal_lineage.reproduce.writing import Into, Order

        tables = None if into is None else Into(into, self.workspace.folder)
        with opened_engine(engine) as reads:
            order = Order(out, tables, RowForm(form), recover, replay, reads, progress)
            if is_lock(target):
                return self._reproduce_lock(target, order, (as_of, as_known))
            address = typed(target)
            if isinstance(address, JobAddress | EdgeAddress):
                wanted = "a model version, a run or the state of a table is asked for"
                raise misfit(address, target, wanted)
            return self._ask(
                "reproduce",
                target,
                (as_of, as_known),
                reproduce,
                address,
                now=self.clock(),
                folder=self.workspace.folder,
                order=order,
            )

    def _read(
        self,
        verb: str,
        read: Callable[..., W],
        target: str,
        when: tuple[When, When],
        **asked: object,
    ) -> W:
        """Read the rows of one state of a table."""
        folder = self.workspace.folder
        return self._ask(verb, target, when, read, as_state(target), folder=folder, **asked)

    def _reproduce_lock(
        self, target: str, order: Order, point: tuple[When, When]
    ) -> ReproduceAnswer:
        from pathlib import Path

        from temporal_lineage.locks.opening import reader_for_lock
        from temporal_lineage.locks.reproducing import reproduce_lock
        from temporal_lineage.locks.text import read_lock

        if point != (None, None):
            raise BadTargetError(target, "a lock says itself as of when it is and was known")
        lock = read_lock(Path(target))
        known = AsOf(valid=Instant.parse(lock.as_of), system=Instant.parse(lock.as_known))
        with reader_for_lock(self.workspace.ledger) as (reader, doubts):
            answer = reproduce_lock(
                reader,
                lock,
                Question("reproduce", target, known, known_until=None),
                now=self.clock(),
                folder=self.workspace.folder,
                order=order,
            )
        return replace(answer, doubts=(*answer.doubts, *doubts))
