"""Naming: from what people and events call things to the ledger's nodes, and back."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from snapshots.dataset import Dataset, DatasetVersion
from snapshots.errors import UnknownNameError
from temporal_lineage.addresses import AtInstant, quoted, quoted_version, unquoted
from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.claims import AliasClaim, NamedClaim, SettledClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.harvesting.histories import table_claim
from temporal_lineage.keys import BY_HAND, AttributeKind, NodeKind, name_key, split_name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from snapshots.history import TableHistory
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.store.reader import Node, Reader

CATALOG_NAMESPACE = "catalog"
"""The namespace of names typed as `catalog.namespace.table`."""

MODEL_NAMESPACE = "model"
"""The namespace of names typed as `model:name`."""

UNHARVESTED = "named:"
"""How the identity of a dataset starts that is known from events only."""


def written(version: DatasetVersion) -> str:
    """Write a dataset version as people do: `lake.sales.orders@88`, `model:fraud@v3`."""
    return f"{version.dataset}@{quoted_version(version.version)}"


class Naming:
    """Names nodes for people by what means them at one point in both times."""

    def __init__(self, reader: Reader, *, as_of: AsOf) -> None:
        """Look names up through this reader; each dataset's name is fetched once."""
        self._reader = reader
        self._as_of = as_of
        self._datasets: dict[int, str] = {}

    def dataset(self, node_id: int) -> str:
        """Give the address of a dataset node."""
        if node_id not in self._datasets:
            node = self._reader.named(node_ids=[node_id])[node_id]
            self._datasets[node_id] = self._dataset_address(node)
        return self._datasets[node_id]

    def addresses(self, node_ids: Iterable[int]) -> dict[int, str]:
        """Give the addresses of version and dataset nodes, fetched together."""
        nodes = self._reader.named(node_ids=sorted(set(node_ids)))
        return {node_id: self._address(node) for node_id, node in nodes.items()}

    def _address(self, node: Node) -> str:
        if node.kind == NodeKind.VERSION:
            return written(DatasetVersion(self.dataset(node.parent_id), node.name))
        return self.dataset(node.node_id)

    def _dataset_address(self, node: Node) -> str:
        if node.name.startswith(UNHARVESTED):
            return unharvested_address(node.name)
        for name in _names_of(self._reader, node.node_id, self._as_of):
            # A table that took over the name, or the place, of another is called by it now.
            if known_dataset(self._reader, name, as_of=self._as_of) == node.node_id:
                return name
        return f"dataset:{quoted(node.name)}"


def unharvested_address(identity: str) -> str:
    """Give the address of a dataset that only events know, from its identity."""
    namespace, name = split_name_key(identity.removeprefix(UNHARVESTED))
    if namespace == MODEL_NAMESPACE:
        return f"model:{quoted(name)}"
    return f"dataset:{quoted(f'{namespace}/{name}')}"


def canonical_identity(reader: Reader, history: TableHistory, address: str) -> str:
    """Give the identity under which a table is kept: its own id, with its place for a copy.

    Copying a table's folder copies its id, and from then on the two are different tables. A table
    that is harvested under the name it had before is the same one, wherever it lies now.
    """
    identity = str(history.identity)
    node_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)
    table = table_claim(reader, node_id, system=LAST) if node_id is not None else None
    if table is None or located(table.location) == located(history.location):
        return identity
    if known_dataset(reader, address, as_of=AsOf(valid=LAST, system=LAST)) == node_id:
        return identity
    return f"{identity}@{history.location}"


def unharvested_identity(dataset: Dataset) -> str:
    """Give the identity of a dataset that only events know."""
    return f"{UNHARVESTED}{name_key(dataset)}"


def find_dataset(reader: Reader, name: str, *, as_of: AsOf) -> int:
    """Find the dataset node that a typed name meant at a point in both times.

    Raises UnknownNameError with the nearest names.
    """
    found = known_dataset(reader, name, as_of=as_of)
    if found is not None:
        return found
    known = sorted(known_names(reader, as_of=as_of))
    nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    advice = "`tl show` lists what is known" if known else "`tl harvest` has not seen any table yet"
    raise UnknownNameError("dataset", name, nearest, advice)


def find_addressed(reader: Reader, address: DatasetAddress, *, as_of: AsOf) -> int:
    """Find the dataset node of an address, which means what it meant at the address's own time.

    Raises UnknownNameError with the nearest names.
    """
    valid = address.at.instant if isinstance(address.at, AtInstant) else as_of.valid
    return find_dataset(reader, address.name, as_of=AsOf(valid=valid, system=as_of.system))


