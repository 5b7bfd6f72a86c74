"""Storage: the files of tables, wherever they lie, listed and read in one way."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast
from urllib.parse import quote, unquote

from catalogs.credentials import without_secrets, without_user_info
from snapshots.errors import UnreadableError
from snapshots.instant import Instant

WALK_DEPTH_MAX = 20
WALK_FILES_MAX = 1_000_000

READ_BYTES_MAX = 4 << 30
"""How large a file may be that is read whole: metadata, logs and manifests, never rows."""


class AbsentFileError(UnreadableError):
    """A file that is not there, told apart because that is often an answer."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a listing; `path` starts with the listed prefix, spelled as the caller did."""

    path: str
    size_bytes: int
    modified: Instant


class Files(Protocol):
    """One kind of storage; raises the library's own errors."""

    def list(self, prefix: str) -> Iterator[StoredFile]:
        """Yield the files of one folder."""

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the folders of one folder."""

    def walk(self, prefix: str, *, depth_max: int) -> Iterator[StoredFile]:
        """Yield the files of a folder and of those in it."""

    def read(self, path: str) -> bytes:
        """Give all bytes."""

    def open(self, path: str) -> BinaryIO:
        """Open for reading."""

    def size(self, path: str) -> int | None:
        """Give the size in bytes; None where there is no such file."""


class Storage:
    """Files by path or URL: local ones by the operating system, all others by fsspec.

    `options` are properties as pyiceberg names them (`s3.endpoint`, `adls.account-name`, ...).
    Every error is an UnreadableError that names the path and the reason, never a credential.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        """Keep the options; nothing is opened or imported before a path needs it."""
        self.options = dict(options)
        self._remote: dict[str, Files] = {}

    def renew(self, options: Mapping[str, str]) -> None:
        """Go on with other options: a catalog lends credentials that expire."""
        if options != self.options:
            self.options = dict(options)
            self._remote.clear()

    def list(self, prefix: str) -> Iterator[StoredFile]:
        """Yield the files of one folder, not of those in it, in no order; none where absent."""
        with _translated(prefix, self.options):
            yield from self._of(prefix).list(prefix)

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the paths of the folders in one folder, in no order; none where absent."""
        with _translated(prefix, self.options):
            yield from self._of(prefix).folders(prefix)

    def walk(
        self, prefix: str, *, depth_max: int = WALK_DEPTH_MAX, files_max: int = WALK_FILES_MAX
    ) -> Iterator[StoredFile]:
        """Yield all files under a folder, in no order; none where absent.

        Raises UnreadableError past `files_max`: a listing that was cut would look whole. Folders
        deeper than `depth_max` are not entered.
        """
        with _translated(prefix, self.options):
            for number, file in enumerate(self._of(prefix).walk(prefix, depth_max=depth_max)):
                if number >= files_max:
                    advice = "name a folder that holds less"
                    raise UnreadableError(prefix, f"it holds more than {files_max} files", advice)
                yield file

    def read(self, path: str) -> bytes:
        """Give all bytes of a file. Raises AbsentFileError where there is none."""
        with _translated(path, self.options):
            return self._of(path).read(path)

    def open(self, path: str) -> BinaryIO:
        """Open a file to be streamed; the caller closes it. Raises AbsentFileError."""
        with _translated(path, self.options):
            return self._of(path).open(path)

    def size(self, path: str) -> int | None:
        """Give the size in bytes; None where there is no such file."""
        with _translated(path, self.options):
            return self._of(path).size(path)

    def exists(self, path: str) -> bool:
        """Tell whether there is such a file; a folder is none."""
        return self.size(path) is not None

    def _of(self, path: str) -> Files:
        if is_local(path):
            return _LOCAL
        scheme, _, rest = path.partition("://")
        place = f"{scheme}://{rest.partition('/')[0]}"
        if place not in self._remote:
            from catalogs.remote_storage import RemoteFiles

            self._remote[place] = RemoteFiles(scheme, path, self.options)
        return self._remote[place]


def is_local(location: str) -> bool:
    """Tell whether a location is a path of this machine: a plain one, or one of scheme file."""
    scheme, separator, _ = location.partition("://")
    return not separator or scheme.lower() == "file"


def local_path(location: str) -> str:
    """Give the path of a local location.

    Iceberg writers put raw paths behind `file://`, Delta writers percent-encode them (RFC 3986):
    the text as it stands wins where such a file or folder exists, its decoded form elsewhere.
    """
    path = _without_scheme(location)
    if path is None:
        return location
    if "%" not in path or os.path.lexists(path):
        return path
    return unquote(path)


class _translated:  # noqa: N801 - it stands in `with` like a verb
    """Turns what libraries raise into our errors; our own pass."""

    __slots__ = ("_location", "_options")

    def __init__(self, location: str, options: Mapping[str, str]) -> None:
        self._location = location
        self._options = options

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, OSError | ImportError | ValueError) or _is_of_a_library(error):
            raise _ours(self._location, cast("Exception", error), self._options) from error


def _is_of_a_library(error: BaseException | None) -> bool:
    """Tell whether an exception class belongs to a storage library."""
    roots = {"aiohttp", "azure", "botocore", "adlfs", "gcsfs", "google", "s3fs", "fsspec"}
    return isinstance(error, Exception) and type(error).__module__.split(".")[0] in roots


def _ours(location: str, error: Exception, options: Mapping[str, str]) -> UnreadableError:
    shown = without_user_info(location)
    if isinstance(error, FileNotFoundError):
        return AbsentFileError(shown, "there is no such file", "list the folder it should lie in")
    if isinstance(error, IsADirectoryError):
        return UnreadableError(shown, "it is a folder", "name a file in it")
    if isinstance(error, PermissionError):
        advice = "ask for the right to read it, or give other credentials in the catalog's entry"
        return UnreadableError(shown, "permission denied", advice)
    if isinstance(error, ImportError):
        from catalogs.remote_storage import package_for

        package = package_for(location)
        advice = f"pip install {package}" if package else "install the package it names"
        return UnreadableError(shown, f"no package here reads {_scheme(location)}://", advice)
    text = str(error).strip() or type(error).__name__
    reason = without_secrets(text.splitlines()[0], options)
    advice = "check the location, the endpoint and the credentials in the catalog's entry"
    return UnreadableError(shown, reason, advice)


def _scheme(location: str) -> str:
    return location.partition("://")[0].lower()


def _without_scheme(location: str) -> str | None:
    """Cut `file://`, `file://localhost` or Hadoop's `file:`; None where there is none."""
    if location[:5].lower() != "file:":
        return None
    rest = location[5:]
    if not rest.startswith("//"):
        return rest
    host, slash, path = rest[2:].partition("/")
    if host not in {"", "localhost"}:
        raise UnreadableError(
            location, f"{host} is another machine", "write file:///absolute/path, or its real URL"
        )
    return slash + path


