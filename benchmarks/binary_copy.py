"""Binary COPY: whole columns packed by numpy the way that PostgreSQL takes them quickest."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.int64]

Column: TypeAlias = "tuple[Numbers, int] | bytes"
"""Whole numbers and how many bytes wide their column is; or one text that every row has."""

_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_ROWS_AT_ONCE = 200_000


def packed(columns: Sequence[Column], *, rows: int) -> Iterator[bytes]:
    """Yield rows as COPY ... (FORMAT BINARY) has them: each value after its length."""
    yield _HEAD
    for first in range(0, rows, _ROWS_AT_ONCE):
        yield _piece(columns, first, min(first + _ROWS_AT_ONCE, rows))
    yield _END


def _piece(columns: Sequence[Column], first: int, stop: int) -> bytes:
    import numpy as np

    kinds = [("fields", ">i2")]
    for place, column in enumerate(columns):
        kind = f"S{len(column)}" if isinstance(column, bytes) else f">i{column[1]}"
        kinds += [(f"length{place}", ">i4"), (f"value{place}", kind)]
    piece = np.empty(stop - first, np.dtype(kinds))
    piece["fields"] = len(columns)
    for place, column in enumerate(columns):
        if isinstance(column, bytes):
            piece[f"length{place}"], piece[f"value{place}"] = len(column), column
        else:
            numbers, width = column
            piece[f"length{place}"], piece[f"value{place}"] = width, numbers[first:stop]
    return piece.tobytes()
