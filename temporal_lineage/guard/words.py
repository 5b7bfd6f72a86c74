"""Words: an act of maintenance as people say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.maintenance import CleanLog, ExpireSnapshots, RemoveOrphans, Vacuum, Vacuumer

if TYPE_CHECKING:
    from snapshots.maintenance import Act

_HOUR_MICROS = 3_600_000_000


def in_words(act: Act) -> str:
    """Name an act with its options, and who runs it."""
    match act:
        case ExpireSnapshots():
            return " ".join([*_expiry(act), f"by {act.by.value}"])
        case RemoveOrphans(older_than):
            older = "" if older_than is None else f" older than {older_than}"
            return f"remove_orphan_files{older}"
        case Vacuum():
            return " ".join([*_vacuum(act), f"by {_runner(act.by)}"])
        case CleanLog(by):
            return f"log clean-up by {_runner(by)}"


def _vacuum(act: Vacuum) -> list[str]:
    words = [f"VACUUM {act.extent.value.upper()}"]
    if act.retention_micros is not None:
        words.append(f"RETAIN {act.retention_micros / _HOUR_MICROS:g} HOURS")
    if act.keep_versions:
        words.append(f"keeping versions {', '.join(map(str, act.keep_versions))}")
    return words


def _expiry(act: ExpireSnapshots) -> list[str]:
    words = ["expire_snapshots"]
    if act.older_than is not None:
        words.append(f"older than {act.older_than}")
    if act.retain_last is not None:
        words.append(f"retain last {act.retain_last}")
    if act.snapshot_ids:
        words.append(f"snapshots {', '.join(map(str, act.snapshot_ids))}")
    if act.dropped_refs:
        words.append(f"after dropping {', '.join(act.dropped_refs)}")
    if act.schemas_too:
        words.append("clean_expired_metadata")
    return words


def _runner(by: Vacuumer) -> str:
    return "Spark" if by is Vacuumer.SPARK else by.value
