"""Portable ledgers: written as Parquet and Iceberg for others to query, and brought back equal."""
