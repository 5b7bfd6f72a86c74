"""Intake: take in the events of runs, from wherever they come, and lose none."""
