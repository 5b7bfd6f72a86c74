"""Credentials: which properties hold them, and how a text is shown without them."""

from __future__ import annotations

import re
from collections.abc import Mapping

MASK = "***"

_SECRET_WORDS = (
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "key",
    "credential",
    "signature",
    "authorization",
    "cookie",
    "connection-string",
    "client-cert",
)
# Names that hold such a word and nothing to hide; a mask there would hide what must be checked.
# Compiled when they are first needed, which few questions do, and kept by `re`.
_HARMLESS = (
    r"(token-type|token-expires-at|token-refresh-enabled|token-exchange-enabled|sse-kms-key-id"
    r"|oauth2-server-uri|key-path|keyfile-path)$"
)
_USER_INFO = (
    r"(?<=//)[^/?#\s@'\"]*:[^/?#\s'\"]*(?=@)"  # user:password@
    r"|(?<=http://)[^/?#\s@'\"]+(?=@)|(?<=https://)[^/?#\s@'\"]+(?=@)"  # a token alone
)
_NAME = r"(?P<name>[\w.-]*(?:" + "|".join(map(re.escape, (*_SECRET_WORDS, "sig"))) + r")[\w.-]*)"
_IN_QUERY = r"(?i)(?<=[?&])" + _NAME + r"=[^\s&;,'\")}\]]+"
_IN_PROSE = (
    r"(?i)" + _NAME + r"(?P<sign>['\"]?\s?[=:]\s?['\"]?)(?:(?:bearer|basic)\s+)?[^\s&;,'\")}\]]+"
)
_SHORTEST_HIDDEN = 4
"""Shorter values are not looked for in messages: `a` would mask half the sentence."""


def masked(properties: Mapping[str, str]) -> dict[str, str]:
    """Give the properties as they may be shown: secrets masked, user:password@ cut from URLs.

    A name that sounds like a secret hides its whole value, so that a new kind of token is hidden
    before anybody here has heard of it.
    """
    return {
        name: MASK if is_secret(name) and value else without_user_info(value)
        for name, value in properties.items()
    }


def is_secret(name: str) -> bool:
    """Tell whether a property of that name may hold a secret."""
    plain = name.lower().replace("_", "-")
    if re.search(_HARMLESS, plain):
        return False
    return any(word in plain for word in _SECRET_WORDS)


def without_user_info(location: str) -> str:
    """Mask `user:password` in every URL of the text, and the signatures after its `?`."""
    return re.sub(_IN_QUERY, rf"\g<name>={MASK}", re.sub(_USER_INFO, MASK, location))


def without_secrets(text: str, properties: Mapping[str, str]) -> str:
    """Give a message of a library without any secret it was called with."""
    values = {value for name, value in properties.items() if is_secret(name)}
    for value in properties.values():
        values |= {found.partition(":")[2] for found in re.findall(_USER_INFO, value)}
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _SHORTEST_HIDDEN:
            text = text.replace(value, MASK)
    return re.sub(_IN_PROSE, rf"\g<name>\g<sign>{MASK}", without_user_info(text))
