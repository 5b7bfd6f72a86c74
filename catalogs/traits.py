"""Traits: what of a state not every engine reads right, and where engines would find it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Feature(StrEnum):
    """Something that a state needs of whoever reads it; the value is how people call it."""

    ABSOLUTE_PATHS = "files outside the folder of the table"
    AVRO_FILES = "Avro files"
    CASE_TWINS = "column names that differ by letter case alone"
    CHAR = "texts of type char or varchar"
    COLLATION = "texts with a collation"
    COLUMN_MAPPING_ID = "column mapping by id"
    COLUMN_MAPPING_NAME = "column mapping by name"
    DEFAULTS = "default values of columns"
    DELETION_VECTORS = "deletion vectors"
    ENCRYPTION = "encrypted files"
    EQUALITY_DELETES = "equality deletes"
    FLOAT_WIDENING = "floats that were widened to doubles"
    GEOMETRY = "geometries"
    LISTS = "lists"
    MAPS = "maps"
    NAME_MAPPING = "files without field ids"
    NANOSECONDS = "nanoseconds"
    NO_COLUMNS = "a schema without columns"
    OLD_STATE = "a state that its table no longer tells of"
    ORC_FILES = "ORC files"
    PARTITION_EVOLUTION = "files under several partition specs"
    PARTITIONS = "partition columns"
    POSITION_DELETES = "position deletes"
    ROW_TRACKING = "row ids"
    SCHEMA_EVOLUTION = "columns that changed since files were written"
    SEVERAL_COLUMN_TRANSFORMS = "a partition transform of several columns"
    SHORT_VECTORS = "deletion vectors in the log that end with less than a group of letters"
    SPECIAL_PATHS = "file names with characters that URLs escape"
    STRUCTS = "structs"
    TIMESTAMP_WITH_ZONE = "timestamps with time zone, which may be stored as INT96"
    TIME_OF_DAY = "times of day"
    TIMESTAMP_WITHOUT_ZONE = "timestamps without time zone"
    TYPE_WIDENING = "columns whose type was widened"
    UNKNOWN_TYPE = "columns of no type"
    UUID = "uuids"
    VARIANT = "variants"


class TableKind(StrEnum):
    """The format whose words an engine is told."""

    ICEBERG = "iceberg"
    DELTA = "delta"


@dataclass(frozen=True, slots=True)
class Traits:
    """What an engine must know of a state before it may read it.

    `location` is the folder of the table. The state's own number finds it there unless it has the
    feature OLD_STATE.
    """

    kind: TableKind
    location: str
    features: frozenset[Feature]
