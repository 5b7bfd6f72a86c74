"""SQL read for lineage: which tables and columns a text reads and writes, and at which states.

Pure: a text, a dialect and the columns of tables go in, records come out. sqlglot parses; what a
name means is decided here.
"""
