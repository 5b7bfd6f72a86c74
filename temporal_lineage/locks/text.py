"""The text of a lock: JSON, a line a value, the same for the same lock; and its strict reading.

docs/lock.md describes it. What a lock says was written by others: nothing of it is taken on trust.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from snapshots.dataset import TableFormat
from snapshots.errors import TemporalLineageError
from snapshots.fingerprint import Fingerprint
from snapshots.instant import Instant
from temporal_lineage.content import DIGEST
from temporal_lineage.locks.lock import (
    LOCK_VERSION,
    Lock,
    LockedContent,
    LockedInput,
    LockedPortion,
    LockedRun,
    LockedState,
)
from temporal_lineage.locks.pieces import unpacked
from temporal_lineage.reproduce.answer import MadeBy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE_BYTES_MAX = 64 * 1024 * 1024
DEPTH_MAX = 16
_WIDTH = 96
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"\d{1,20}")
_REPLAYED: dict[str, Any] = {"dialect": "", "wrote": None}
"""What a lock says of a run that told its SQL, and what it means where it is left out."""
_KINDS: dict[str, type[LockedInput]] = {"state": LockedState, "content": LockedContent}


class BadLockError(TemporalLineageError):
    """A file that is no lock, or none that this version of the tool reads."""

    def __init__(self, location: str, reason: str) -> None:
        """Keep the file and why it was refused."""
        self.location = location
        self.reason = reason
        super().__init__(
            f"{location} cannot be used as a lock: {reason}; `tl lock TARGET -o FILE` makes one"
        )


def lock_text(lock: Lock) -> str:
    """Write a lock."""
    import msgspec

    body = cast("dict[str, Any]", msgspec.to_builtins(lock))
    kinds = {kind: name for name, kind in _KINDS.items()}
    inputs = zip(lock.inputs, body["inputs"], strict=True)
    body["inputs"] = [{"kind": kinds[type(one)], **_saying(told, "kept")} for one, told in inputs]
    if body["run"] is not None:
        body["run"] = _saying(body["run"], *_REPLAYED)
    return "\n".join(_lines({"lock": LOCK_VERSION, **body}, "")) + "\n"


def read_lock(path: Path) -> Lock:
    """Read a lock. Raises BadLockError, whatever the file holds."""
    try:
        if not path.is_file():
            raise BadLockError(str(path), "there is no such file")
        if path.stat().st_size > SIZE_BYTES_MAX:
            raise BadLockError(str(path), f"it is larger than {SIZE_BYTES_MAX // 2**20} MiB")
        return parse_lock(path.read_text(encoding="utf-8"), location=str(path))
    except OSError as error:
        raise BadLockError(str(path), (error.strerror or str(error)).lower()) from error
    except UnicodeDecodeError as error:
        raise BadLockError(str(path), "it is no text") from error


def parse_lock(text: str, *, location: str) -> Lock:
    """Read a lock's text; `location` is named where it is refused. Raises BadLockError."""
    import msgspec

    try:
        whole = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadLockError(location, f"it is no JSON ({error})") from error
    if not isinstance(whole, dict) or "lock" not in whole:
        raise BadLockError(location, "it does not say that it is a lock")
    version = whole.pop("lock")
    if version != LOCK_VERSION or isinstance(version, bool):
        shown = json.dumps(version)[:20]
        raise BadLockError(
            location, f"it is of version {shown}, and this tool reads version {LOCK_VERSION}"
        )
    try:
        run = whole.get("run")
        told = {**_REPLAYED, **run} if isinstance(run, dict) else run
        head = msgspec.convert({**whole, "run": told}, _Head)
        inputs = tuple(_input(one) for one in _listed(whole.get("inputs")))
        lock = Lock(
            tool=head.tool,
            target=head.target,
            as_of=head.as_of,
            as_known=head.as_known,
            made_by=head.made_by,
            run=head.run,
            inputs=inputs,
        )
        _refuse_unknown(whole, lock)
        _check(lock)
    except (msgspec.ValidationError, ValueError, TemporalLineageError, RecursionError) as error:
        raise BadLockError(location, str(error).partition("\n")[0][:300]) from error
    return lock


@dataclass(frozen=True, slots=True)
class _Head:
    """What a lock says beside its inputs."""

    tool: str
    target: str
    as_of: str
    as_known: str
    made_by: MadeBy | None
    run: LockedRun | None


