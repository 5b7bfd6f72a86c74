"""Tokens: who may post; compared in constant time, and never printed."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from snapshots.errors import UnreadableError, UsageError

_SCHEME = "bearer "


class BadTokenError(UsageError):
    """A token that no client could send; it is not repeated."""

    def __init__(self, origin: str, reason: str) -> None:
        """Keep where the token came from and why it was refused."""
        self.origin = origin
        self.reason = reason
        super().__init__(f"the token of {origin} {reason}; make one with: openssl rand -base64 32")


class Tokens:
    """The tokens that may post; none means that everybody may."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """Keep digests, all of one length, so that comparing takes equally long for all."""
        self._digests = tuple(_digest(token.encode()) for token in tokens)

    def __bool__(self) -> bool:
        """Tell whether a token is asked for."""
        return bool(self._digests)

    def allow(self, authorization: str | None) -> bool:
        """Tell whether an Authorization header names one of them; each is looked at."""
        if not self._digests:
            return True
        if authorization is None or authorization[: len(_SCHEME)].lower() != _SCHEME:
            return False
        told = _digest(authorization[len(_SCHEME) :].strip().encode("utf-8", "surrogateescape"))
        found = False
        for digest in self._digests:
            found |= hmac.compare_digest(digest, told)
        return found


def read_tokens(*, token: str | None, file: Path | None) -> Tokens:
    """Take the token given, and those of a file: one on each line, so that two can overlap.

    Raises BadTokenError, and UnreadableError for the file.
    """
    tokens = [] if token is None else [_checked(token, "--token")]
    if file is not None:
        advice = "name a file with one token on each line"
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise UnreadableError(str(file), reason, advice) from error
        except UnicodeDecodeError as error:
            raise UnreadableError(str(file), "it is no text", advice) from error
        lines = [line.strip() for line in text.splitlines()]
        tokens += [_checked(line, str(file)) for line in lines if line]
        if not tokens:
            raise BadTokenError(str(file), "is missing: the file is empty")
    return Tokens(tokens)


def _checked(token: str, origin: str) -> str:
    if not token.strip():
        raise BadTokenError(origin, "is empty")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise BadTokenError(origin, "has letters that no header can carry")
    return token


def _digest(token: bytes) -> bytes:
    return sha256(token).digest()
