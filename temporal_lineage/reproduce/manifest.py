"""The manifest of a reproduction: every file that was written, by size, digest and fingerprint."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from temporal_lineage.reproduce.folder import CannotWriteError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from temporal_lineage.reproduce.answer import WrittenFile

MANIFEST_NAME = "manifest.json"

LOCK_NAME = "reproduction.lock.json"
"""The lock beside it says what was read."""

MANIFEST_VERSION = 1
"""Grows when a field changes its meaning."""


def manifest_text(files: Sequence[WrittenFile], *, target: str, tool: str) -> str:
    """Write a manifest: a line a file."""
    lines = [
        json.dumps(
            {
                "name": file.name,
                "address": file.address,
                "rows": file.rows,
                "size_bytes": file.size_bytes,
                "sha256": file.sha256,
                "fingerprint": file.fingerprint,
            },
            ensure_ascii=False,
        )
        for file in files
    ]
    listed = ",\n".join(f"    {line}" for line in lines)
    head = "\n".join(
        f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},"
        for name, value in (("manifest", MANIFEST_VERSION), ("tool", tool), ("target", target))
    )
    return f'{{\n{head}\n  "files": [\n{listed}\n  ]\n}}\n'


def write_text(path: Path, text: str) -> None:
    """Write a new small file that outlives a power cut. Raises CannotWriteError."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CannotWriteError.because(path.parent, error) from error
