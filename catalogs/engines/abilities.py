"""Abilities: what each engine does not read right, found by reading and comparing.

`benchmarks.corpus_engines` reads states of foreign tables with an engine: what is not named here
came with the fingerprint that the readers in this process give it, or was refused by the engine
itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from catalogs.engines.engine import EngineRefusedError
from catalogs.engines.in_process import IN_PROCESS
from catalogs.traits import Feature, TableKind, Traits

if TYPE_CHECKING:
    from catalogs.table import TableState

DAFT = "daft"
SAIL = "sail"
SPARK = "spark"

ENGINES = (IN_PROCESS, DAFT, SAIL, SPARK)

_F = Feature
_UNPROVEN = {_F.ENCRYPTION, _F.GEOMETRY, _F.NANOSECONDS, _F.NO_COLUMNS, _F.TIME_OF_DAY}
_UNPROVEN |= {_F.CHAR, _F.COLLATION, _F.SEVERAL_COLUMN_TRANSFORMS, _F.UNKNOWN_TYPE, _F.UUID}
_UNPROVEN |= {_F.VARIANT, _F.CASE_TWINS}
"""What no engine has shown here to read right."""

_DAFT = {_F.DEFAULTS, _F.DELETION_VECTORS, _F.EQUALITY_DELETES, _F.ORC_FILES, _F.AVRO_FILES}
_BY_NUMBER = {_F.OLD_STATE, _F.ABSOLUTE_PATHS}
_SAIL = {_F.FLOAT_WIDENING, _F.TYPE_WIDENING, _F.DEFAULTS, _F.ORC_FILES, _F.AVRO_FILES}

REFUSED: Mapping[tuple[str, TableKind], frozenset[Feature]] = {
    (DAFT, TableKind.ICEBERG): frozenset(_UNPROVEN | _DAFT),
    # Far instants stored as INT96 come as others, and the log does not say how they are stored.
    (DAFT, TableKind.DELTA): frozenset(
        _UNPROVEN | _DAFT | _BY_NUMBER | {_F.TIMESTAMP_WITH_ZONE, _F.MAPS}
    ),
    (SAIL, TableKind.ICEBERG): frozenset(_UNPROVEN | _SAIL),
    # A partition of decimals comes with other values; the last bytes of a short vector, too. Spark
    # is not among those that misread it: in a stand-in no vector is short.
    (SAIL, TableKind.DELTA): frozenset(
        _UNPROVEN | _SAIL | _BY_NUMBER | {_F.PARTITIONS, _F.SHORT_VECTORS}
    ),
    (SPARK, TableKind.ICEBERG): frozenset(_UNPROVEN | {_F.DEFAULTS}),
    (SPARK, TableKind.DELTA): frozenset(_UNPROVEN),
}


def refusals(engine: str, traits: Traits) -> tuple[Feature, ...]:
    """Name what an engine does not read right of a state, in a fixed order."""
    return tuple(sorted(traits.features & REFUSED[engine, traits.kind]))


def require(engine: str, state: TableState) -> None:
    """Raise EngineRefusedError where a state has what an engine does not read right."""
    traits = state.traits()
    features = refusals(engine, traits)
    if features:
        others = [
            one
            for one in ENGINES
            if one == IN_PROCESS or (one != engine and not refusals(one, traits))
        ]
        location = f"{traits.location}@{state.snapshot_id}"
        raise EngineRefusedError(location, engine, features, others)
