"""Claims: the bodies of facts, as JSON texts that every version of this tool can read back."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from snapshots.instant import Instant
from snapshots.records import dataclass
from temporal_lineage.plain_claims import plain_reader

if TYPE_CHECKING:
    import msgspec

C = TypeVar("C")

PLAINLY_READ_MAX = 1_000
"""How many claims are read before it is worth loading msgspec, which reads eight times as fast."""


@dataclass(frozen=True, slots=True)
class AliasClaim:
    """A name means this dataset; the identity is the dataset node's name."""

    identity: str


@dataclass(frozen=True, slots=True)
class NamedClaim:
    """A catalog lists this dataset under that name; `first_seen` is when a harvest first saw so."""

    catalog: str
    first_seen: Instant


@dataclass(frozen=True, slots=True)
class LookClaim:
    """A harvest looked at a table, or at all tables that a catalog lists, but for `failed`."""

    looked_at: Instant
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AbsenceClaim:
    """A catalog no longer lists a table; `last_seen` is None where nobody noted when it did."""

    last_seen: Instant | None
    first_missed: Instant


@dataclass(frozen=True, slots=True)
class SettledClaim:
    """A name means this dataset because somebody said so; `why` is empty where they did not."""

    identity: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class TableClaim:
    """What a harvested table is, where it lies, and how people call it."""

    format: str
    uuid: str
    location: str
    address: str
    features: tuple[str, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunClaim:
    """What is known of a run; None where no event said so."""

    job: str
    state: str
    started: Instant | None
    ended: Instant | None
    parent: str | None
    producer: str | None
    engine: str | None
    code: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class FlowClaim:
    """A job moves data between two datasets or columns; `how` names transformations, if known.

    `by` is what told it where that is not an event: `sql`.
    """

    jobs: tuple[str, ...]
    how: tuple[str, ...]
    by: tuple[str, ...]


def encode(claim: object) -> str:
    """Write a claim; equal claims give equal texts."""
    import msgspec

    return msgspec.json.encode(claim, order="deterministic").decode()


def decode(kind: type[C], body: str) -> C:
    """Read a claim back."""
    if next(_first_few, None) is not None:
        result: C = _plain_decoder(cast("Hashable", kind))(body)
    else:
        result = _decoder(cast("Hashable", kind)).decode(body)
    return result


_first_few = iter(range(PLAINLY_READ_MAX))
"""One for each claim that this process still reads plainly."""


@cache
def _plain_decoder(kind: Hashable) -> Callable[[str], Any]:
    from json import loads

    read = plain_reader(kind)
    return lambda body: read(loads(body))


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    import msgspec

    return msgspec.json.Decoder(cast("Any", kind))
