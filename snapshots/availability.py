"""Availability: the verdict on reading a past state. DESIGN 4.5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.files import AlteredFile, FileContent
from snapshots.instant import Instant
from snapshots.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.files import DataFile


NAMED_MAX = 1_000
"""How many missing files a verdict names; it counts all of them."""


@dataclass(frozen=True, slots=True)
class Live:
    """The table lists the state and every file of it was found."""


@dataclass(frozen=True, slots=True)
class Protected:
    """Live, and a ref keeps it; `until` is FOREVER where the ref has no age limit."""

    ref: str
    until: Instant


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Live, but the table's own retention policy takes it from `since` on."""

    policy: str
    since: Instant


@dataclass(frozen=True, slots=True)
class PolicyBlocked:
    """The files are there; a policy forbids reading them."""

    policy: str


@dataclass(frozen=True, slots=True)
class Recoverable:
    """The table no longer lists the state, but every file of it was found; `how` says the way."""

    how: str


@dataclass(frozen=True, slots=True)
class Partial:
    """Some files of the state are missing: `lost` of them, of which `missing` names the first."""

    missing: tuple[str, ...]
    lost: int
    of: int
    since: Instant | None
    """The instant of the act that took them; None where no act is known."""
    act: str | None
    """The commit that took them, in words; None where no act is known."""


@dataclass(frozen=True, slots=True)
class LogTruncated:
    """The log that would define the state was cleaned up; `first` is the oldest readable one."""

    first: int


@dataclass(frozen=True, slots=True)
class Gone:
    """Nothing of the state's rows can be read any more.

    `lost` files of it are missing, of which `missing` names the first; 0 where nobody knows them.
    """

    missing: tuple[str, ...]
    lost: int
    since: Instant | None
    """The instant of the act that took them; None where no act is known."""
    act: str | None
    """The commit that took them, in words; None where no act is known."""


@dataclass(frozen=True, slots=True)
class Erased:
    """The state was removed on purpose to honour an erasure case."""

    case: str


@dataclass(frozen=True, slots=True)
class Unverified:
    """Nobody could look; `reason` says why."""

    reason: str


Availability = (
    Live
    | Protected
    | AtRisk
    | PolicyBlocked
    | Recoverable
    | Partial
    | LogTruncated
    | Gone
    | Erased
    | Unverified
)


@dataclass(frozen=True, slots=True)
class MadeOf:
    """How many files a state is made of, delete files included, and how many hold its rows."""

    files: int
    data_files: int

    @classmethod
    def these(cls, files: Sequence[DataFile]) -> MadeOf:
        """Count them."""
        return cls(len(files), sum(file.content is FileContent.DATA for file in files))


@dataclass(frozen=True, slots=True)
class Missing:
    """The files of a state that are not there as they were committed, and the first by name.

    `counted` are those that are not there at all, `altered` those of another size.
    """

    counted: MadeOf
    altered: int
    named: tuple[DataFile, ...]

    @classmethod
    def these(cls, files: Sequence[DataFile]) -> Missing:
        """Count them, and name as many as a verdict does."""
        absent = [one for one in files if not isinstance(one, AlteredFile)]
        altered = len(files) - len(absent)
        return cls(MadeOf.these(absent), altered, tuple(files[:NAMED_MAX]))

    def absent_paths(self) -> tuple[str, ...]:
        """Give the paths of those named that are not there."""
        return tuple(one.path for one in self.named if not isinstance(one, AlteredFile))

    def altered_paths(self) -> tuple[str, ...]:
        """Give the paths of those named that are of another size."""
        return tuple(one.path for one in self.named if isinstance(one, AlteredFile))


def availability(
    *,
    now: Instant,
    listed: bool,
    found_in: str | None,
    made_of: MadeOf,
    missing: Missing,
    protecting: Sequence[Protected],
    risk: AtRisk | None,
    loss: tuple[Instant | None, str | None],
) -> Availability:
    """Judge a state by what was found of it. DESIGN 4.5.

    `listed` tells whether the table itself still has it; `found_in` says where else its file
    list was found, None where nowhere. `missing` are the files of it that are not there, each
    once. `protecting` are the refs that name it, `risk` is what its table's policy will do, and
    `loss` since when and by whose act it is no longer whole, as far as is known.

    Missing files outweigh everything, and altered ones all but these; a ref protects while it is
    not past its age, and as long as the policy would.
    """
    since, act = loss
    lost = missing.counted
    if lost.files:
        paths = missing.absent_paths()
        if made_of.data_files and lost.data_files == made_of.data_files:
            return Gone(paths, lost.files, since, act)
        return Partial(paths, lost.files, made_of.files, since, act)
    if missing.altered:
        # Somebody rewrote them, or their size was recorded wrong: their rows may be the same.
        first = "".join(f"; {path}" for path in missing.altered_paths()[:1])
        count = f"{missing.altered} of {made_of.files} files"
        return Unverified(f"{count} have another size than was recorded{first}")
    if listed:
        return _while_listed(protecting, risk, now=now)
    if found_in is not None:
        return Recoverable(found_in)
    return Unverified(f"no list of its files was found{f'; {act}' if act else ''}")


def _while_listed(
    protecting: Sequence[Protected], risk: AtRisk | None, *, now: Instant
) -> Availability:
    longest = max(protecting, key=lambda one: (one.until, one.ref), default=None)
    if longest and longest.until > now and (risk is None or longest.until >= risk.since):
        return longest
    return risk or Live()
