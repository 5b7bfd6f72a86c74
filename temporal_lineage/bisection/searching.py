"""How a search goes: its limits, and who hears of its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from temporal_lineage.bisection.answer import BisectStep

DEPTH_MAX = 20
"""How many steps upstream a search goes unless told otherwise."""

CHECK_MS_MAX = 600_000
"""How long a check may take for one state unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Searching:
    """At most `depth_max` steps upstream, at most `check_ms_max` for each state.

    `progress` hears of each step as it is made. Once `is_stopped` says so, the search ends with
    KeyboardInterrupt at its next step, its next batch of rows, or by ending its program.
    """

    depth_max: int
    check_ms_max: int
    progress: Callable[[BisectStep], None]
    is_stopped: Callable[[], bool]


USUAL = Searching(DEPTH_MAX, CHECK_MS_MAX, lambda _: None, lambda: False)
"""How a search goes unless told otherwise."""
