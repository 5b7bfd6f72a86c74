"""Held: what stays for the sake of one promise alone, by sets of files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots.maintenance import Removal, Vacuum

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from catalogs.upkeep import Upkeep
    from snapshots.instant import Instant
    from snapshots.maintenance import Act
    from temporal_lineage.promises.promise import Promise, PromisedVersion


def held_files(
    upkeep: Upkeep, act: Act, promised: Sequence[tuple[Promise, PromisedVersion]], *, at: Instant
) -> dict[str, Mapping[str, int]]:
    """Give, for each promise, the files with their sizes that an act leaves for it alone.

    They are what the act would delete if all other promises were kept and this one were not,
    less what it deletes with all of them kept. The tags that were made for promises stand or fall
    with them; those that others made go on holding what they hold.
    """
    versions = {(one.name, state.version): state for one, state in promised}
    names = {one.name for one, _ in promised}
    tags = {
        name: {state.tag for one, state in promised if one.name == name and state.tag}
        for name in names
    }

    bare = _without_versions(act, {int(one) for _, one in versions if one.isdecimal()})

    def deleted(without: str | None) -> Mapping[str, int] | None:
        hold = {
            int(version) for name, version in versions if name != without and version.isdecimal()
        }
        let_go = tags[without] if without is not None else set()
        found = upkeep.removal(bare, at=at, hold=hold, let_go=let_go)
        return found.files if isinstance(found, Removal) else None

    kept = deleted(None) if names else None
    if kept is None:
        return {}
    held: dict[str, Mapping[str, int]] = {}
    for name in sorted(names):
        gone = deleted(name) or {}
        held[name] = {path: size for path, size in gone.items() if path not in kept}
    return held


def _without_versions(act: Act, promised: Collection[int]) -> Act:
    """Give the act without what it is told to keep because of promises."""
    if not isinstance(act, Vacuum):
        return act
    others = tuple(one for one in act.keep_versions if one not in promised)
    return replace(act, keep_versions=others)
