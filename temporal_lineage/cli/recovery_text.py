"""Recovery plans as text, a line a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.recovery import RecoveryPlan, RecoveryStep

_WORDS = {
    "metadata-file": ("metadata file", "metadata files"),
    "manifest-list": ("manifest list", "manifest lists"),
    "manifest": ("manifest", "manifests"),
    "file-list": ("file list", "file lists"),
    "schema": ("schema", "schemas"),
    "checkpoint": ("checkpoint", "files of a checkpoint"),
    "commit": ("commit", "commits"),
}


def plan_lines(plan: RecoveryPlan) -> Iterator[tuple[str, object]]:
    """Yield labels and values: the steps in order."""
    for number, step in enumerate(plan.steps, 1):
        yield "plan" if number == 1 else "", f"{number}. {_step(step)}"


def _step(step: RecoveryStep) -> str:
    count, first, last = len(step.names), step.names[0], step.names[-1]
    one, many = _WORDS[step.piece]
    if step.piece == "schema":  # named by its digest, which tells people nothing
        return f"the {one if count == 1 else many}, which the {step.keeper} has"
    if count == 1:
        return f"{one} {first}, which the {step.keeper} has"
    return f"{count:,} {many}, which the {step.keeper} has: {first} to {last}"
