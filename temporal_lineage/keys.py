"""Keys: how things of the lakehouse are named inside the ledger."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapshots.dataset import Dataset

_SEPARATOR = "\x1f"
"""ASCII's unit separator: cannot stand in a namespace or a name."""


BY_HAND = "by-hand"
"""The name of the alias that people settled: it goes before what harvests and events found."""

EVERY_COLUMN = "*"
"""The column that stands for all of a dataset's: filters, joins and sorting act on every one."""


class NodeKind(StrEnum):
    """The kinds of things that facts are about."""

    DATASET = "dataset"
    """Named by its canonical identity: `iceberg:<uuid>`, `delta:<id>`, or `named:...`."""
    NAME = "name"
    """An alias: OpenLineage namespace and name."""
    VERSION = "version"
    """A dataset version; its parent is the dataset."""
    COLUMN = "column"
    """A column; its parent is the dataset, its name the field id, or a name where none is known."""
    JOB = "job"
    RUN = "run"
    CATALOG = "catalog"
    """A catalog, by its name in the configuration."""
    QUARANTINED = "quarantined"
    """Something that came as an event and was refused."""
    FEED = "feed"
    """A file of events that was followed, by its path."""
    PROMISE = "promise"
    """A promise to keep states readable, by its address: `pin:1`."""


class AttributeKind(StrEnum):
    """The kinds of facts about one thing."""

    ALIAS = "alias"
    """On a NAME: which dataset it means; as BY_HAND, which one somebody said it means."""
    TABLE = "table"
    """On a DATASET: format, location, address."""
    NAMED = "named"
    """On a DATASET, by address: while a catalog listed it so; ALIAS, the other way round."""
    LOOK = "look"
    """On a DATASET, by address, and on a CATALOG: the last look of a harvest, from then on."""
    ABSENCE = "absence"
    """On a DATASET, by catalog: while a catalog that had listed it did no more."""
    SNAPSHOT = "snapshot"
    """On a DATASET, by snapshot id; held while the table's metadata listed it."""
    ERASED = "erased"
    """On a VERSION, by case: that it held rows which a verified erasure took away."""
    EXPIRY = "expiry"
    """On a DATASET, by snapshot id: who took the snapshot out of the metadata."""
    POINT = "point"
    """On a DATASET, by chain position: one commit point."""
    RECORDED = "recorded"
    """On a DATASET, by place: one entry of the snapshot log, where the chain does not reach."""
    REF = "ref"
    """On a DATASET, by ref: the snapshot log."""
    SCHEMA = "schema"
    """On a DATASET, by schema id."""
    PROPERTIES = "properties"
    """On a DATASET: the table properties."""
    DEFINITION = "definition"
    """On a DATASET, by aspect: partitioning, sort order, features and the like."""
    ORIGINS = "origins"
    """On a VERSION: whose rows the files hold that it brought in, where not its own alone."""
    RUN = "run"
    """On a RUN: what is known of it."""
    CHILD = "child"
    """On a RUN, by run id: a run whose parent this one is."""
    READS = "reads"
    """On a RUN, by the dataset's name: which states it read, and how we know."""
    TAKEN = "taken"
    """On a RUN, by dataset and version: which columns and rows it took of that state."""
    WRITES = "writes"
    """On a RUN, by the dataset's name: which commits it made, and how we know."""
    PASSED_ON = "passed-on"
    """On a RUN: the engine keys that its children have from it and from its ancestors."""
    REACH = "reach"
    """On a RUN, by dataset and sign: what its links to that dataset may depend on; an index.

    On a DATASET: that the reach and the sightings of all runs that wrote it are kept.
    """
    SET_ASIDE = "set-aside"
    """On a RUN, a JOB or a NAME: why its events could not be linked, while they are no more."""
    STRANGER = "stranger"
    """On a RUN, by mark in quarantine: an event under its id that tells of another run."""
    SIGHTING = "sighting"
    """On a RUN, by dataset, job and instant: what it showed to feed that dataset; an index."""
    WRITER = "writer"
    """On a VERSION: the run that made it, and how we know."""
    QUARANTINED = "quarantined"
    """On a QUARANTINED: why it was refused, and what has become of it."""
    FEED = "feed"
    """On a FEED: how far it was read."""
    TOLD = "told"
    """On a DATASET, by aspect and producer: how events describe it."""
    PROMISE = "promise"
    """On a PROMISE: what was promised, by whom, and why; held while it is in force."""
    PROMISED = "promised"
    """On a VERSION, by promise: that it is to stay readable."""
    WATCHED = "watched"
    """On a VERSION: what the last watch saw of it, from then on."""


class EdgeKind(StrEnum):
    """The kinds of facts that join two things."""

    EDGE = "edge"
    """One run read this DatasetVersion and wrote that one."""
    READS = "reads"
    """From a run to a dataset that it names as an input."""
    WRITES = "writes"
    """From a run to a dataset that it names as an output."""
    DESIGN_READS = "design-reads"
    """From a job to a dataset that it is said to read, outside any run."""
    DESIGN_WRITES = "design-writes"
    """From a job to a dataset that it is said to write, outside any run."""
    DESCRIBES = "describes"
    """From a NAME to the dataset that events about no run describe under it."""
    RUN_OF = "run-of"
    """From a run to its job."""
    FLOW = "flow"
    """A job moves data from this dataset to that one."""
    COLUMN_FLOW = "column-flow"
    """A job moves data from this column to that one."""


def name_key(dataset: Dataset) -> str:
    """Write a name so that namespace and name can be told apart again."""
    return f"{dataset.namespace}{_SEPARATOR}{dataset.name}"


def split_name_key(key: str) -> tuple[str, str]:
    """Give namespace and name back."""
    namespace, _, name = key.partition(_SEPARATOR)
    return namespace, name
