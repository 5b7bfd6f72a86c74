"""Promises: states that somebody wants to stay readable, until when, and what keeps them."""
