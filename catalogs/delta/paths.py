"""Paths in a Delta log: what a log entry calls a file, and where that file lies."""

from __future__ import annotations

import base64
import re
import uuid
from typing import Protocol
from urllib.parse import unquote

from catalogs.storage import is_local, local_path

INLINE = "i"
"""Storage type of a deletion vector that stands in the log itself."""

_RELATIVE = "u"
_ABSOLUTE = "p"
_UUID_LETTERS = 20
# ":/" and not ":" alone: a relative path may hold a colon, as in `at=09:30/part-0.parquet`.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_B85 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_Z85_TO_B85 = bytes.maketrans(_Z85, _B85)


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
    alias = {"s3a": "s3", "s3n": "s3"}.get(scheme.lower(), scheme.lower())
    return f"{alias}:{unquote(rest)}"


def root_of(location: str) -> str:
    """Give the root under which relative paths lie: a plain local path, or a URL."""
    return (local_path(location) if is_local(location) else location).rstrip("/")


def located(root: str, path: str) -> str:
    """Give the whole path or URL of a file that a log names, absolute ones as they are."""
    name = canonical(path)
    if _SCHEME.match(name):
        return name
    if not name.startswith("/"):
        return f"{root}/{name}"
    if not _SCHEME.match(root):
        return name
    # An absolute path without a scheme lies in the filesystem of the table.
    scheme, _, rest = root.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}{name}"


def vector_file(root: str, vector: Vector) -> str | None:
    """Give the file that holds a deletion vector; None for one that stands in the log."""
    if vector.storage_type == INLINE:
        return None
    if vector.storage_type == _ABSOLUTE:
        return located(root, vector.path_or_inline)
    if vector.storage_type != _RELATIVE:
        msg = f"deletion vector of unknown storage type {vector.storage_type!r}"
        raise ValueError(msg)
    prefix = vector.path_or_inline[:-_UUID_LETTERS]
    name = uuid.UUID(bytes=z85_decoded(vector.path_or_inline[-_UUID_LETTERS:]))
    folder = f"{root}/{prefix}" if prefix else root
    return f"{folder}/deletion_vector_{name}.bin"


def z85_decoded(text: str) -> bytes:
    """Decode Z85, the base 85 of the Delta protocol. Raises ValueError where it is none."""
    return base64.b85decode(text.encode("ascii").translate(_Z85_TO_B85))
