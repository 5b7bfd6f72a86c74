"""Engines: who reads the rows of a state, and what of one each of them reads right."""
