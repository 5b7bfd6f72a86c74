"""Facts: claims with the two periods in which they hold and were believed.

What every question needs is imported here: points in both times, and what decides at one.
"""

from temporal_lineage.facts.as_of import LAST, AsOf
from temporal_lineage.facts.assertion import Assertion, decisions, holds, timeline

__all__ = (
    "LAST",
    "AsOf",
    "Assertion",
    "decisions",
    "holds",
    "timeline",
)
