"""Carrying rows over: whose rows the files hold that a commit brought in. DESIGN 4.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.files import FileContent
from snapshots.lives import Origin, Origins
from snapshots.records import dataclass
from snapshots.snapshot import Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from snapshots.files import AddedFile, DataFile
    from snapshots.lives import FileLife

_NOBODY = Origins(frozenset(), frozenset())
_BEFORE_HISTORY = Origins(frozenset({None}), frozenset())
_MAYBE_BEFORE_HISTORY = Origins(frozenset(), frozenset({None}))


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What a commit had to work with besides its own rows.

    `snapshot_id` is the state it made. `removed` are the paths of the data files it took away,
    and whose rows they then held; `strangers` tells of removed files that nobody knew. `masked`
    tells whether the state it made has delete files that may hide rows of any file. `first_life`
    gives the earliest life of a file by its key, None where it had none.
    """

    snapshot_id: int
    removed: Sequence[tuple[str, Origins]]
    strangers: bool
    masked: bool
    first_life: Callable[[str], FileLife | None]


def effect_on_rows(told: Effect, added: Sequence[AddedFile], removed: Sequence[FileLife]) -> Effect:
    """Give what a commit did to the rows: what it says, unless its files say otherwise.

    A compaction that writes nothing in the place of a file kept no row of it: there was none
    left. An append that removes data files, or a commit of metadata that changes any, did
    something else.
    """
    came = {one.file.path for one in added if _holds_rows(one.file)}
    went = {one.file.path for one in removed if _holds_rows(one.file)}
    if told is Effect.REPLACE and went - came and not came - went:
        return Effect.OVERWRITE
    if (told is Effect.APPEND and went) or (told is Effect.NOTHING and (went or came)):
        return Effect.UNKNOWN
    return told


def origins_of_added(
    effect: Effect, added: Sequence[AddedFile], inheritance: Inheritance
) -> list[Origins]:
    """Give the origins of each file that a commit added to its parent's state."""
    match effect:
        case Effect.REPLACE | Effect.REWRITE | Effect.UNKNOWN:
            return _carried(effect, added, inheritance)
        case Effect.RESTORE:
            return [_restored(one, inheritance) for one in added]
        case _:
            return [_written(one.origin) if _holds_rows(one.file) else _NOBODY for one in added]


def origins_of_first(
    effect: Effect, added: Sequence[AddedFile], inheritance: Inheritance
) -> list[Origins]:
    """Give the origins of every file of a state whose parent nobody remembers."""
    own = inheritance.snapshot_id
    match effect:
        case Effect.REPLACE | Effect.RESTORE:
            return [_restored(one, inheritance) for one in added]
        case Effect.REWRITE | Effect.UNKNOWN:
            written = _written(own, [_MAYBE_BEFORE_HISTORY])
        case _:
            written = _written(own)
    mine = [one.origin == own and _holds_rows(one.file) for one in added]
    return [
        written if is_mine else _restored(one, inheritance)
        for one, is_mine in zip(added, mine, strict=True)
    ]


def _carried(effect: Effect, added: Sequence[AddedFile], inheritance: Inheritance) -> list[Origins]:
    """Pass rows of the removed files on to the added ones.

    A file that comes back under another mask holds rows of itself alone. Every other added file
    may hold rows of every removed one; but where rows were changed, those that a new mask hides
    were deleted, or written anew by this commit.
    """
    removed = inheritance.removed
    by_path = dict(removed)
    again = {one.file.path for one in added if _holds_rows(one.file) and one.file.path in by_path}
    fresh = [one for one in added if _holds_rows(one.file) and one.file.path not in again]
    left_out = again if effect is Effect.REWRITE else frozenset()
    # Each set once: thousands of files share a few.
    carried = list(dict.fromkeys(origins for path, origins in removed if path not in left_out))
    if inheritance.strangers:
        carried.append(_MAYBE_BEFORE_HISTORY)
    compacted = _compacted(carried, into=len(fresh) + len(again))
    rewritten: dict[Origin, Origins] = {}
    found = []
    for one in added:
        if not _holds_rows(one.file):
            origins = _NOBODY
        elif one.file.path in again:
            origins = by_path[one.file.path]
            rows_left = one.file.rows is not None and one.file.rows > 0
            of_one = rows_left and len(origins.sure) == 1 and not origins.possible
            if not of_one and (effect is not Effect.REPLACE or fresh):
                origins = origins.doubted()
        elif effect is Effect.REPLACE:
            origins = compacted
        else:
            if one.origin not in rewritten:
                rewritten[one.origin] = _written(one.origin, carried)
            origins = rewritten[one.origin]
        found.append(origins)
    return found


def _compacted(removed: Sequence[Origins], *, into: int) -> Origins:
    """Give what each file holds that a compaction wrote.

    One file got every row there was. Of several, each got some rows, surely of a certain commit
    only where all rows were of that one. The state as a whole still has the rows of every commit.
    """
    everyone = _all(removed)
    sure: frozenset[Origin] = frozenset().union(*(origins.sure for origins in removed))
    if not everyone:
        return _BEFORE_HISTORY  # rows that stayed, of files nobody knew
    if into > 1 and len(everyone) > 1:
        sure = frozenset()
    return Origins(sure, everyone - sure)


def _restored(one: AddedFile, inheritance: Inheritance) -> Origins:
    """Give what a file holds that an earlier commit wrote: what it held in its first life.

    Without one, its writer is sure; whether it wrote the rows too, or compacted those of others,
    nobody knows. Delete files may mask all of any commit's rows: whose is not recorded here.
    """
    if not _holds_rows(one.file):
        return _NOBODY
    before = inheritance.first_life(one.file.key)
    if before is not None:
        origins = before.origins
    elif one.origin in (None, inheritance.snapshot_id):
        origins = _BEFORE_HISTORY
    else:
        origins = _written(one.origin, [_MAYBE_BEFORE_HISTORY])
    return origins.doubted() if inheritance.masked else origins


def _written(origin: Origin, carried: Iterable[Origins] = ()) -> Origins:
    return Origins(frozenset({origin}), _all(carried) - {origin})


def _all(origins: Iterable[Origins]) -> frozenset[Origin]:
    found: set[Origin] = set()
    for one in origins:
        found |= one.sure
        found |= one.possible
    return frozenset(found)


def _holds_rows(file: DataFile) -> bool:
    return file.content is FileContent.DATA and file.rows != 0
