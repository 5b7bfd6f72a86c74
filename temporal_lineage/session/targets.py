"""Targets: read the address of a question, and refuse what it would leave out of account."""

from __future__ import annotations

from pathlib import Path

from snapshots.errors import BadTargetError
from temporal_lineage.addresses import Address, DatasetAddress, ModelAddress, parse_address

_LOCK_ENDINGS = (".lock", ".lock.json")


def is_lock(target: str) -> bool:
    """Tell whether a target is the path of a lock: by its ending, or because that file is there."""
    return target.endswith(_LOCK_ENDINGS) or ("\0" not in target and Path(target).is_file())


def as_table(target: str) -> DatasetAddress:
    """Read the address of a table as a whole."""
    address = as_state(target)
    refuse_state(address, target)
    return address


def as_state(target: str) -> DatasetAddress:
    """Read the address of a table, or of a state of it."""
    address = parse_address(target)
    if not isinstance(address, DatasetAddress):
        raise BadTargetError(target, "a table is asked for")
    refuse_column(address, target)
    return address


def refuse_state(address: Address, target: str) -> None:
    """Refuse a state where it would be left out of account."""
    if isinstance(address, DatasetAddress) and address.at is not None:
        text = str(address.at)
        raise BadTargetError(target, f"leave {text} out; --as-of asks for another time")
    if isinstance(address, ModelAddress) and address.version is not None:
        raise BadTargetError(target, f"leave @{address.version} out")


def refuse_column(address: Address, target: str) -> None:
    """Refuse a column where it would be left out of account."""
    if isinstance(address, DatasetAddress) and address.column is not None:
        raise BadTargetError(target, "leave #column out")


def as_place(target: str) -> tuple[str, str | None] | None:
    """Read a table's folder, and the version where one follows it; None for an address.

    >>> as_place("/lake/orders@12"), as_place("s3://lake/or@1/ders"), as_place("lake.raw.orders@12")
    (('/lake/orders', '12'), ('s3://lake/or@1/ders', None), None)
    """
    if "/" not in target or target.partition(":")[0] in {"dataset", "job", "model", "run", "edge"}:
        return None
    place, mark, version = target.rpartition("@")
    if mark and version.isdecimal():
        return place, version
    return target, None
