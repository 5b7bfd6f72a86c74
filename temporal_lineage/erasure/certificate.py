"""Certificates: what a verification may claim, in words that say no more than was looked at."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from temporal_lineage.erasure.case import write_new
from temporal_lineage.erasure.verify import Closure
from temporal_lineage.questions.question import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from temporal_lineage.erasure.signing import SigningKey
    from temporal_lineage.erasure.verify import ExaminedTable, VerifyAnswer
    from temporal_lineage.questions.question import Json

FORMAT = "temporal-lineage/erasure-certificate"
VERSION = 1


def certified(answer: VerifyAnswer, path: Path, key: SigningKey, *, program: str) -> VerifyAnswer:
    """Write a certificate and its signature beside it; give the answer with both named.

    Raises ExistingFileError where either is there already, and UnreadableError.
    """
    beside = path.with_name(f"{path.name}.sig")
    told = replace(answer, certificate=str(path), signature=str(beside))
    whole = as_json(told)
    body: dict[str, Json] = {
        "format": FORMAT,
        "version": VERSION,
        "program": program,
        "claim": list(claim(answer)),
        "signed_by": {"algorithm": "Ed25519", "sha256": key.fingerprint, "pem": key.public_pem},
        "question": whole["question"],
        "answer": whole["answer"],
        "doubts": whole["doubts"],
    }
    text = msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n"
    write_new(beside, key.sign(text))
    try:
        write_new(path, text)
    except Exception:
        beside.unlink(missing_ok=True)
        raise
    return told


def claim(answer: VerifyAnswer) -> Iterator[str]:
    """Say what was found, of what that is said, and of what it is not."""
    columns = ", ".join(answer.condition.columns)
    at = answer.checked_at
    rows = f"the condition over {columns}, shape {answer.condition.shape}"
    match answer.closure:
        case Closure.OPEN:
            yield f"At {at} rows that meet {rows} were found."
        case Closure.INCOMPLETE:
            yield (
                f"At {at} no row that meets {rows} was found in what was examined;"
                " not all could be examined."
            )
        case Closure.CLOSED:
            yield f"At {at} no row that meets {rows} was found, and all that is named was examined."
    for one in answer.examined:
        yield _examined(one)
    for table in answer.tables:
        if table.examined.engine:
            count = table.examined.looks["engine"]
            by = table.examined.engine
            yield f"Of {table.table} the rows of {count} files were read by {by}."
        for place in table.unexamined:
            yield f"Not examined: {place.place}: {place.reason}."
    for remaining in answer.remaining:
        yield f"Made of the rows, not searchable by value, with files still there: {remaining}."
    for product in answer.products:
        yield f"Made of the rows, and not looked into: {product}."
    yield (
        "Not examined at all: backups and older object versions that a store may keep, bounds and"
        " statistics in metadata, partition paths, rows repeated in position delete files, logs,"
        " caches, and data of which the ledger does not know."
    )


def _examined(one: ExaminedTable) -> str:
    listing = "".join(
        f"{file.path}\t{file.size_bytes}\t{file.look}\n"
        for file in sorted(one.files, key=lambda file: file.path)
    )
    digest = hashlib.sha256(listing.encode("utf-8", "backslashreplace")).hexdigest()
    size = sum(file.size_bytes for file in one.files)
    text = (
        f"Examined: {one.table} ({one.identity}) at {one.location}: {len(one.versions)} states,"
        f" {len(one.files)} files of {size} bytes, their paths, sizes and looks with SHA-256"
        f" {digest}."
    )
    if one.forgotten:
        text += f" Of {one.forgotten} states nothing tells what they were made of."
    return text
