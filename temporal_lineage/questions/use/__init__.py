"""Use and cost: what nobody reads, what takes how long, how fresh it is, and whose it is."""
