"""Benchmarks: how long the questions take, on ledgers of known size."""
