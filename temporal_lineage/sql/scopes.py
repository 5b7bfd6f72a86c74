"""Scopes: what a column's name means at one place in a query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from temporal_lineage.sql.dependencies import Dependencies, Step, into, through, unknown
from temporal_lineage.sql.dialects import Dialect
from temporal_lineage.sql.names import Read, Word
from temporal_lineage.sql.relations import Relation, found_in, listed, unlisted


class Aliases(Enum):
    """When a name means a column of the SELECT list rather than one of FROM."""

    LAST = auto()
    """Where nothing else can have it."""
    BEFORE_UNLISTED = auto()
    """Where no table is known to have it."""
    FIRST = auto()
    """Always, as in ORDER BY."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something in FROM, by the names it can be called; `plain` has no alias of its own."""

    key: str
    names: tuple[str, ...]
    """All parts of a table's name, as compared; empty for a subquery."""
    plain: bool
    relation: Relation


class Scope:
    """The FROM of one SELECT, inside those around it."""

    def __init__(self, dialect: Dialect, parent: Scope | None, doubts: dict[str, None]) -> None:
        """Begin with nothing in FROM; doubts go to the statement's."""
        self.dialect = dialect
        self.parent = parent
        self.items: list[Item] = []
        self.merged: dict[str, tuple[Word, Dependencies]] = {}
        """Columns that USING or NATURAL made one, by key."""
        self.aliases: dict[str, Dependencies] = {}
        self.alias_use = Aliases.LAST
        self._doubts = doubts

    def resolve(self, words: Sequence[Word]) -> Dependencies:
        """Say what a name of one or more parts means; what nothing has is said to be unknown."""
        for scope in self._outwards():
            found = scope.here(words)
            if found is not None:
                if scope is not self:
                    return found
                return self._or_outer(words, found)
        for scope in self._outwards():
            found = scope.field_of_unlisted(words) or scope.row(words)
            if found is not None:
                return found
        return unknown(".".join(word.text for word in words), ())

    def here(self, words: Sequence[Word]) -> Dependencies | None:
        """Look at this FROM alone; None where it cannot have the name."""
        fold = self.dialect.casing.columns
        for n in range(len(words) - 1, 0, -1):
            item = self.item(words[:n])
            if item is None:
                continue
            outputs = listed(item.relation, words[n], fold)
            path = tuple(word.text for word in words[n + 1 :])
            if outputs:
                return into(frozenset().union(*(one.found for one in outputs)), path)
            rests = unlisted(item.relation, words[n], fold)
            if rests:
                return into(frozenset().union(*(one.named(words[n].text) for one in rests)), path)
        return self._bare(words)

    def item(self, words: Sequence[Word]) -> Item | None:
        """Find what is meant by the name before a column."""
        casing = self.dialect.casing
        if len(words) == 1:
            key = casing.columns.key(words[0])
            for one in reversed(self.items):
                if one.key == key:
                    return one
        # Names of tables are found too where an alias took their place, which some engines allow.
        keys = tuple(casing.tables.key(word).lower() for word in words)
        ends = [one for one in self.items if _ends(one.names, keys)]
        for fitting in ([one for one in ends if one.plain], ends):
            if len(fitting) == 1:
                return fitting[0]
        return None

    def field_of_unlisted(self, words: Sequence[Word]) -> Dependencies | None:
        """Take `a.b` for field b of column a of the one table whose columns are not known."""
        if len(words) == 1 or not self.dialect.dotted_fields:
            return None
        found = self._unlisted(words[0])
        if found is None:
            return None
        name = ".".join(word.text for word in words)
        self._doubt(f"{name} is taken for a field of column {words[0].text}")
        return into(found, tuple(word.text for word in words[1:]))

    def row(self, words: Sequence[Word]) -> Dependencies | None:
        """Take the name of a table for its whole row."""
        item = self.item(words)
        return None if item is None else through(item.relation.everything(), Step.TRANSFORMATION)

    def tables(self) -> Iterator[Read]:
        """Give all tables that columns here come from."""
        for item in self.items:
            yield from item.relation.tables()

    def _bare(self, words: Sequence[Word]) -> Dependencies | None:
        fold = self.dialect.casing.columns
        key = fold.key(words[0])
        path = tuple(word.text for word in words[1:])
        alias = self.aliases.get(key)
        if self.alias_use is Aliases.FIRST and alias is not None and not path:
            return alias
        if key in self.merged:
            return into(self.merged[key][1], path)
        having = [
            (item, outputs)
            for item in self.items
            if (outputs := listed(item.relation, words[0], fold))
        ]
        if len(having) > 1:
            reads = {read for item, _ in having for read in item.relation.tables()}
            return unknown(words[0].text, reads)
        if having:
            return into(frozenset().union(*(one.found for one in having[0][1])), path)
        if alias is not None and not path and self._alias_is_meant(words[0], alias):
            return alias
        return None if path else self._unlisted(words[0])

    def _alias_is_meant(self, word: Word, alias: Dependencies) -> bool:
        other = self._unlisted(word)
        if other is None or other == alias:
            return True
        if self.alias_use is Aliases.BEFORE_UNLISTED:
            self._doubt(f"{word.text} is taken for the column of that alias, not one of FROM")
            return True
        return False

    def _unlisted(self, word: Word) -> Dependencies | None:
        fold = self.dialect.casing.columns
        may = [(item, rest) for item in self.items for rest in unlisted(item.relation, word, fold)]
        if not may:
            return None
        of_tables = [(item, rest) for item, rest in may if rest.tables]
        if len(of_tables) == 1 and len(may) > 1:
            self._doubt(f"{word.text} is taken for a column of {of_tables[0][1].tables[0]}")
        if len(of_tables) == 1 or len(may) == 1:
            return (of_tables or may)[0][1].named(word.text)
        reads = {read for item, _ in may for read in item.relation.tables()}
        if not reads:
            return frozenset().union(*(found_in(rest) for _, rest in may))
        return unknown(word.text, reads)

    def _or_outer(self, words: Sequence[Word], found: Dependencies) -> Dependencies:
        """Doubt a bare name in a subquery whose table has no known columns."""
        if self.parent is None or len(words) > 1 or not self._only_by_a_rest(words[0]):
            return found
        for scope in self.parent._outwards():  # noqa: SLF001  one of us
            if scope.here(words) is not None:
                inner = " or ".join(sorted({str(one) for one in self.tables()}))
                self._doubt(
                    f"{words[0].text} is taken for a column of {inner}, inside a query that"
                    " may have one of that name too"
                )
                break
        return found

    def _only_by_a_rest(self, word: Word) -> bool:
        fold = self.dialect.casing.columns
        return not any(listed(item.relation, word, fold) for item in self.items)

    def _outwards(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def _doubt(self, text: str) -> None:
        self._doubts[text] = None


def _ends(names: tuple[str, ...], keys: tuple[str, ...]) -> bool:
    lowered = tuple(name.lower() for name in names)
    return len(keys) <= len(lowered) and lowered[-len(keys) :] == keys
