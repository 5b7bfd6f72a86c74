"""Digests: what is kept word by word is compared with the name it was kept under."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from temporal_lineage.store.digest import REPORT_SOURCE, digest
from temporal_lineage.store.moment import BODIES_MAX

if TYPE_CHECKING:
    from temporal_lineage.store.moment import Moment
    from temporal_lineage.store.runner import Row


def digest_breaches(moment: Moment) -> Iterator[tuple[str, str, int | None, str]]:
    """Yield table, key, transaction and words for every row whose content is another.

    Contents go by one after the other.
    """
    for table, (sql, named) in _CHECKS.items():
        for number, tx, kept, *parts in moment.streamed(sql, rows_max=BODIES_MAX):
            try:
                found = named(parts)
            except (zlib.error, UnicodeError, ValueError) as error:
                yield table, str(number), tx, f"cannot be read: {error}"
                continue
            if found != kept:
                yield table, str(number), tx, f"was kept as {kept}, and is {found}"


def _claim(parts: Row) -> str:
    return digest(parts[0].encode())


def _file(parts: Row) -> str:
    key, path = parts
    return digest((key or path).encode())


def _blob(parts: Row) -> str:
    dataset_id, witness, body = parts
    return digest(str(dataset_id).encode(), witness.encode(), zlib.decompress(body))


def _event(parts: Row) -> str:
    source, body = parts
    text = zlib.decompress(body)
    if source != REPORT_SOURCE:
        return sha256(text).hexdigest()
    from temporal_lineage.sink.metrics_reports import report_digest

    return report_digest(text)


_CHECKS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "claim": ("SELECT claim_id, NULL, digest, body FROM claim", _claim),
    "file": ("SELECT file_id, NULL, digest, key, path FROM file", _file),
    "blob": ("SELECT blob_id, tx_id, digest, dataset_id, witness, body FROM blob", _blob),
    "event": ("SELECT event_id, tx_id, digest, source, body FROM event", _event),
}
