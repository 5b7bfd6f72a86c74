"""URL options: what a database's URL says beside where it lies, ours and those of libpq."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from temporal_lineage.store.errors import LedgerUrlError
from temporal_lineage.store.location import shown

if TYPE_CHECKING:
    from sqlalchemy import URL

CONNECTIONS_MAX = 15
"""How many connections one program opens at most where the URL does not say."""

_OURS = ("statement_timeout", "pool_size")
_TIME = re.compile(r"\d{1,9}(?:ms|s|min|h|d)?")
_COUNT = re.compile(r"[1-9]\d{0,3}")


class UrlOptions(NamedTuple):
    """How long a statement may take, as PostgreSQL writes it, and how many connections there are.

    `statement_timeout` is empty where the server decides.
    """

    statement_timeout: str
    pool_size: int


def url_options(parsed: URL, url: str) -> tuple[URL, UrlOptions]:
    """Take our options out of a URL; what is left is for libpq. Raises LedgerUrlError."""
    from psycopg.pq import Conninfo

    told = {name: str(value) for name, value in parsed.query.items()}
    known = {*_OURS, *(one.keyword.decode() for one in Conninfo.get_defaults())}
    for name in told:
        if name not in known:
            nearest = get_close_matches(name, known, n=1)
            advice = f"nearest: {nearest[0]}" if nearest else f"beside libpq's: {', '.join(_OURS)}"
            raise LedgerUrlError(shown(url), f"has an option that nobody knows, {name}", advice)
    limit = told.get("statement_timeout", "")
    if limit and not _TIME.fullmatch(limit):
        advice = "write statement_timeout=30s, or 500ms, 2min"
        raise LedgerUrlError(shown(url), f"limits statements to {limit}, which is no time", advice)
    size = told.get("pool_size", str(CONNECTIONS_MAX))
    if not _COUNT.fullmatch(size):
        advice = "write pool_size=5, or another number from 1 to 9999"
        raise LedgerUrlError(shown(url), f"asks for {size} connections", advice)
    return parsed.difference_update_query(_OURS), UrlOptions(limit, int(size))
