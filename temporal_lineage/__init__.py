"""temporal_lineage: what fed what, as of when, and how we know."""
