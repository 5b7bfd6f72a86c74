"""The vocabulary: what one table's history is. Pure values and rules; no I/O, no clock.

Each name is imported from the module that defines it, as in `snapshots.instant`: whoever starts
`tl` imports this package, and should not wait for words that no question of theirs needs.
"""

__distribution__ = "temporal-lineage"
