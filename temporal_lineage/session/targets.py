"""Targets: read the address of a question, and refuse what it would leave out of account."""

from __future__ import annotations

import os

from snapshots.errors import BadTargetError
from temporal_lineage.addresses import (
    Address,
    DatasetAddress,
    EdgeAddress,
    JobAddress,
    ModelAddress,
    RunAddress,
    parse_address,
)

_FROM_HERE = ("./", "../", "~/")
"""How a path starts that is not whole: it depends on where the program runs, and who runs it."""


def typed(target: str) -> Address:
    """Read an address as people type it: a path may start from this folder, or from home."""
    if target.startswith(_FROM_HERE):
        # Links are not followed: a table is asked for by the path it was harvested by.
        target = os.path.abspath(os.path.expanduser(target))
    return parse_address(target)


_LOCK_ENDINGS = (".lock", ".lock.json")


def is_lock(target: str) -> bool:
    """Tell whether a target is the path of a lock: by its ending, or because that file is there."""
    return target.endswith(_LOCK_ENDINGS) or os.path.isfile(target)


def as_table(target: str) -> DatasetAddress:
    """Read the address of a table as a whole."""
    address = as_state(target)
    refuse_state(address, target)
    return address


def as_state(target: str) -> DatasetAddress:
    """Read the address of a table, or of a state of it."""
    address = typed(target)
    if not isinstance(address, DatasetAddress):
        raise misfit(address, target, "a table is asked for")
    refuse_column(address, target)
    return address


def misfit(address: Address, target: str, wanted: str) -> BadTargetError:
    """Give the error of a target of another kind, with the questions that take it."""
    return BadTargetError(target, f"{wanted}; {_taken(address, target)}")


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
        takes = "`tl upstream`, `tl downstream` and `tl impact` take one"
        raise BadTargetError(target, f"leave #column out; {takes}")


def _taken(address: Address, target: str) -> str:
    """Name the questions that take an address."""
    match address:
        case JobAddress():
            return f"`tl show {target}` and `tl runs --job {target}` take a job"
        case RunAddress():
            return f"`tl run show {target}` and `tl why {target}` take a run"
        case EdgeAddress():
            return f"`tl why {target}` takes an edge"
        case ModelAddress():
            return f"`tl show model:{address.name}` and `tl upstream {target}` take a model"
        case DatasetAddress():
            return f"`tl show {address.name}` tells of it"


def as_place(target: str) -> tuple[str, str | None] | None:
    """Read a table's folder, and the version where one follows it; None for an address.

    >>> as_place("/lake/orders@12"), as_place("s3://lake/or@1/ders"), as_place("lake.raw.orders@12")
    (('/lake/orders', '12'), ('s3://lake/or@1/ders', None), None)
    """
    if target.partition(":")[0] in {"dataset", "job", "model", "run", "edge"}:
        return None
    # A name without a dot is no table's address, but may be a folder's.
    is_folder = "." not in target and os.path.isdir(target.partition("@")[0])
    if "/" not in target and not is_folder:
        return None
    place, mark, version = target.rpartition("@")
    if mark and version.isdecimal():
        return place, version
    return target, None
