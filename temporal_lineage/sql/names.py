"""Names in SQL: identifiers, tables and files, and when two spellings are one name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from temporal_lineage.evidence.pin_values import Pin

_PLAIN = re.compile(r"[\w$#@-]+")


@dataclass(frozen=True, slots=True)
class Word:
    """An identifier as it was written, without its quotes."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """A table or view, by the parts of its name as the text first spelled them."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        """Join the parts, quoting what would not read back."""
        return ".".join(
            part if _PLAIN.fullmatch(part) else '"{}"'.format(part.replace('"', '""'))
            for part in self.parts
        )


@dataclass(frozen=True, slots=True, order=True)
class FilePath:
    """A file, folder or stage that is read or written as a table."""

    path: str

    def __str__(self) -> str:
        """Give the path as it stands."""
        return self.path


Place = TableName | FilePath


@dataclass(frozen=True, slots=True)
class Read:
    """A table or file that is read; `pin` is None where the newest state is meant."""

    place: Place
    pin: Pin | None

    def __str__(self) -> str:
        """Give the place, and the pin as the text has it."""
        return str(self.place) if self.pin is None else f"{self.place} [{self.pin.text}]"


class Fold(Enum):
    """How an engine compares names."""

    LOWER = auto()
    UPPER = auto()
    IGNORED = auto()
    """Even where they are quoted."""
    EXACT = auto()

    def key(self, word: Word) -> str:
        """Give the text under which a name is compared with others.

        >>> Fold.UPPER.key(Word("Id", quoted=False)), Fold.UPPER.key(Word("Id", quoted=True))
        ('ID', 'Id')
        """
        match self:
            case Fold.IGNORED:
                return word.text.lower()
            case Fold.LOWER:
                return word.text if word.quoted else word.text.lower()
            case Fold.UPPER:
                return word.text if word.quoted else word.text.upper()
            case Fold.EXACT:
                return word.text


@dataclass(frozen=True, slots=True)
class Casing:
    """How an engine compares the names of columns (and aliases), and those of tables."""

    columns: Fold
    tables: Fold
