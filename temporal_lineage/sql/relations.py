"""Relations: the columns that a table, subquery or join offers, and what each comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from temporal_lineage.sql.dependencies import (
    EVERY_COLUMN,
    NOTHING,
    ColumnSource,
    Dependencies,
    Step,
    UnknownSource,
    column,
    through,
)
from temporal_lineage.sql.names import Fold, Read, Word


@dataclass(frozen=True, slots=True)
class Output:
    """A column with a name; `key` is the name as the engine compares it."""

    name: str
    key: str
    found: Dependencies


@dataclass(frozen=True, slots=True)
class Rest:
    """Columns that nobody lists: those of tables without a schema, or of a function."""

    tables: tuple[Read, ...]
    found: Dependencies
    """What each of them comes from besides, whatever its name."""
    hidden: frozenset[str]
    """Names that are not among them."""

    def named(self, name: str) -> Dependencies:
        """Give what the column of this name comes from."""
        return frozenset().union(self.found, *(column(one, name) for one in self.tables))

    def all(self) -> Dependencies:
        """Give what they come from together."""
        return self.named(EVERY_COLUMN)


Column = Output | Rest


@dataclass(frozen=True, slots=True)
class Relation:
    """Columns in their order, and what decides which rows there are."""

    columns: tuple[Column, ...]
    whole: Dependencies

    @property
    def rests(self) -> tuple[Rest, ...]:
        """Give what is not listed."""
        return tuple(one for one in self.columns if isinstance(one, Rest))

    @property
    def closed(self) -> bool:
        """Tell whether all columns are known by name."""
        return not self.rests

    def everything(self) -> Dependencies:
        """Give what all columns come from."""
        return frozenset().union(*(found_in(one) for one in self.columns))

    def tables(self) -> tuple[Read, ...]:
        """Give the tables that columns come from, in a settled order."""
        reads: set[Read] = set()
        for one in self.everything():
            if isinstance(one.source, ColumnSource):
                reads.add(one.source.read)
            elif isinstance(one.source, UnknownSource):
                reads.update(one.source.candidates)
        return tuple(sorted(reads, key=str))


EMPTY = Relation((), NOTHING)


def found_in(one: Column) -> Dependencies:
    """Give what a column, or the rest, comes from."""
    return one.all() if isinstance(one, Rest) else one.found


def listed(relation: Relation, word: Word, fold: Fold) -> tuple[Output, ...]:
    """Find the listed columns that a name may mean.

    Where a name without quotes fits none as the engine compares, a stored name that differs in
    case alone is meant: lakes store names in a case that the engine's rule does not foresee.
    """
    key = fold.key(word)
    outputs = [one for one in relation.columns if isinstance(one, Output)]
    exact = tuple(one for one in outputs if one.key == key)
    if exact or word.quoted:
        return exact
    return tuple(one for one in outputs if one.key.lower() == word.text.lower())


def keys_of(relation: Relation, words: Iterable[Word], fold: Fold) -> frozenset[str]:
    """Give the keys that names have in a relation, and their own for what is not listed."""
    found: set[str] = set()
    for word in words:
        outputs = listed(relation, word, fold)
        found |= {one.key for one in outputs} or {fold.key(word)}
    return frozenset(found)


def unlisted(relation: Relation, word: Word, fold: Fold) -> tuple[Rest, ...]:
    """Find the rests that a name may be among."""
    key = fold.key(word)
    return tuple(one for one in relation.rests if key not in one.hidden)


def renamed(relation: Relation, words: Sequence[Word], fold: Fold) -> Relation:
    """Name the columns anew, in their order: `t (a, b)`."""
    if not words:
        return relation
    columns: list[Column] = []
    for n, word in enumerate(words):
        told = relation.columns[n] if n < len(relation.columns) else None
        if isinstance(told, Rest) or (told is None and relation.rests):
            # From here on nobody knows which column stands where.
            found = frozenset().union(*(found_in(one) for one in relation.columns[n:]), NOTHING)
            found = found or relation.rests[-1].all()
            columns += [Output(one.text, fold.key(one), found) for one in words[n:]]
            return Relation(tuple(columns), relation.whole)
        found = told.found if told is not None else NOTHING
        columns.append(Output(word.text, fold.key(word), found))
    return Relation((*columns, *relation.columns[len(words) :]), relation.whole)


def united(left: Relation, right: Relation, *, by_name: bool) -> tuple[Relation, bool]:
    """Lay two relations over each other; tells too whether it is sure what met what."""
    whole = left.whole | right.whole
    if by_name:
        return Relation(tuple(_by_name(left, right)), whole), left.closed and right.closed
    shapes = [[isinstance(one, Rest) for one in side.columns] for side in (left, right)]
    if shapes[0] == shapes[1] and sum(shapes[0]) <= 1:
        pairs = zip(left.columns, right.columns, strict=True)
        columns = tuple(_joined(one, found_in(two)) for one, two in pairs)
        return Relation(columns, whole), True
    if not (sum(shapes[0]) or sum(shapes[1])):
        pairs = zip(left.columns, right.columns, strict=False)
        kept = [_joined(one, found_in(two)) for one, two in pairs]
        return Relation((*kept, *left.columns[len(kept) :]), whole), False
    same = next(
        n
        for n in range(max(map(len, shapes)) + 1)
        if any(n >= len(shape) or shape[n] for shape in shapes)
    )
    pairs = zip(left.columns[:same], right.columns[:same], strict=True)
    above = frozenset().union(NOTHING, *(found_in(one) for one in right.columns[same:]))
    columns = (
        *(_joined(one, found_in(two)) for one, two in pairs),
        *(_joined(one, above) for one in left.columns[same:]),
    )
    return Relation(columns, whole), False


def without(relation: Relation, keys: Iterable[str]) -> Relation:
    """Leave columns out."""
    gone = frozenset(keys)
    return Relation(
        tuple(
            replace(one, hidden=one.hidden | gone) if isinstance(one, Rest) else one
            for one in relation.columns
            if isinstance(one, Rest) or one.key not in gone
        ),
        relation.whole,
    )


def deciding(relation: Relation, step: Step) -> Dependencies:
    """Say that all columns decide about the rows in this way."""
    return through(relation.everything(), step)


def _by_name(left: Relation, right: Relation) -> Iterable[Column]:
    other = {one.key: one for one in right.columns if isinstance(one, Output)}
    for one in left.columns:
        if isinstance(one, Output) and one.key in other:
            yield _joined(one, other.pop(one.key).found)
        else:
            yield one
    yield from other.values()
    yield from right.rests


def _joined(one: Column, found: Dependencies) -> Column:
    return replace(one, found=one.found | found)
