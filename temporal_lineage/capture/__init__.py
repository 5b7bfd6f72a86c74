"""Capture: what engines, schedulers and people tell about runs, made into values."""
