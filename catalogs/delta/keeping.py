"""Keeping: the log files from which states can be rebuilt once a table has cleaned its log."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from catalogs.delta.checkpoint import sidecars
from catalogs.delta.log import DeltaLog
from catalogs.delta.segment import LogSegment
from catalogs.table import RawCommit


def worth_keeping(log: DeltaLog, *, newest: int, skip: Collection[str]) -> Iterator[RawCommit]:
    """Yield every commit up to `newest`, and what else its states stand on; `skip` left out.

    A checkpoint is kept where no commits lead to its state, those in `skip` included, with its
    sidecars; a compacted range where its commits are gone. Raises UnreadableError where a file
    cannot be read.
    """
    wanted = [name for name in _names(log.segment, newest, skip) if name not in skip]
    for name in log.in_turn(wanted):
        # Sidecars first: who has the checkpoint then has all of it.
        for part in sidecars(log, name) if ".checkpoint." in name else ():
            if part not in skip:
                yield RawCommit(part, log.read(part))
        yield RawCommit(name, log.read(name))


def _names(segment: LogSegment, newest: int, skip: Collection[str]) -> Iterator[str]:
    kept = segment.with_names(skip)
    readable = kept.readable()
    reached: set[int] = set()
    for version in sorted({*kept.commits, *readable}):
        if version > newest:
            return
        name = segment.commits.get(version)
        if name is not None:
            yield name
        if version in kept.commits and (version == 0 or version - 1 in reached):
            reached.add(version)
        elif version in kept.checkpoints:
            yield from _checkpoint(kept, version, skip)
            reached.add(version)
        elif version in readable:
            yield from (one.name for one in kept.compactions if one.last == version)
            reached.add(version)


def _checkpoint(kept: LogSegment, version: int, skip: Collection[str]) -> tuple[str, ...]:
    """Choose the checkpoint that is kept already, else the simplest one."""
    several = kept.checkpoints[version]
    return next((names for names in several if set(names) <= set(skip)), several[0])