def _listed(told: object) -> list[Any]:
    if not isinstance(told, list) or not told:
        raise ValueError("it names no inputs")
    return told


def _input(told: object) -> LockedInput:
    import msgspec

    kind = told.get("kind") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"an input is of kind {json.dumps(kind)[:40]}, which is unknown")
    rest = {name: value for name, value in told.items() if name != "kind"}
    if _KINDS[kind] is LockedState:
        rest.setdefault("kept", [])
    return msgspec.convert(rest, _KINDS[kind])


def _saying(told: dict[str, Any], *optional: str) -> dict[str, Any]:
    """Leave out what says nothing: only states that were forgotten have pieces."""
    return {name: one for name, one in told.items() if name not in optional or one}


def _refuse_unknown(whole: dict[str, Any], lock: Lock) -> None:
    """Refuse what would be left out of account: a field that is not known, or one twice."""
    again = json.loads(lock_text(lock))
    del again["lock"]
    if again != whole:
        told = next(iter(sorted(_paths(whole, "") - _paths(again, ""))), "a value")
        raise ValueError(f"it says something that is not known here: {told}")


def _paths(value: object, above: str) -> set[str]:
    if isinstance(value, dict):
        inside = ((f"{above}.{name}".lstrip("."), one) for name, one in value.items())
    elif isinstance(value, list):
        inside = ((f"{above}[{place}]", one) for place, one in enumerate(value))
    else:
        return {above}
    return {above}.union(*(_paths(one, path) for path, one in inside))


def _check(lock: Lock) -> None:
    Instant.parse(lock.as_of)
    Instant.parse(lock.as_known)
    wrote = lock.run.wrote if lock.run is not None else None
    if wrote is not None:
        _check_version(wrote.address, wrote.format, wrote.version, wrote.before or "0")
    for one in lock.inputs:
        if isinstance(one, LockedContent):
            _require(one.version.startswith(DIGEST), f"{one.address} has no digest")
            _require(_is_digest(one.version.removeprefix(DIGEST)), f"{one.address} has no digest")
            continue
        _check_version(one.address, one.format, one.version)
        _require(_is_digest(one.files.sha256), f"{one.address} has no digest of its files")
        _require(min(one.files.count, one.files.size_bytes) >= 0, f"{one.address} counts below 0")
        unpacked(one.kept)
        _require(bool(one.taken), f"it does not say what was taken of {one.address}")
        for portion in one.taken:
            _check_portion(one, portion)


def _check_version(address: str, kind: str, *versions: str) -> None:
    TableFormat(kind)
    numbered = all(_VERSION.fullmatch(one) for one in versions)
    _require(numbered, f"{address} has no number for its version")


def _check_portion(one: LockedState, portion: LockedPortion) -> None:
    if portion.fingerprint is not None:
        Fingerprint.parse(portion.fingerprint)
    _require(portion.rows is None or portion.rows >= 0, f"{one.address} counts below 0")
    same = (portion.columns is None) == (portion.fields is None)
    if portion.columns is not None and portion.fields is not None:
        named = {field.name: field.id for field in one.schema.fields}
        same = [named.get(name) for name in portion.columns] == list(portion.fields)
    _require(same, f"the columns taken of {one.address} are not those of its schema")


def _require(holds: bool, reason: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise ValueError(reason)


def _is_digest(text: str) -> bool:
    return bool(_SHA256.fullmatch(text))


def _lines(value: object, indent: str, name: str | None = None, comma: str = "") -> Iterator[str]:
    """Write a value: on one line where it holds nothing nested and fits, else a line a part."""
    start = f"{indent}{json.dumps(name, ensure_ascii=False)}: " if name is not None else indent
    plain = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list | tuple) or (
        not _is_nested(value) and len(start) + len(plain) <= _WIDTH
    ):
        yield f"{start}{plain}{comma}"
        return
    first, last = ("{", "}") if isinstance(value, dict) else ("[", "]")
    yield f"{start}{first}"
    parts = list(value.items()) if isinstance(value, dict) else [(None, one) for one in value]
    for place, (own, part) in enumerate(parts, start=1):
        yield from _lines(part, f"{indent}  ", own, "," if place < len(parts) else "")
    yield f"{indent}{last}{comma}"


def _is_nested(value: dict[str, Any] | list[Any] | tuple[Any, ...]) -> bool:
    parts = value.values() if isinstance(value, dict) else value
    return any(isinstance(one, dict | list | tuple) and one for one in parts)
