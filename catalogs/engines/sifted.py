"""Sifted files: what engines counted in files, held against how many rows the files have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from urllib.parse import unquote

from catalogs.engines.engine import EngineFailedError
from catalogs.moved import normal
from catalogs.sifting import Candidate
from snapshots.errors import TemporalLineageError

FILES_MAX = 1_000
"""An engine is asked about so many files at once."""

Counted = Callable[[Sequence[Candidate]], Iterable[tuple[str, int, int]]]
"""Gives path, rows and matching rows of files that have one schema."""


def sifted(files: Iterator[Candidate], engine: str, counted: Counted) -> dict[str, int]:
    """Give the matching rows of files by their place.

    Raises EngineFailedError where the engine does, leaves a file out, or counts other rows in it.
    """
    hits: dict[str, int] = {}
    for group in _groups(files):
        try:
            found = {normal(path): (rows, many) for path, rows, many in counted(group)}
        except TemporalLineageError:
            raise
        except Exception as error:  # whatever an engine raises is its answer
            told = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:300]
            raise EngineFailedError(group[0].place, engine, told) from error
        for one in group:
            hits[one.place] = _held(one, found, engine)
    return hits


def plain_path(uri: str) -> str:
    """Read a path as Spark writes it: a URI.

    >>> plain_path("file:/lake/a%20b.parquet")
    '/lake/a b.parquet'
    """
    path = unquote(uri)
    return f"/{path.removeprefix('file:').lstrip('/')}" if path.startswith("file:") else path


def _held(one: Candidate, found: Mapping[str, tuple[int, int]], engine: str) -> int:
    rows, hits = found.get(normal(one.place), (0, 0))
    if rows != one.rows:
        reason = f"it read {rows} rows where the file holds {one.rows}"
        raise EngineFailedError(one.place, engine, reason)
    return hits


def _groups(files: Iterator[Candidate]) -> Iterator[list[Candidate]]:
    """Join files of one schema, under the same names."""
    ordered = sorted(files, key=_key)
    for _, alike in groupby(ordered, key=_key):
        members = list(alike)
        for start in range(0, len(members), FILES_MAX):
            yield members[start : start + FILES_MAX]


def _key(one: Candidate) -> tuple[str, list[tuple[tuple[str, ...], str]]]:
    return one.schema, sorted((path, field.name) for path, field in one.columns.items())
