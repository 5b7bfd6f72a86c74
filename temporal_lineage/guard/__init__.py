"""Guarding: what a maintenance run would break, said before it runs."""