class _LocalFiles:
    """Files of this machine."""

    def list(self, prefix: str) -> Iterator[StoredFile]:
        for path, entry in _scanned(prefix):
            if not _is_folder(entry) and (file := _stored(path, entry)) is not None:
                yield file

    def folders(self, prefix: str) -> Iterator[str]:
        return (path for path, entry in _scanned(prefix) if _is_folder(entry))

    def walk(self, prefix: str, *, depth_max: int) -> Iterator[StoredFile]:
        seen: set[tuple[int, int]] = set()
        waiting = [(prefix, 1)] if _first_visit(prefix, seen) else []
        while waiting:
            folder, depth = waiting.pop()
            for path, entry in _scanned(folder):
                if not _is_folder(entry):
                    if (file := _stored(path, entry)) is not None:
                        yield file
                elif depth < depth_max and _first_visit(path, seen):
                    waiting.append((path, depth + 1))

    def read(self, path: str) -> bytes:
        local = local_path(path)
        size = _regular_size(path, local)
        if size > READ_BYTES_MAX:
            advice = "read a table whose metadata is no larger"
            raise UnreadableError(path, f"it is larger than {READ_BYTES_MAX} bytes", advice)
        # A Path costs as much as reading a small file does, and a log has thousands of them.
        with open(local, "rb") as file:  # noqa: PTH123
            return file.read()

    def open(self, path: str) -> BinaryIO:
        local = local_path(path)
        _regular_size(path, local)
        return Path(local).open("rb")

    def size(self, path: str) -> int | None:
        try:
            found = Path(local_path(path)).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return None if stat.S_ISDIR(found.st_mode) else found.st_size


_LOCAL = _LocalFiles()


def _regular_size(path: str, local: str) -> int:
    """Give the size of a file; a pipe or a device could be waited for or read for ever.

    Raises OSError, and UnreadableError for what is no file.
    """
    found = os.stat(local)  # noqa: PTH116 - for the reason that `read` gives
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "Is a directory", local)
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableError(path, "it is a pipe or a device, no file", "name a file")
    return found.st_size


def _scanned(prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    folder = local_path(prefix)
    start = prefix.rstrip("/") + "/"
    # Where the prefix was decoded to be found, the names after it must be encoded like it.
    encoded = folder != prefix and folder != _without_scheme(prefix)
    try:
        found = os.scandir(folder or ".")
    except (FileNotFoundError, NotADirectoryError):
        return
    with found:
        for entry in found:
            yield start + (quote(entry.name) if encoded else entry.name), entry


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that cannot be followed; if it is more, its size will not be found


def _stored(path: str, entry: os.DirEntry[str]) -> StoredFile | None:
    """Give the file of a directory entry; None where it vanished, or a link leads nowhere."""
    try:
        found = entry.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise
    return StoredFile(path, found.st_size, Instant(found.st_mtime_ns // 1000))


def _first_visit(folder: str, seen: set[tuple[int, int]]) -> bool:
    """Tell whether a folder is met for the first time: links can make circles."""
    try:
        found = Path(local_path(folder)).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    key = (found.st_dev, found.st_ino)
    if key in seen:
        return False
    seen.add(key)
    return True
