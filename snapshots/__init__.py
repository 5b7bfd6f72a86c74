"""The vocabulary: what one table's history is. Pure values and rules; no I/O, no clock."""

__distribution__ = "temporal-lineage"
