"""Files as inputs: looked at by their content, and copied where a reproduction is written."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.availability import Gone, Live
from snapshots.errors import UnreadableError
from temporal_lineage.content import DIGEST, content_version, files_in
from temporal_lineage.keys import split_name_key
from temporal_lineage.naming import UNHARVESTED
from temporal_lineage.reproduce.answer import WrittenFile, judged

if TYPE_CHECKING:
    from temporal_lineage.reproduce.answer import ReproduceInput
    from temporal_lineage.reproduce.inputs import InputState

_HERE = "file"
_OTHER = "it holds something else now"


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file or folder that still holds what was read."""

    input: ReproduceInput
    place: Path
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LostFileInput:
    """A file or folder that is gone, or holds something else."""

    input: ReproduceInput
    doubts: tuple[str, ...]


def is_content(one: InputState) -> bool:
    """Tell whether an input is a file of this machine, its version the digest of its content."""
    return _place(one) is not None


def look_at_content(one: InputState, told: ReproduceInput) -> SeenFile | LostFileInput:
    """Give the verdict on a file: it is live while its content has the digest it had."""
    return look_at_place(_place(one), one.version, told)


def look_at_place(
    place: Path | None, version: str, told: ReproduceInput
) -> SeenFile | LostFileInput:
    """Give the verdict on the file or folder in a place; None where there is no such place."""
    if place is None or not place.exists():
        return LostFileInput(judged(told, Gone((str(place),), 1, None, None)), ())
    try:
        now = content_version(place)
    except UnreadableError as error:
        return LostFileInput(judged(told, Gone((str(place),), 1, None, error.reason)), ())
    if now != version:
        return LostFileInput(judged(told, Gone((str(place),), 1, None, _OTHER)), ())
    files = files_in(place)
    described = replace(
        told,
        location=str(place),
        files=len(files),
        size_bytes=sum(file.stat().st_size for file in files),
    )
    return SeenFile(judged(described, Live()), place, ())


def copy_content(one: SeenFile, path: Path) -> WrittenFile:
    """Copy a file or folder as it was read. Raises UnreadableError where it changed meanwhile."""
    if one.place.is_dir():
        shutil.copytree(one.place, path)
    else:
        shutil.copyfile(one.place, path)
    copied = content_version(path)
    if copied != one.input.version:
        advice = "stop whoever writes it, and try again"
        raise UnreadableError(str(one.place), "it changed while it was copied", advice)
    size = sum(file.stat().st_size for file in files_in(path))
    digest = copied.removeprefix(DIGEST)
    return WrittenFile(path.name, one.input.address, None, size, digest, None)


def _place(one: InputState) -> Path | None:
    if not (one.version.startswith(DIGEST) and one.identity.startswith(UNHARVESTED)):
        return None
    namespace, name = split_name_key(one.identity.removeprefix(UNHARVESTED))
    return Path(name) if namespace == _HERE else None
