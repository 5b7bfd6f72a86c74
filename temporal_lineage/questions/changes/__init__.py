"""Changes: what was otherwise upstream at a bad time than at a good one."""