def known_dataset(reader: Reader, name: str, *, as_of: AsOf) -> int | None:
    """Find the dataset node that a typed name meant; None where nobody knows the name."""
    for dataset in readings(name):
        found = find_named(reader, dataset, as_of=as_of)
        if found is not None:
            return found
    identity = unquoted(name.removeprefix("dataset:"))
    if identity == name or identity.startswith(UNHARVESTED):
        return None
    return reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)


def is_called(reader: Reader, dataset_id: int, address: str) -> bool:
    """Tell whether a table has this address now, and does not only have had it."""
    if address.startswith("dataset:"):
        return True  # a place is no name that a catalog could take away
    now = AsOf(valid=LAST, system=LAST)
    kind = AttributeKind.NAMED
    return reader.attribute(node_id=dataset_id, kind=kind, name=address, as_of=now) is not None


def find_named(reader: Reader, dataset: Dataset, *, as_of: AsOf) -> int | None:
    """Find the dataset node that an exact name meant; None where nobody knows the name."""
    name_id = reader.node(kind=NodeKind.NAME, parent_id=0, name=name_key(dataset))
    if name_id is None:
        return None
    lines = reader.timelines(node_id=name_id, kind=AttributeKind.ALIAS, system=as_of.system)
    settled = [one for one in lines.get(BY_HAND, ()) if one.valid.contains(as_of.valid)]
    if settled:
        identity = decode(SettledClaim, settled[0].claim).identity
        return reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)
    line = lines.get("", [])
    if not line:
        return None
    # A name that means nothing then means what it meant last; before its table's history begins,
    # the first meaning is the best.
    believed = next((one for one in reversed(line) if one.valid.start <= as_of.valid), line[0])
    identity = decode(AliasClaim, believed.claim).identity
    return reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)


def known_names(reader: Reader, *, as_of: AsOf) -> list[str]:
    """List every dataset by the address people type."""
    naming = Naming(reader, as_of=as_of)
    return [naming.dataset(node.node_id) for node in known_datasets(reader, as_of=as_of)]


def known_datasets(reader: Reader, *, as_of: AsOf) -> list[Node]:
    """Give the datasets known then: tables that were there, and what only events told of.

    A dataset known from events is no more one of its own when its name means a harvested table.
    """
    rows = reader.by_attribute(kind=AttributeKind.TABLE, name="", as_of=as_of)
    tables = {one.node_id for one in rows}
    return [
        node
        for node in reader.nodes(kind=NodeKind.DATASET)
        if node.node_id in tables or _is_of_its_own(reader, node, as_of)
    ]


def _is_of_its_own(reader: Reader, node: Node, as_of: AsOf) -> bool:
    """Tell whether a dataset is known from events, and from them only."""
    if not node.name.startswith(UNHARVESTED):
        return False
    named = Dataset(*split_name_key(node.name.removeprefix(UNHARVESTED)))
    point = AsOf(valid=LAST, system=as_of.system)
    return find_named(reader, named, as_of=point) == node.node_id


def readings(name: str) -> Sequence[Dataset]:
    """Give the names a typed text may stand for; `dataset:` hides where the namespace ends."""
    if name.startswith("model:"):
        return [Dataset(MODEL_NAMESPACE, unquoted(name.removeprefix("model:")))]
    if not name.startswith("dataset:"):
        return [Dataset(CATALOG_NAMESPACE, name)]
    text = unquoted(name.removeprefix("dataset:"))
    places = [place for place, letter in enumerate(text) if letter == "/"]
    return [Dataset(text[:place], text[place + 1 :]) for place in places]


def _names_of(reader: Reader, dataset_id: int, as_of: AsOf) -> Iterator[str]:
    """Yield what a harvested table may be called, what people know it by first.

    That is the address under which harvests saw it first, of those that catalogs listed then; the
    alphabet decides between equals. Then what it was called before or after, and its place.
    """
    named = reader.timelines(node_id=dataset_id, kind=AttributeKind.NAMED, system=as_of.system)
    firsts = {
        name: (
            not any(one.valid.contains(as_of.valid) for one in line),
            decode(NamedClaim, line[0].claim).first_seen,
            name,
        )
        for name, line in named.items()
    }
    yield from sorted(firsts, key=firsts.__getitem__)
    table = table_claim(reader, dataset_id, system=as_of.system)
    if table is not None:
        kind, colon, name = table.address.partition("dataset:")
        yield f"{colon}{quoted(name)}" if colon and not kind else table.address
        yield f"dataset:{quoted(str(located(table.location)))}"
