"""Sessions: the Python API; every question of the command line, with the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from temporal_lineage.session.opening import wall_clock
    from temporal_lineage.session.session import Session, open_session

__all__ = ("Session", "open_session", "wall_clock")


def __getattr__(name: str) -> object:
    """Load all parts of a session when it is named: one question of the command line needs one."""
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from temporal_lineage.session import opening, session

    return getattr(opening if name == "wall_clock" else session, name)
