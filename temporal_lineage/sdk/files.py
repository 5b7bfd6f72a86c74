"""Files and models: datasets whose version is what they hold."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from catalogs.portion import Portion
from snapshots.dataset import Dataset
from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.content import content_version, unreadable, version_of_bytes
from temporal_lineage.naming import MODEL_NAMESPACE
from temporal_lineage.sdk.recorder import Recorder
from temporal_lineage.sdk.records import Named

_WHOLE = Portion(None, None)

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
            raise unreadable(place, error) from error
        self._has_read(_file(place), version_of_bytes(content))
        return content

    def use_file(self, path: PathLike) -> Path:
        """Record a file or folder that other code is going to read, as it is now.

        Raises UnreadableError.
        """
        place = _absolute(path)
        self._has_read(_file(place), content_version(place))
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
        self._has_written(_file(place), version_of_bytes(body), {})
        return place

    def wrote_file(self, path: PathLike) -> Path:
        """Record a file or folder that other code has written, as it is now.

        Raises UnreadableError.
        """
        place = _absolute(path)
        self._has_written(_file(place), content_version(place), {})
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
            details = {"path": str(place), "digest": content_version(place)}
        self._has_written(_model(name), str(version), details)

    def _has_read(self, named: Named, version: str) -> None:
        self.records.read(named, version, fields=None, portion=_WHOLE)
        self.progressed(at_once=False)

    def _has_written(self, named: Named, version: str, details: dict[str, str]) -> None:
        if self.records.wrote(named, [version], details=details):
            self.progressed(at_once=False)


def _file(place: Path) -> Named:
    return Named(located(str(place)), (), "FILE")


def _model(name: str) -> Named:
    return Named(Dataset(MODEL_NAMESPACE, name), (), "MODEL")


def _absolute(path: PathLike) -> Path:
    # Links are not followed: a file is called what the program calls it.
    return Path(os.path.abspath(path))  # noqa: PTH100
