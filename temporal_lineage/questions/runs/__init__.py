"""Runs and their jobs: which there were, and all that is known of each."""
