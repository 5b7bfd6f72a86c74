"""Files and models: datasets whose version is what they hold."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from catalogs.portion import Portion
from snapshots.dataset import Dataset
from snapshots.errors import UnreadableError
from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.naming import MODEL_NAMESPACE
from temporal_lineage.sdk.recorder import Recorder
from temporal_lineage.sdk.records import Named

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_BYTES = 1 << 20
_WHOLE = Portion(None, None)
_ADVICE = "name a file that is there"

PathLike = str | os.PathLike[str]


class FileCalls(Recorder):
    """What a run reads and writes besides tables."""

    def read_file(self, path: PathLike) -> bytes:
        """Read a file whole; its version is the SHA-256 of the very bytes that are returned.

        Raises UnreadableError.
        """
        place = _absolute(path)
        try:
            content = place.read_bytes()
        except OSError as error:
            raise _unreadable(place, error) from error
        self._has_read(_file(place), _version(hashlib.sha256(content).hexdigest()))
        return content

    def use_file(self, path: PathLike) -> Path:
        """Record a file or folder that other code is going to read, as it is now.

        Raises UnreadableError.
        """
        place = _absolute(path)
        self._has_read(_file(place), _version(content_digest(place)))
        return place

    def write_file(self, path: PathLike, content: bytes | str) -> Path:
        """Write a file, whole or not at all; its version is the SHA-256 of the content."""
        place = _absolute(path)
        body = content.encode() if isinstance(content, str) else content
        hidden = place.with_name(f".{place.name}.{secrets.token_hex(6)}.partial")
        try:
            hidden.write_bytes(body)
            hidden.replace(place)
        finally:
            hidden.unlink(missing_ok=True)
        self._has_written(_file(place), _version(hashlib.sha256(body).hexdigest()), {})
        return place

    def wrote_file(self, path: PathLike) -> Path:
        """Record a file or folder that other code has written, as it is now.

        Raises UnreadableError.
        """
        place = _absolute(path)
        self._has_written(_file(place), _version(content_digest(place)), {})
        return place

    def use_model(self, name: str, version: str | int) -> None:
        """Record that a version of a model was used: `model:name@version`."""
        self._has_read(_model(name), str(version))

    def log_model(self, name: str, version: str | int, *, path: PathLike | None = None) -> None:
        """Record that this run made a version of a model; `path` is where it lies, to be digested.

        Raises UnreadableError for a path that is not there.
        """
        details = {}
        if path is not None:
            place = _absolute(path)
            details = {"path": str(place), "digest": _version(content_digest(place))}
        self._has_written(_model(name), str(version), details)

    def _has_read(self, named: Named, version: str) -> None:
        self.records.read(named, version, fields=None, portion=_WHOLE)
        self.progressed(at_once=False)

    def _has_written(self, named: Named, version: str, details: dict[str, str]) -> None:
        if self.records.wrote(named, [version], details=details):
            self.progressed(at_once=False)


def content_digest(place: Path) -> str:
    """Digest a file; or a folder: SHA-256 over one line a file, path and digest, sorted.

    Raises UnreadableError.
    """
    try:
        if not place.is_dir():
            return _file_digest(place)
        lines = sorted(
            f"{file.relative_to(place).as_posix()}\0{_file_digest(file)}\n"
            for file in place.rglob("*")
            if file.is_file()
        )
    except OSError as error:
        raise _unreadable(place, error) from error
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _version(digest: str) -> str:
    return f"sha256:{digest}"


def _file(place: Path) -> Named:
    return Named(located(str(place)), (), "FILE")


def _model(name: str) -> Named:
    return Named(Dataset(MODEL_NAMESPACE, name), (), "MODEL")


def _absolute(path: PathLike) -> Path:
    # Links are not followed: a file is called what the program calls it.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _unreadable(place: Path, error: OSError) -> UnreadableError:
    return UnreadableError(str(place), (error.strerror or str(error)).lower(), _ADVICE)
