"""Bisection: the first bad state of a table or model, and what upstream made it bad."""
