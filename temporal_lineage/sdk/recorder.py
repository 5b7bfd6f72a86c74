"""Recorders: what the calls of a run have in common."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from temporal_lineage.evidence.commit_signs import STAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.harvesting.targets import Target
    from temporal_lineage.sdk.records import Named, Records
    from temporal_lineage.session import Session


_log = logging.getLogger("temporal_lineage.sdk")


class Watch(Protocol):
    """A table that the run may commit to."""

    @property
    def named(self) -> Named:
        """Name the table."""

    def look(self) -> tuple[Sequence[str], int | None]:
        """Give the versions that carry the run's stamp and were not given before, in order.

        With them the rows they added; None where that is not known, or nothing was found.
        """


class Recorder:
    """A run that takes notes; each kind of call is a class of its own on top of it."""

    def __init__(self, *, run_id: str, session: Session, records: Records) -> None:
        """Take notes in these records."""
        self.run_id = run_id
        self.session = session
        self.records = records
        self._watches: list[Watch] = []
        self._touched: dict[str, Target] = {}

    @property
    def stamp(self) -> dict[str, str]:
        """The property that names this run in a commit: for writers this library does not know."""
        return {STAMP: self.run_id}

    @property
    def touched(self) -> tuple[Target, ...]:
        """The tables that were read or written, each once."""
        return tuple(self._touched.values())

    def touches(self, target: Target | None) -> None:
        """Note a table to be harvested when the run is over; None for one that cannot be."""
        if target is not None:
            self._touched.setdefault(target.address, target)

    def progressed(self, *, at_once: bool) -> None:
        """Tell what was read and written so far: now, or where the last telling is long ago."""
        raise NotImplementedError

    def will_write(self, watch: Watch) -> None:
        """Tell that a table is about to be written, before it is: a kill leaves no orphan."""
        if watch not in self._watches:
            self._watches.append(watch)
        if self.records.writes(watch.named):
            self.progressed(at_once=True)

    def note_commits(self) -> None:
        """Look which commits carry the stamp by now."""
        for watch in self._watches:
            self.committed(watch)

    def committed(self, watch: Watch) -> bool:
        """Note what a table got from this run since the last look; tells whether there was any.

        The commits are made by now: that one cannot be looked at must not fail who made it.
        """
        try:
            versions, rows = watch.look()
        except Exception as error:  # noqa: BLE001 - storage may fail in any way
            place = watch.named.dataset
            _log.warning("the commits to %s could not be looked up: %s", place, error)
            return False
        return self.records.wrote(watch.named, versions, rows=rows)
