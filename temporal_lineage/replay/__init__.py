"""Replay: run a run's SQL again over the states it read, and compare what comes out."""
