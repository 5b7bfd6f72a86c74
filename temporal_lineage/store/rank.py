"""Ranks: one integer per assertion of a key, that puts the newest first."""

TURNS = 65536
"""How often one transaction may revise one key."""


def rank(*, tx: int, turn: int) -> int:
    """Give the place of an assertion in its key's history; the newest has the smallest rank.

    A turn counts how often the transaction has overlapped itself on the key: later ones win.
    """
    if turn >= TURNS:
        msg = f"one transaction revised one key {turn} times; use several transactions"
        raise ValueError(msg)
    return -(tx * TURNS + turn)


def rank_floor(*, tx: int) -> int:
    """Give the smallest rank that is visible as known in `tx`."""
    return -(tx * TURNS + TURNS - 1)


def rank_tx(rank: int) -> int:
    """Give the transaction of a rank."""
    return -rank // TURNS
