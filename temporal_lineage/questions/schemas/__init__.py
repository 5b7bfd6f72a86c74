"""Schemas: how columns changed, whom a change reached, and what SQL means against them."""
