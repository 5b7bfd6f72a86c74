"""Facts: claims with the two periods in which they hold and were believed."""

from temporal_lineage.facts.as_of import LAST, AsOf
from temporal_lineage.facts.assertion import Assertion, decisions, holds, timeline
from temporal_lineage.facts.fact import Fact, rectangles
from temporal_lineage.facts.revise import revision

__all__ = (
    "LAST",
    "AsOf",
    "Assertion",
    "Fact",
    "decisions",
    "holds",
    "rectangles",
    "revision",
    "timeline",
)
