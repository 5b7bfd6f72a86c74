"""Version facets: texts that may be snapshot ids or Delta versions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from snapshots.snapshot import Snapshot
from temporal_lineage.capture.openlineage_events import DatasetMention

_NUMBER = re.compile(r"[+-]?\d{1,20}")


def number_of(version: str) -> int | None:
    """Read a snapshot id or Delta version; None for any other text.

    >>> number_of(" 12 "), number_of("v3")
    (12, None)
    """
    text = version.strip()
    return int(text) if _NUMBER.fullmatch(text) and text.isascii() else None


def version_texts(mentions: Iterable[DatasetMention]) -> tuple[str, ...]:
    """Give the versions told, each once, oldest first."""
    return tuple(dict.fromkeys(one.version for one in mentions if one.version is not None))


def committed(snapshot: Snapshot) -> str:
    """Say when a snapshot was committed."""
    return f"committed at {snapshot.committed_at}"
