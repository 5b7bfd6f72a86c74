"""Moved places: prefixes of recorded paths, and where what lay under them lies now.

They are told by whoever moved the files, as the catalog property `relocate`: pairs OLD=NEW,
separated by commas. So they go wherever a catalog's other properties go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from catalogs.storage import is_local, local_path
from snapshots.errors import UnreadableError, UsageError

PROPERTY = "relocate"
SCHEMES = {"s3a": "s3", "s3n": "s3"}
"""Schemes of one storage that writers spell in several ways."""


class Moved:
    """Finds paths by the longest prefix that was told of them."""

    def __init__(self, pairs: Mapping[str, str]) -> None:
        """Take the new place of each old prefix."""
        told = ((normal(old), new.rstrip("/") or "/") for old, new in pairs.items())
        self._told = sorted(told, key=lambda pair: len(pair[0]), reverse=True)

    def find(self, recorded: str) -> str | None:
        """Give where a recorded path lies now; None where nobody said."""
        path = normal(recorded)
        for old, new in self._told:
            if path == old:
                return new
            rest = below(path, old)
            if rest is not None:
                return f"{new}/{rest}"
        return None

    def leads_to(self, path: str) -> bool:
        """Tell whether a path lies where something was moved to."""
        return any(path == new or below(path, new) is not None for _, new in self._told)


def moved_by(properties: Mapping[str, str]) -> Moved:
    """Read the moved places out of a catalog's properties. Raises UsageError."""
    told = properties.get(PROPERTY, "")
    return Moved(pairs_of(one for one in told.split(",") if one.strip()))


def pairs_of(texts: Iterable[str]) -> dict[str, str]:
    """Read pairs OLD=NEW. Raises UsageError for a text that is none.

    >>> pairs_of(["s3://lake/orders=/mnt/copy/orders"])
    {'s3://lake/orders': '/mnt/copy/orders'}
    """
    pairs: dict[str, str] = {}
    for text in texts:
        old, mark, new = (part.strip() for part in text.partition("="))
        if not (mark and old and new) or "," in text:
            message = (
                f"{text!r} is not OLD=NEW; write the prefix that the metadata records, and where"
                " its files lie now: s3://lake/orders=/mnt/copy/orders (no commas)"
            )
            raise UsageError(message)
        if pairs.get(old, new) != new:
            raise UsageError(f"{old} cannot have moved to {pairs[old]} and to {new}; tell one")
        pairs[old] = new
    return pairs


def property_of(pairs: Mapping[str, str]) -> str:
    """Write moved places as a property, as `moved_by` reads it."""
    return ",".join(f"{old}={new}" for old, new in sorted(pairs.items()))


def with_moved(properties: Mapping[str, str], pairs: Mapping[str, str]) -> dict[str, str]:
    """Add moved places to those a catalog's properties tell already, which go first."""
    if not pairs:
        return dict(properties)
    own = properties.get(PROPERTY, "")
    known = pairs_of(one for one in own.split(",") if one.strip())
    return {**properties, PROPERTY: property_of({**pairs, **known})}


def normal(location: str) -> str:
    """Write a location one way: plain paths for local files, s3 for s3a and s3n, no ending slash.

    >>> normal("s3a://lake/orders/"), normal("file:/lake/orders"), normal("./orders")
    ('s3://lake/orders', '/lake/orders', 'orders')
    """
    if is_local(location):
        try:
            location = local_path(location)
        except UnreadableError:
            # file://folder/... is no machine called `folder`: somebody forgot a slash.
            location = location.partition("://")[2]
        while location.startswith("./"):
            location = location[2:]
    else:
        scheme, _, rest = location.partition("://")
        location = f"{SCHEMES.get(scheme.lower(), scheme.lower())}://{rest}"
    return location.rstrip("/") or "/"


def below(path: str, prefix: str) -> str | None:
    """Give the part of a path below a prefix; None where it is not there."""
    return path[len(prefix) + 1 :] if path.startswith(prefix + "/") else None
