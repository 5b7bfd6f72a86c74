"""What the history of one table is: values and rules, no I/O, no clock."""

__distribution__ = "temporal-lineage"
