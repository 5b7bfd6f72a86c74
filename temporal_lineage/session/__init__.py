"""Sessions: the Python API; every question of the command line, with the same answers."""

from temporal_lineage.session.session import Session, open_session, wall_clock

__all__ = ("Session", "open_session", "wall_clock")
