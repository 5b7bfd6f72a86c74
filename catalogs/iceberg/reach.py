"""Reach: which data files a delete file may apply to. Iceberg spec, "Scan Planning"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.metadata import TableMetadata
from snapshots.errors import UnreadableError

Partition = tuple[int, str]
"""A partition of a table as a key: the spec, and the text of the values."""

_ADVICE = "restore the file from a backup"
_KEEPS_DECIMALS = re.compile(r"identity|truncate\[\d+\]")


class Reach:
    """The partitions of one table, told apart by what its metadata says of its specs."""

    def __init__(self, metadata: TableMetadata) -> None:
        """Take the metadata that lists the state."""
        self._specs = metadata.all_partition_specs()
        self._decimals = {one for schema in metadata.all_schemas() for one in _decimals(schema)}

    def partition(self, entry: ManifestEntry) -> Partition:
        """Give the partition of a file.

        As text, since NaN is no equal of itself. Decimals as numbers: how many bytes Avro gives
        them depends on the precision, which may have grown between two files.
        """
        values = list(entry.partition)
        for place, field in enumerate(self._specs.get(entry.spec_id, ())[: len(values)]):
            value: Any = values[place]
            if isinstance(value, bytes) and field.source_id in self._decimals:
                keeps = _KEEPS_DECIMALS.fullmatch(field.transform)
                values[place] = int.from_bytes(value, "big", signed=True) if keeps else value
        return entry.spec_id, repr(tuple(values))

    def is_global(self, entry: ManifestEntry) -> bool:
        """Tell whether a file's spec has no partitions; those with void transforms only have none.

        Raises UnreadableError where the metadata has no such spec.
        """
        spec = self._specs.get(entry.spec_id)
        if spec is None:
            reason = f"its partition spec {entry.spec_id} is none of {sorted(self._specs)}"
            raise UnreadableError(entry.path, reason, _ADVICE)
        return all(field.transform == "void" for field in spec)


def number_of(entry: ManifestEntry) -> int:
    """Give a file's data sequence number. Raises UnreadableError where nothing tells it."""
    if entry.sequence_number is None:
        reason = "its manifest gives it no sequence number, so no delete can be applied"
        raise UnreadableError(entry.path, reason, _ADVICE)
    return entry.sequence_number


def _decimals(kind: Any) -> Iterator[int]:  # noqa: ANN401 - a type is any JSON
    """Yield the ids of a struct's decimals, however deep; partitions come from no list or map."""
    for field in kind.get("fields", ()) if isinstance(kind, dict) else ():
        if str(field.get("type")).startswith("decimal"):
            yield field["id"]
        yield from _decimals(field.get("type"))
