"""Harvesting: read the histories of tables, and keep what they will forget."""
