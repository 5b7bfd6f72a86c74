"""Records: what one run has read and written so far, told by whoever did it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalogs.portion import Portion
    from snapshots.dataset import Dataset

Fields = tuple[tuple[str, str], ...]
"""Names and types of columns, in order."""


@dataclass(frozen=True, slots=True)
class Named:
    """A dataset as events name it: where it lies, and what else it is called."""

    dataset: Dataset
    symlinks: tuple[Dataset, ...]
    kind: str
    """As OpenLineage's `datasetType` has it: TABLE, FILE, MODEL."""


@dataclass(slots=True)
class Taken:
    """One portion that was taken; `rows` is None until all of them have been."""

    portion: Portion
    rows: int | None = None


@dataclass(slots=True)
class InputRecord:
    """One version that was read, and every portion that was taken of it.

    Nothing was taken where somebody else tells of it: then the version is a hint, not a pin.
    """

    named: Named
    version: str
    fields: Fields | None
    taken: list[Taken] = field(default_factory=list)


@dataclass(slots=True)
class OutputRecord:
    """What was written to one dataset; `versions` in the order they were made."""

    named: Named
    versions: list[str] = field(default_factory=list)
    fields: Fields | None = None
    rows: int | None = None
    details: dict[str, str] = field(default_factory=dict)


class Records:
    """All that one run has read and written; threads may tell it side by side."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._lock = threading.Lock()
        self._inputs: dict[tuple[Dataset, str], InputRecord] = {}
        self._outputs: dict[Dataset, OutputRecord] = {}
        self._queries: dict[str, None] = {}
        self._parameters: dict[str, str] = {}

    def read(self, named: Named, version: str, *, fields: Fields | None, portion: Portion) -> Taken:
        """Note that a portion of a version is taken; gives the note, for its rows to be counted."""
        with self._lock:
            key = (named.dataset, version)
            one = self._inputs.setdefault(key, InputRecord(named, version, fields))
            taken = Taken(portion)
            one.taken.append(taken)
            return taken

    def told(self, named: Named, version: str) -> None:
        """Note an input that somebody else tells of: no pin, but a hint at a version."""
        with self._lock:
            self._inputs.setdefault((named.dataset, version), InputRecord(named, version, None))

    def writes(self, named: Named) -> bool:
        """Note that a dataset is about to be written; tells whether this is news."""
        with self._lock:
            news = named.dataset not in self._outputs
            self._outputs.setdefault(named.dataset, OutputRecord(named))
            return news

    def wrote(
        self,
        named: Named,
        versions: Sequence[str],
        *,
        fields: Fields | None = None,
        rows: int | None = None,
        details: Mapping[str, str] | None = None,
    ) -> bool:
        """Note the versions that were made; tells whether any of them is news."""
        with self._lock:
            one = self._outputs.setdefault(named.dataset, OutputRecord(named))
            news = [version for version in versions if version not in one.versions]
            one.versions += news
            one.fields = fields or one.fields
            if news and rows is not None:
                one.rows = (one.rows or 0) + rows
            one.details |= details or {}
            return bool(news)

    def asked(self, query: str) -> None:
        """Note the text of a query."""
        with self._lock:
            self._queries[query.strip().rstrip(";")] = None

    def given(self, parameters: Mapping[str, object]) -> None:
        """Note parameters; a later word on one replaces the earlier."""
        with self._lock:
            self._parameters |= {name: str(value) for name, value in parameters.items()}

    @property
    def inputs(self) -> tuple[InputRecord, ...]:
        """What was read, in the order it was first read."""
        with self._lock:
            return tuple(self._inputs.values())

    @property
    def outputs(self) -> tuple[OutputRecord, ...]:
        """What was written, in the order it was first written."""
        with self._lock:
            return tuple(self._outputs.values())

    @property
    def queries(self) -> tuple[str, ...]:
        """The texts of queries, each once."""
        with self._lock:
            return tuple(self._queries)

    @property
    def parameters(self) -> Mapping[str, str]:
        """The parameters."""
        with self._lock:
            return dict(self._parameters)
