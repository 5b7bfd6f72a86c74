"""Impact: what a bad commit has reached, and what a change would reach."""
