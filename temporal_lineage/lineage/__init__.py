"""Lineage: what fed what, walked over edges and contributions."""
