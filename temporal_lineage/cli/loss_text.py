"""Losses as text: what is gone, and by which runs it could be made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.reproduce.lost import Loss, Rebuild, RebuildInput

_CAN = {
    "yes": "yes, by running again",
    "no": "no",
    "unknown": "nobody can tell",
}


def loss_lines(loss: Loss) -> Iterator[tuple[str, object]]:
    """Yield labels and values: how much is lost, who took it, and what could make it again."""
    if loss.files:
        rows = f", {loss.rows:,} rows" if loss.rows is not None else ""
        yield "lost", f"{loss.files:,} of {loss.of:,} files, {loss.size_bytes:,} bytes{rows}"
    yield "user", loss.user
    yield "by run", loss.run
    yield "again", _CAN[loss.can]
    for one in loss.rebuilds:
        yield from (("", line) for line in _rebuild(one))


def _rebuild(one: Rebuild) -> Iterator[str]:
    commits = ", ".join(one.commits)
    if one.run is None:
        yield f"{commits}: {one.why}" if commits else str(one.why)
        return
    # A place and a version of the code: the version tells them apart.
    code = f", code {one.code.rpartition('@')[2] or one.code}" if one.code else ""
    yield f"{commits}: run {one.run} of {one.job or 'no known job'}{code}"
    for read in one.inputs:
        yield from (f"  {line}" for line in _input(read))
    if not one.inputs:
        yield f"  {one.why}"


def _input(one: RebuildInput) -> Iterator[str]:
    yield f"{one.address}  {one.verdict}"
    for inner in one.rebuilds:
        yield from (f"  {line}" for line in _rebuild(inner))
