"""Cases: what one erasure is about and what a trace found, as a file that stands alone.

The value that is searched for is not in it, unless somebody says so: a condition is kept as its
columns, its shape, and a digest that only who knows the value can make again. The digest is slow
to make on purpose; it still does not hide a value that is one of few from who tries them all.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from snapshots.errors import TemporalLineageError, UnreadableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = "temporal-lineage/erasure-case"
VERSION = 1
_SALT_BYTES = 16
_LITERAL = re.compile(r"'(?:[^']|'')*'|(?<![\w\"])[-+]?\d[\d.eE+-]*|\btrue\b|\bfalse\b")
_QUOTED = re.compile(r'("(?:[^"])*")')
_ADVICE = "name a file that `tl erasure trace --case FILE` wrote"


class OtherConditionError(UsageError):
    """A condition that is not the one of the case."""

    def __init__(self, case: str, shape: str) -> None:
        """Keep the case, and the shape of the condition that it is about."""
        self.case = case
        self.shape = shape
        super().__init__(
            f"the condition is not that of case {case}; give the one it was opened with: {shape}"
        )


class ExistingFileError(TemporalLineageError):
    """A file that would be overwritten, and is evidence of something."""

    def __init__(self, path: Path) -> None:
        """Keep the path."""
        self.path = path
        super().__init__(f"{path} is there already and is kept; name another file")


@dataclass(frozen=True, slots=True)
class SealedCondition:
    """A condition without its values.

    `digest` is of the condition as it is written in one way, by scrypt with `salt`. `text` is the
    condition itself, null unless somebody wanted it kept.
    """

    columns: tuple[str, ...]
    shape: str
    salt: str
    digest: str
    text: str | None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file that held matching rows."""

    path: str
    role: str
    size_bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class CaseTable:
    """A table as the trace found it; `names` are the condition's columns under its own names.

    `states` held rows, by version; for a table that was fed they were made of such.
    """

    table: str
    identity: str
    location: str
    relation: str
    names: dict[str, tuple[str, ...]]
    states: tuple[str, ...]
    files: tuple[CaseFile, ...]
    unexamined: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One erasure: what was asked, when, and what was found."""

    format: str
    version: int
    case: str
    opened_at: str
    as_of: str
    as_known: str
    asked: tuple[str, ...]
    condition: SealedCondition
    tables: tuple[CaseTable, ...]
    products: tuple[str, ...]


def sealed(
    where: str, columns: Iterable[str], *, salted_by: str, keep_value: bool
) -> SealedCondition:
    """Keep a condition without its values; `salted_by` is said of no other case."""
    salt = hashlib.sha256(salted_by.encode()).hexdigest()[: 2 * _SALT_BYTES]
    text = where if keep_value else None
    return SealedCondition(tuple(columns), _shape(where), salt, _digest(where, salt), text)


def check_condition(case: Case, where: str | None) -> str:
    """Give the condition of a case. Raises OtherConditionError where another is given, or none."""
    condition = case.condition
    where = condition.text if where is None else where
    if where is None or not hmac.compare_digest(_digest(where, condition.salt), condition.digest):
        raise OtherConditionError(case.case, condition.shape)
    return where


def read_case(path: Path) -> Case:
    """Read a case. Raises UnreadableError where the file is none."""
    try:
        case = msgspec.json.decode(path.read_bytes(), type=Case)
    except OSError as error:
        raise UnreadableError(str(path), error.strerror or str(error), _ADVICE) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(str(path), f"it is no case: {error}", _ADVICE) from error
    if (case.format, case.version) != (FORMAT, VERSION):
        reason = f"it is {case.format} of version {case.version}, not {FORMAT} of {VERSION}"
        raise UnreadableError(str(path), reason, _ADVICE)
    return case


def write_case(case: Case, path: Path) -> None:
    """Write a case into a new file."""
    body = msgspec.json.format(msgspec.json.encode(case), indent=2)
    write_new(path, body + b"\n")


def check_new(path: Path) -> None:
    """Refuse a place for a new file. Raises ExistingFileError, and UnreadableError."""
    if path.exists():
        raise ExistingFileError(path)
    if not path.parent.is_dir():
        raise UnreadableError(str(path.parent), "there is no such folder", "name one that is there")


def write_new(path: Path, body: bytes) -> None:
    """Write a new file whole or not at all. Raises ExistingFileError, and UnreadableError."""
    check_new(path)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(body)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise UnreadableError(str(path), reason, "name a file that can be written") from error


def paths_that_tell(where: str, paths: Iterable[str]) -> int:
    """Count the paths that hold a value of a condition, as those of partitioned files do."""
    told = {one.strip("'") for one in _LITERAL.findall(_written(where))}
    return sum(1 for path in paths if any(f"={one}/" in path for one in told if one))


def _written(where: str) -> str:
    """Write a condition in one way, whatever its blanks and quotes."""
    from catalogs.row_filter import renamed

    return renamed(where, {})


def _shape(where: str) -> str:
    parts = _QUOTED.split(_written(where))
    return "".join(
        part if place % 2 else _LITERAL.sub("?", part) for place, part in enumerate(parts)
    )


def _digest(where: str, salt: str) -> str:
    # 32 MiB and a tenth of a second a guess.
    made = hashlib.scrypt(
        _written(where).encode(), salt=bytes.fromhex(salt), n=1 << 15, r=8, p=1, maxmem=64 << 20
    )
    return made.hex()
