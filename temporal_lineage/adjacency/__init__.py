"""The adjacency: a ledger's flows as arrays in a file beside it, for walks through most of it.

It is a cache. It is made anew at will, says of which ledger it is and how far it goes, is put
right by what was told since, and where it is absent or cannot be trusted the ledger answers alone.
"""
