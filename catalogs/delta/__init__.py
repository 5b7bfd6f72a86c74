"""Delta Lake: one table's log and checkpoints, read as the history of its states."""
