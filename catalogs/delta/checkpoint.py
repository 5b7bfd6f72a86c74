"""Checkpoints: the state of a table at one version, as Parquet or JSON, in one file or many."""

from __future__ import annotations

from collections.abc import Iterator
from io import SEEK_END, BytesIO
from typing import Any, BinaryIO, TypeVar

import msgspec

from catalogs.delta.actions import (
    Action,
    Add,
    Commit,
    DomainMetadata,
    Metadata,
    Protocol,
    Remove,
    Sidecar,
    commit_of,
)
from catalogs.delta.log import DeltaLog
from catalogs.delta.segment import SIDECAR_FOLDER
from snapshots.errors import UnreadableError

# Statistics kept as columns hold a minimum and maximum of each of the table's columns; only the
# row count is wanted, and only the columns named here are ever decoded.
_OPENING_COLUMNS = [
    *("metaData.id", "metaData.schemaString", "metaData.partitionColumns"),
    *("metaData.configuration", "protocol"),
]
_COLUMNS = [
    *_OPENING_COLUMNS,
    *("add.path", "add.size", "add.modificationTime", "add.dataChange", "add.partitionValues"),
    *("add.stats", "add.stats_parsed.numRecords", "add.deletionVector"),
    *("sidecar.path", "domainMetadata"),
]
_TOMBSTONE_COLUMNS = [
    *("remove.path", "remove.deletionTimestamp", "remove.dataChange", "remove.size"),
    "remove.deletionVector",
]
_BATCH_ROWS = 10_000
_ADVICE = "an older checkpoint or the whole log would do; restore one from a copy of the table"

_Kind = TypeVar("_Kind", Add, Metadata, Protocol, Remove, Sidecar, DomainMetadata)


def checkpoint(log: DeltaLog, names: tuple[str, ...]) -> Commit:
    """Give what a checkpoint says, all its parts and sidecars together.

    Only live files, metadata, protocol and domains: a checkpoint's tombstones and transactions
    decide nothing here. Raises UnreadableError where a part cannot be read.
    """
    return _whole(log, names, _COLUMNS)


def with_tombstones(log: DeltaLog, names: tuple[str, ...]) -> Commit:
    """Give what a checkpoint says, with the removed files that it still tells of."""
    return _whole(log, names, [*_COLUMNS, *_TOMBSTONE_COLUMNS])


def opening(log: DeltaLog, names: tuple[str, ...]) -> tuple[Metadata | None, Protocol | None]:
    """Give the metadata and protocol of a checkpoint alone; None for what it does not hold.

    Raises UnreadableError where a part cannot be read.
    """
    actions: list[Action] = []
    for name in names:
        if name.endswith(".json"):
            actions += _from_json(log, name)
        else:
            with log.open(name) as file:
                actions += _from_parquet(file, log.location(name), _OPENING_COLUMNS)
    told = commit_of(actions, witness=names[0], doubts=())
    return told.metadata, told.protocol


def sidecars(log: DeltaLog, name: str) -> tuple[str, ...]:
    """Give the names below the log folder of the sidecars that a checkpoint file points to."""
    if name.endswith(".json"):
        told = log.commit(name).sidecars
    else:
        body = BytesIO(log.read(name))
        actions = _from_parquet(body, log.location(name), ["sidecar.path"])
        told = tuple(one.sidecar.path for one in actions if one.sidecar)
    return tuple(sidecar_name(path) for path in told)


def sidecar_name(path: str) -> str:
    """Give the name below the log folder of a sidecar, however the checkpoint spells its path."""
    return f"{SIDECAR_FOLDER}/{path.rpartition('/')[2]}"


def _whole(log: DeltaLog, names: tuple[str, ...], columns: list[str]) -> Commit:
    actions: list[Action] = []
    for name in names:
        actions += _actions(log, name, columns)
    for sidecar in [one.sidecar.path for one in actions if one.sidecar]:
        actions += _actions(log, sidecar_name(sidecar), columns)
    if columns is _COLUMNS:
        actions = [one for one in actions if one.remove is None]
    return commit_of(actions, witness=names[0], doubts=())


def _actions(log: DeltaLog, name: str, columns: list[str]) -> list[Action]:
    if name.endswith(".json"):
        return _from_json(log, name)
    return list(_from_parquet(BytesIO(log.read(name)), log.location(name), columns))


def _from_json(log: DeltaLog, name: str) -> list[Action]:
    told = log.commit(name)
    return [
        *(Action(add=add) for add in told.adds),
        *(Action(remove=remove) for remove in told.removes),
        *(Action(sidecar=Sidecar(path)) for path in told.sidecars),
        *(Action(domain_metadata=one) for one in told.domains),
        Action(meta_data=told.metadata, protocol=told.protocol),
    ]


def _from_parquet(source: BinaryIO, location: str, columns: list[str]) -> Iterator[Action]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(source)
        _refuse_bomb(file.metadata.num_rows, source.seek(0, SEEK_END), location)
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
            for add in _told(batch, "add", Add):
                yield Action(add=add)
            for remove in _told(batch, "remove", Remove):
                yield Action(remove=remove)
            for metadata in _told(batch, "metaData", Metadata):
                yield Action(meta_data=metadata)
            for protocol in _told(batch, "protocol", Protocol):
                yield Action(protocol=protocol)
            for sidecar in _told(batch, "sidecar", Sidecar):
                yield Action(sidecar=sidecar)
            for domain in _told(batch, "domainMetadata", DomainMetadata):
                yield Action(domain_metadata=domain)
    # A file of other columns than a checkpoint's fails as the types of its values happen to.
    except (pa.ArrowException, OSError, ValueError, TypeError, AttributeError) as error:
        raise UnreadableError(location, f"it is no checkpoint: {error}", _ADVICE) from error
    except msgspec.ValidationError as error:
        raise UnreadableError(location, f"it is no checkpoint: {error}", _ADVICE) from error


def _refuse_bomb(rows: int, size: int, location: str) -> None:
    """Refuse more actions than bytes: each names something of its own, however it is packed."""
    if rows > size:
        raise UnreadableError(location, f"it tells of {rows} actions in {size} bytes", _ADVICE)


def _told(batch: Any, column: str, kind: type[_Kind]) -> list[_Kind]:  # noqa: ANN401 - pyarrow has no types
    """Read the rows of one kind of action; a row is of one kind only, the others are null."""
    if column not in batch.schema.names:
        return []
    told = [_plain(row) for row in batch.column(column).drop_null().to_pylist()]
    return [msgspec.convert(row, kind) for row in told if row]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Turn Arrow's pairs into mappings, and leave out what is null, as JSON does.

    Some writers give a struct of nulls for a null struct.
    """
    plain = {name: value for name, value in row.items() if value is not None}
    for name in ("partitionValues", "configuration"):
        if name in plain:
            plain[name] = dict(plain[name])
    if parsed := plain.pop("stats_parsed", None):
        plain["numRecords"] = parsed.get("numRecords")
    if (vector := plain.get("deletionVector")) and vector.get("storageType") is None:
        del plain["deletionVector"]
    return plain
