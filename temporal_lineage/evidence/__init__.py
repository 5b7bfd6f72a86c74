"""Evidence: how a claim is known, how surely, and what was rejected.

Only the grades are imported here, since every question needs them; the rules are in their modules.
"""

from temporal_lineage.evidence.grades import Evidence, Grade, Method, RejectedAlternative, weakest

__all__ = ["Evidence", "Grade", "Method", "RejectedAlternative", "weakest"]
