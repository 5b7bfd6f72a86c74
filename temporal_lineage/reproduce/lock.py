"""The lock of a reproduction: what was read, down to the files, and what was written.

It stands alone: nothing in it needs this ledger to be understood. `target`, `as_of` and `as_known`
are the question, `made_by` is the run behind it or null. Each of `inputs` names a state of a table
(`address`, `identity`, `format`, `location`, `version`), the `metadata` file that defines it, its
`schema` by field id, the `portion` that was taken of it (columns and condition, null for all), how
many `rows` that is, the set of its `files` by digest, how it is `known` to have been read, the
`verdict`, and the file `written`, with its own digest. An input that is a file has no schema, rows
or metadata, and is copied. Versions are text: a snapshot id is
too long for the numbers of many JSON readers.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from temporal_lineage.reproduce.folder import CannotWriteError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from catalogs.table import TableState
    from snapshots.files import DataFile
    from snapshots.schema import SchemaVersion
    from temporal_lineage.linking.taken import TakenPortion
    from temporal_lineage.questions.question import Json, Question
    from temporal_lineage.reproduce.answer import Known, MadeBy, ReproduceInput, WrittenFile

LOCK_NAME = "reproduction.lock.json"

LOCK_VERSION = 1
"""Grows when a field changes its meaning."""


def lock_text(
    *,
    target: str,
    question: Question,
    made_by: MadeBy | None,
    inputs: Sequence[Json],
    tool: str,
) -> str:
    """Write a lock: the same reproduction gives the same text, a line a value."""
    as_of = question.as_of
    body: dict[str, Json] = {
        "lock": LOCK_VERSION,
        "tool": tool,
        "target": target,
        "as_of": as_of.valid.isoformat(),
        "as_known": as_of.system.isoformat(),
        "made_by": _made_by(made_by),
        "inputs": list(inputs),
    }
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def locked_input(
    one: ReproduceInput,
    state: TableState,
    metadata: str | None,
    taken: TakenPortion | None,
    written: WrittenFile,
) -> Json:
    """Give an input's part of the lock; `metadata` names the file that defines the state.

    `taken` is what the file holds of it, None for all.
    """
    return {
        "address": one.address,
        "identity": one.identity,
        "format": one.format,
        "location": one.location,
        "version": one.version,
        "metadata": metadata,
        "schema": _schema(state.schema),
        "portion": _portion(taken),
        "rows": written.rows,
        "files": {
            "count": len(state.files),
            "size_bytes": sum(file.size_bytes for file in state.files),
            "sha256": file_set_digest(state.files),
        },
        "known": _known(one.known),
        "verdict": one.verdict,
        "written": {
            "name": written.name,
            "rows": written.rows,
            "size_bytes": written.size_bytes,
            "sha256": written.sha256,
        },
    }


def locked_file(one: ReproduceInput, written: WrittenFile) -> Json:
    """Give the part of the lock of a file or folder that was copied: it has no schema or rows."""
    return {
        "address": one.address,
        "identity": one.identity,
        "format": None,
        "location": one.location,
        "version": one.version,
        "metadata": None,
        "schema": None,
        "portion": None,
        "rows": None,
        "files": {
            "count": one.files,
            "size_bytes": one.size_bytes,
            "sha256": written.sha256,
        },
        "known": _known(one.known),
        "verdict": one.verdict,
        "written": {
            "name": written.name,
            "rows": None,
            "size_bytes": written.size_bytes,
            "sha256": written.sha256,
        },
    }


def file_set_digest(files: Sequence[DataFile]) -> str:
    """Digest the set of files of a state: SHA-256 over one line a file, the lines sorted.

    A line is the JSON array of key, size in bytes and content, without spaces, in ASCII. Equal
    digests mean the same bytes, as far as names and sizes tell.

    >>> file_set_digest([])[:8]
    'e3b0c442'
    """
    lines = sorted(
        json.dumps([file.key, file.size_bytes, file.content.value], separators=(",", ":"))
        for file in files
    )
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def write_lock(folder: Path, text: str) -> None:
    """Write the lock into the folder. Raises CannotWriteError."""
    try:
        with (folder / LOCK_NAME).open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CannotWriteError.because(folder, error) from error


def _schema(schema: SchemaVersion) -> Json:
    return {
        "id": schema.schema_id,
        "fields": [
            {
                "id": field.field_id,
                "name": field.path,
                "type": field.type,
                "required": field.required,
            }
            for field in schema.fields
        ],
    }


def _portion(taken: TakenPortion | None) -> Json:
    if taken is None or taken.portion.whole:
        return None
    columns: list[Json] | None = None if taken.columns is None else [*taken.columns]
    return {"columns": columns, "where": taken.where}


def _made_by(made_by: MadeBy | None) -> Json:
    if made_by is None:
        return None
    return {"run": made_by.run, "job": made_by.job, "known": _known(made_by.known)}


def _known(known: Known) -> Json:
    return {"grade": known.grade, "method": known.method, "witness": known.witness}
