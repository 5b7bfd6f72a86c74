"""Kept logs: of the log files that were kept of a table, those that lead to its states as known.

A log can be rewritten: taken back to an older version, and gone on from there. Then one name was
kept with several contents, and what was kept before the last of them at or after that version
belongs to commits that are no more. Nothing is rebuilt from a mix of both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from catalogs.delta.segment import version_named
from catalogs.table import RawCommit


def as_known(kept: Sequence[RawCommit]) -> dict[str, bytes]:
    """Give the bytes by name, in the order they were kept; files of rewritten commits left out."""
    places: dict[str, dict[bytes, int]] = defaultdict(dict)
    for place, one in enumerate(kept):
        places[one.witness].setdefault(one.body, place)
    rewritten = {
        name: version
        for name, bodies in places.items()
        if len(bodies) > 1 and (version := version_named(name)) is not None
    }
    if not rewritten:
        return {one.witness: one.body for one in kept}
    first = min(rewritten.values())
    since = max(
        place
        for name, version in rewritten.items()
        if version == first
        for place in places[name].values()
    )
    found: dict[str, bytes] = {}
    for name, bodies in places.items():
        version = version_named(name)
        if version is not None and version >= first:
            bodies = {body: place for body, place in bodies.items() if place >= since}  # noqa: PLW2901 - the others are of commits that are no more
        if len(bodies) == 1:
            (found[name],) = bodies
    return found


def still_kept(names: Iterable[str], *, upto: int) -> frozenset[str]:
    """Give those of the kept names that are of versions up to one: later ones may come anew."""
    versions = {name: version_named(name) for name in names}
    return frozenset(name for name, one in versions.items() if one is None or one <= upto)
