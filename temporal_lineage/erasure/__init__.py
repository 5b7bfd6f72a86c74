"""Erasure: where rows of a condition still are, what takes them away, and proof that they went."""
