"""Tables that SQL names, as the ledger knows them at one point in both times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError
from snapshots.refs import MAIN
from temporal_lineage.addresses import AtInstant, AtRef, AtVersion, DatasetAddress, quoted
from temporal_lineage.evidence.pin_values import NumberPin, RefPin, TimePin
from temporal_lineage.naming import find_addressed, known_dataset, known_names
from temporal_lineage.questions.schemas.history import schema_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.addresses import At
    from temporal_lineage.evidence.pin_values import Pin
    from temporal_lineage.facts import AsOf
    from temporal_lineage.sql.names import Place, Read
    from temporal_lineage.store.reader import Reader


class LedgerTables:
    """Gives the columns of tables as they were, and the addresses of tables."""

    def __init__(self, reader: Reader | None, as_of: AsOf, inside: Sequence[str]) -> None:
        """Look names up through this reader; without one no table is known."""
        self._reader = reader
        self._as_of = as_of
        self._inside = tuple(inside)
        self._addresses: dict[Place, str | None] = {}
        self._names: list[str] | None = None
        self._doubts: dict[str, None] = {}

    def columns(self, read: Read) -> Sequence[str] | None:
        """Give the top-level columns of the state that is read; None where nothing is known."""
        address = self.address(read.place)
        if self._reader is None or address is None:
            return None
        found = DatasetAddress(address, _at(read.pin), None)
        try:
            dataset_id = find_addressed(self._reader, found, as_of=self._as_of)
            schema = schema_of(self._reader, dataset_id, found, self._as_of)
        except TemporalLineageError as error:
            if read.pin is not None:
                self._doubts[f"the columns of {read} are not known: {error}"] = None
            return None
        return [field.name for field in schema.columns()]

    def address(self, place: Place) -> str | None:
        """Give the address of the table that a name in SQL means; None where none is known.

        A name with fewer parts stands in what was said to be inside of, else it may be the end of
        one address alone, which is doubted then.
        """
        if place not in self._addresses:
            self._addresses[place] = self._find(place)
        return self._addresses[place]

    def shown(self, place: Place) -> str:
        """Give the address, or the name as the text has it."""
        return self.address(place) or str(place)

    def doubts(self) -> tuple[str, ...]:
        """Give what is not sure of the tables."""
        return tuple(self._doubts)

    def _find(self, place: Place) -> str | None:
        from temporal_lineage.sql.names import TableName

        if self._reader is None:
            return None
        parts = place.parts if isinstance(place, TableName) else (place.path,)
        for before in range(len(self._inside), -1, -1):
            name = ".".join(quoted(part) for part in (*self._inside[:before], *parts))
            for spelled in (name, name.lower()):
                if known_dataset(self._reader, spelled, as_of=self._as_of) is not None:
                    return spelled
        return self._by_its_end(tuple(part.lower() for part in parts))

    def _by_its_end(self, parts: tuple[str, ...]) -> str | None:
        if self._reader is not None and self._names is None:
            self._names = known_names(self._reader, as_of=self._as_of)
        ends = [
            name
            for name in self._names or ()
            if tuple(name.lower().split("."))[-len(parts) :] == parts
        ]
        if len(ends) != 1:
            return None
        self._doubts[f"{'.'.join(parts)} is taken for {ends[0]}"] = None
        return ends[0]


def _at(pin: Pin | None) -> At | None:
    match pin:
        case NumberPin():
            return AtVersion(str(pin.number))
        case TimePin():
            return AtInstant(MAIN, pin.at)
        case RefPin():
            return AtRef(pin.name)
        case _:
            return None
