"""Torture: kills, faults, hostile files and fuzzing, which ledger and readers must survive."""
