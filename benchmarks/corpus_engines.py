"""Every readable past state of foreign tables, read by other engines and fingerprinted.

A state is equal, or refused by us for a feature, or refused by the engine itself; it is wrong where
rows came that are not those of the readers in this process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.corpus_fingerprint import source_of
from benchmarks.corpus_marks import KNOWN_BAD, Fixture
from catalogs.engines.choosing import opened_engine
from catalogs.engines.engine import Engine, EngineFailedError, EngineRefusedError
from catalogs.fingerprint.identities import identities
from catalogs.fingerprint.rows import fingerprint_of
from catalogs.portion import Portion
from catalogs.table import TableState
from snapshots.availability import Gone, LogTruncated
from snapshots.errors import TemporalLineageError
from temporal_lineage.reproduce.fingerprints import state_fingerprint

STATES_MAX = 3
"""Of a table with more states the first and the last ones are taken."""


class Reading(StrEnum):
    """What came of a state that an engine was given."""

    EQUAL = "equal"
    REFUSED = "refused"
    FAILED = "failed by its own words"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Read:
    """A state and what came of it; `note` says why it was not read, or is what it gave instead."""

    state: str
    reading: Reading
    note: str


def readable(
    fixtures: Sequence[Fixture], *, states_max: int = STATES_MAX
) -> Iterator[tuple[str, TableState, str]]:
    """Yield states that are readable here: their name, and their fingerprint."""
    for fixture in fixtures:
        if fixture.format == "iceberg-metadata-json" or fixture.category == KNOWN_BAD:
            continue
        try:
            source = source_of(fixture)
            history = source.history(known=None)
        except TemporalLineageError:
            continue
        versions = [one.snapshot_id for one in history.snapshots]
        versions = [one for one in versions if one in history.listed]
        if len(versions) > states_max:
            versions = [versions[0], *versions[1 - states_max :]]
        for version in versions:
            try:
                state = source.state(version, kept=())
                if isinstance(state, LogTruncated | Gone):
                    continue
                told = str(state_fingerprint(state, Portion(None, None)))
            except TemporalLineageError:
                continue
            yield f"{fixture.name}@{version}", state, told


def read_by(engine: Engine, name: str, state: TableState, told: str) -> Read:
    """Read a state by an engine, and compare."""
    try:
        named = identities(state.schema, state.identity_of)
        with closing(engine.rows(state).batches(columns=None)) as rows:
            found = str(fingerprint_of(rows, named))
    except EngineRefusedError as error:
        return Read(name, Reading.REFUSED, str(error))
    except (EngineFailedError, TemporalLineageError) as error:
        return Read(name, Reading.FAILED, str(error))
    reading = Reading.EQUAL if found == told else Reading.WRONG
    return Read(name, reading, "" if found == told else found)


def engine_board(fixtures: Sequence[Fixture], engine: str, *, quiet: bool) -> int:
    """Print what came of each state, and how many an engine read; give how many it read wrong."""
    counts: Counter[Reading] = Counter()
    with opened_engine(engine) as reads:
        for one in readable(fixtures):
            read = read_by(reads, *one)
            counts[read.reading] += 1
            if read.reading is Reading.WRONG or not quiet:
                print(f"{read.state}  {read.reading}  {read.note}", flush=True)
    print(f"{engine}: " + ", ".join(f"{counts[one]:,} {one}" for one in Reading))
    return counts[Reading.WRONG]
