"""States: which of them was current when, what each holds, and what was promised to stay."""
