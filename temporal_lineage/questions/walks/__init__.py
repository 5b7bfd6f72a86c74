"""Walks: lineage from a table, a job, a run or a state, as far as anybody told."""
