"""The protocol: which reader versions and table features are understood; others are refused."""

from __future__ import annotations

from catalogs.delta.actions import Protocol
from snapshots.errors import UnsupportedError

READER_VERSION_MAX = 3
MANAGED = frozenset({"catalogManaged", "coordinatedCommits-preview", "managedCommits-preview"})
"""Features of tables whose newest commits may wait in a folder until a catalog publishes them."""

# Names a reader must know before it may trust what it replays. A writer's features change nothing
# for a reader, so any of them will do. `catalogOwned` was a preview with rules of its own.
_READER_FEATURES = frozenset(
    {
        "catalogManaged",
        "columnMapping",
        "deletionVectors",
        "geospatial",
        "timestampNtz",
        "typeWidening",
        "typeWidening-preview",
        "v2Checkpoint",
        "vacuumProtocolCheck",
        "variantShredding",
        "variantShredding-preview",
        "variantType",
        "variantType-preview",
    }
)


def check(protocol: Protocol, *, location: str) -> None:
    """Raise UnsupportedError where the table asks of its readers what this one does not have."""
    unknown = sorted(set(protocol.reader_features or ()) - _READER_FEATURES)
    if protocol.min_reader_version > READER_VERSION_MAX:
        needs = f"reader version {protocol.min_reader_version}"
        if unknown:
            needs += f" and the reader features {', '.join(unknown)}"
        raise UnsupportedError(
            location, needs, f"reader versions up to {READER_VERSION_MAX} are; use a newer reader"
        )
    if unknown:
        needs = f"the reader feature{'s' if len(unknown) > 1 else ''} {', '.join(unknown)}"
        advice = "read it with a reader that has it, or drop the feature from the table"
        raise UnsupportedError(location, needs, advice)


def features(protocol: Protocol) -> tuple[str, ...]:
    """Name the protocol versions and table features, as the format does."""
    named = {*(protocol.reader_features or ()), *(protocol.writer_features or ())}
    return (
        f"minReaderVersion={protocol.min_reader_version}",
        f"minWriterVersion={protocol.min_writer_version}",
        *sorted(named),
    )
