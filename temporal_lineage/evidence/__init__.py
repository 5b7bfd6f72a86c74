"""Evidence: how a claim is known, how surely, and what was rejected."""
