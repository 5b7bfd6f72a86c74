"""Iceberg: histories, file lists and states of tables, read from what lies in their folders."""
