"""Datasets: what a table is called, and what it is."""

from enum import StrEnum

from snapshots.records import dataclass


class TableFormat(StrEnum):
    """The table formats whose histories can be read."""

    ICEBERG = "iceberg"
    DELTA = "delta"


@dataclass(frozen=True, slots=True, order=True)
class Dataset:
    """A namespace and a name, as OpenLineage has them; an alias with a lifetime."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """Write namespace and name with the slash between them that job names use too."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class DatasetVersion:
    """A dataset at one of its versions: the node of exact lineage.

    `dataset` is its address; `version` the snapshot id, the Delta version, or what a model's
    version is called, as text.
    """

    dataset: str
    version: str


@dataclass(frozen=True, slots=True, order=True)
class TableIdentity:
    """What a table is for ever: Iceberg `table-uuid`, Delta `metaData.id`."""

    format: TableFormat
    uuid: str

    def __str__(self) -> str:
        """Write format and uuid, for example `iceberg:9c12d441-...`."""
        return f"{self.format}:{self.uuid}"
