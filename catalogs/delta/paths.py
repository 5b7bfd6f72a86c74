"""Paths in a Delta log: what a log entry calls a file, and where that file lies."""

from __future__ import annotations

import base64
import re
import uuid
from typing import Protocol
from urllib.parse import unquote

from catalogs.moved import SCHEMES, Moved
from catalogs.storage import is_local, local_path
from snapshots.errors import UnreadableError

INLINE = "i"
"""Storage type of a deletion vector that stands in the log itself."""

_RELATIVE = "u"
_ABSOLUTE = "p"
_UUID_LETTERS = 20
# ":/" and not ":" alone: a relative path may hold a colon, as in `at=09:30/part-0.parquet`.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_B85 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_GROUP = 5
_SHORT = b"#"
_Z85_TO_B85 = bytes.maketrans(_Z85, _B85)
_B85_TO_Z85 = bytes.maketrans(_B85, _Z85)
_WORD = 4


class Vector(Protocol):
    """What a log says of a deletion vector."""

    @property
    def storage_type(self) -> str:
        """`u` in a file under the table, `p` in a file anywhere, `i` in the log itself."""

    @property
    def path_or_inline(self) -> str:
        """The encoded uuid of the file, its path, or the encoded bytes."""


def canonical(path: str) -> str:
    """Give the one spelling of a path in a log: decoded, and without `file:` before local paths.

    Writers name one file as `/a`, `file:/a` and `file:///a`; a remove must find its add. Paths are
    URIs (RFC 2396), so they are percent-decoded, once.
    """
    if not _SCHEME.match(path):
        return unquote(path)
    scheme, _, rest = path.partition(":")
    if scheme.lower() == "file":
        return unquote("/" + rest.removeprefix("//localhost").lstrip("/"))
    return f"{SCHEMES.get(scheme.lower(), scheme.lower())}:{unquote(rest)}"


def root_of(location: str) -> str:
    """Give the root under which relative paths lie: a plain local path, or a URL."""
    return (local_path(location) if is_local(location) else location).rstrip("/")


def located(root: str, name: str, moved: Moved) -> str:
    """Give the whole path or URL of a file by its canonical name.

    Absolute ones are as they are, unless somebody said where they lie now.
    """
    if not _SCHEME.match(name) and not name.startswith("/"):
        return f"{root}/{name}"
    told = moved.find(name)
    if told is not None:
        return told
    if _SCHEME.match(name) or not _SCHEME.match(root):
        return name
    # An absolute path without a scheme lies in the filesystem of the table.
    scheme, _, rest = root.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}{name}"


def vector_file(root: str, vector: Vector, moved: Moved) -> str | None:
    """Give the file that holds a deletion vector; None for one that stands in the log.

    Raises UnreadableError where the log's words name no file.
    """
    told = vector.path_or_inline
    if vector.storage_type == INLINE:
        return None
    if vector.storage_type == _ABSOLUTE:
        return located(root, canonical(told), moved)
    try:
        if vector.storage_type != _RELATIVE:
            msg = f"its storage type {vector.storage_type!r} is unknown"
            raise ValueError(msg)  # noqa: TRY301 - one translation for both reasons
        name = uuid.UUID(bytes=z85_decoded(told[-_UUID_LETTERS:]))
    except ValueError as error:
        reason = f"the deletion vector {told!r} names no file: {error}"
        raise UnreadableError(root, reason, "restore the log from a copy of the table") from error
    prefix = told[:-_UUID_LETTERS]
    folder = f"{root}/{prefix}" if prefix else root
    return f"{folder}/deletion_vector_{name}.bin"


def has_short_group(text: str) -> bool:
    """Tell whether Z85 ends with less than a group, as Rust writers mark it."""
    return text[-_GROUP:].encode().startswith(_SHORT)


def with_whole_groups(text: str) -> str:
    """Fill a short last group up with zeros, so that every reader reads the same bytes.

    What is no Z85 stays as it is.

    >>> with_whole_groups("HelloWorld##093")
    'HelloWorld0@@r3'
    """
    if not has_short_group(text):
        return text
    try:
        body = z85_decoded(text)
    except ValueError:
        return text
    whole = body + bytes(-len(body) % _WORD)
    return base64.b85encode(whole).translate(_B85_TO_Z85).decode()


def z85_decoded(text: str) -> bytes:
    """Decode Z85, the base 85 of the Delta protocol. Raises ValueError where it is none.

    Rust writers mark a last group of less than four bytes by leading `#`, with which no whole
    group can begin. The protocol knows whole groups alone, and Java reads other bytes there.
    """
    groups = text.encode("ascii")
    if len(groups) % _GROUP:
        msg = f"{len(groups)} letters are no whole number of Z85 groups"
        raise ValueError(msg)
    short = groups[-_GROUP:].lstrip(_SHORT)
    missing = _GROUP - len(short) if groups[-_GROUP:].startswith(_SHORT) else 0
    if not missing:
        return base64.b85decode(groups.translate(_Z85_TO_B85))
    whole = base64.b85decode(groups[:-_GROUP].translate(_Z85_TO_B85))
    number = 0
    for letter in short:
        number = number * 85 + _Z85.index(letter)
    try:
        return whole + number.to_bytes(_GROUP - 1 - missing, "big")
    except OverflowError as error:
        msg = f"{groups[-_GROUP:]!r} is no Z85 group"
        raise ValueError(msg) from error
