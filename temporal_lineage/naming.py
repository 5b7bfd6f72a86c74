"""Naming: from what people and events call things to the ledger's nodes, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.dataset import Dataset, DatasetVersion
from snapshots.errors import UnknownNameError
from temporal_lineage.addresses import AtInstant, quoted, quoted_version, unquoted
from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.claims import NamedClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.harvesting.table_claims import table_claim, table_claims
from temporal_lineage.keys import AttributeKind, NodeKind, name_key, split_name_key
from temporal_lineage.meanings import meanings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.claims import TableClaim
    from temporal_lineage.store.reader import Believed, Node, Reader

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
        """Look names up through this reader; each node, and each dataset's name, is read once."""
        self._reader = reader
        self._as_of = as_of
        self._datasets: dict[int, str] = {}
        self._nodes: dict[int, Node] = {}

    def dataset(self, node_id: int) -> str:
        """Give the address of a dataset node."""
        if node_id not in self._datasets:
            self._fetch([node_id])
        return self._datasets[node_id]

    def datasets(self, node_ids: Iterable[int]) -> dict[int, str]:
        """Give the addresses of dataset nodes, fetched together."""
        asked = set(node_ids)
        self._fetch(asked - self._datasets.keys())
        return {node_id: self._datasets[node_id] for node_id in asked}

    def addresses(self, node_ids: Iterable[int]) -> dict[int, str]:
        """Give the addresses of version and dataset nodes, fetched together."""
        nodes = self.nodes(node_ids)
        kind = NodeKind.VERSION
        datasets = self.datasets(
            one.parent_id if one.kind == kind else one.node_id for one in nodes.values()
        )
        return {
            node_id: written(DatasetVersion(datasets[one.parent_id], one.name))
            if one.kind == kind
            else datasets[node_id]
            for node_id, one in nodes.items()
        }

    def nodes(self, node_ids: Iterable[int]) -> dict[int, Node]:
        """Give nodes by number, fetched together; numbers that stand for nothing are left out."""
        asked = set(node_ids)
        unknown = asked - self._nodes.keys()
        if unknown:
            self._nodes |= self._reader.named(node_ids=sorted(unknown))
        return {node_id: self._nodes[node_id] for node_id in asked if node_id in self._nodes}

    def keep_nodes(self, nodes: Mapping[int, Node]) -> None:
        """Keep nodes that were read already."""
        self._nodes |= nodes

    def keep(self, identities: Mapping[int, str]) -> None:
        """Keep the addresses of dataset nodes whose identities were read already."""
        harvested: dict[int, str] = {}
        for node_id, identity in identities.items():
            if identity.startswith(UNHARVESTED):
                self._datasets[node_id] = unharvested_address(identity)
            else:
                harvested[node_id] = identity
        names = _names_of(self._reader, harvested, self._as_of)
        while names:
            first = {node_id: more[0] for node_id, more in names.items() if more}
            meant = datasets_called(self._reader, first.values(), as_of=self._as_of)
            # A table that took over the name, or the place, of another is called by it now.
            own = {one: name for one, name in first.items() if meant.get(name) == one}
            self._datasets |= own
            names = {one: more[1:] for one, more in names.items() if more and one not in own}
        for node_id in harvested.keys() - self._datasets.keys():
            self._datasets[node_id] = f"dataset:{quoted(harvested[node_id])}"

    def _fetch(self, node_ids: Collection[int]) -> None:
        if node_ids:
            self.keep(self._reader.node_names(node_ids=sorted(node_ids)))


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
    known = [node.node_id for node in known_datasets(reader, as_of=as_of)]
    nearest = _nearest(reader, name, known, as_of)
    advice = "`tl show` lists what is known" if known else "`tl harvest` has not seen any table yet"
    if not nearest and "." not in name:
        advice = f"a table is written with its catalog, as in lake.sales.{name}; {advice}"
    raise UnknownNameError("dataset", name, nearest, advice)


def spoken(reader: Reader, dataset_id: int, name: str, *, system: Instant) -> str:
    """Give what people call a dataset that was asked for by its place; any other name as it is."""
    if not name.startswith("dataset:"):
        return name
    return Naming(reader, as_of=AsOf(valid=LAST, system=system)).dataset(dataset_id)


def find_addressed(reader: Reader, address: DatasetAddress, *, as_of: AsOf) -> int:
    """Find the dataset node of an address, which means what it meant at the address's own time.

    Raises UnknownNameError with the nearest names.
    """
    valid = address.at.instant if isinstance(address.at, AtInstant) else as_of.valid
    return find_dataset(reader, address.name, as_of=AsOf(valid=valid, system=as_of.system))


def known_dataset(reader: Reader, name: str, *, as_of: AsOf) -> int | None:
    """Find the dataset node that a typed name meant; None where nobody knows the name."""
    return datasets_called(reader, [name], as_of=as_of).get(name)


def datasets_called(reader: Reader, names: Iterable[str], *, as_of: AsOf) -> dict[str, int]:
    """Find the dataset nodes that typed names meant; names nobody knows are left out."""
    asked = {name: readings(name) for name in names}
    meant = meanings(reader, {one for many in asked.values() for one in many}, as_of=as_of)
    found = {
        name: next(meant[one] for one in many if one in meant)
        for name, many in asked.items()
        if any(one in meant for one in many)
    }
    identities = {
        name: identity
        for name in asked.keys() - found.keys()
        if (identity := unquoted(name.removeprefix("dataset:"))) != name
        and not identity.startswith(UNHARVESTED)
    }
    nodes = reader.nodes_named(kind=NodeKind.DATASET, parent_id=0, names=set(identities.values()))
    numbers = {node.name: node.node_id for node in nodes}
    known = {name: numbers[one] for name, one in identities.items() if one in numbers}
    return found | known


def is_called(reader: Reader, dataset_id: int, address: str) -> bool:
    """Tell whether a table has this address now, and does not only have had it."""
    if address.startswith("dataset:"):
        return True  # a place is no name that a catalog could take away
    now = AsOf(valid=LAST, system=LAST)
    kind = AttributeKind.NAMED
    return reader.attribute(node_id=dataset_id, kind=kind, name=address, as_of=now) is not None


def find_named(reader: Reader, dataset: Dataset, *, as_of: AsOf) -> int | None:
    """Find the dataset node that an exact name meant; None where nobody knows the name."""
    return meanings(reader, [dataset], as_of=as_of).get(dataset)


def known_names(reader: Reader, *, as_of: AsOf) -> list[str]:
    """List every dataset by the address people type."""
    known = [node.node_id for node in known_datasets(reader, as_of=as_of)]
    return list(Naming(reader, as_of=as_of).datasets(known).values())


def known_datasets(reader: Reader, *, as_of: AsOf) -> list[Node]:
    """Give the datasets known then: tables that were there, and what only events told of.

    A dataset known from events is no more one of its own when its name means a harvested table.
    """
    rows = reader.by_attribute(kind=AttributeKind.TABLE, name="", as_of=as_of)
    tables = {one.node_id for one in rows}
    nodes = reader.nodes(kind=NodeKind.DATASET)
    told = {
        node.node_id: Dataset(*split_name_key(node.name.removeprefix(UNHARVESTED)))
        for node in nodes
        if node.name.startswith(UNHARVESTED) and node.node_id not in tables
    }
    point = AsOf(valid=LAST, system=as_of.system)
    meant = meanings(reader, told.values(), as_of=point)
    own = {node_id for node_id, name in told.items() if meant.get(name) == node_id}
    return [node for node in nodes if node.node_id in tables | own]


def readings(name: str) -> Sequence[Dataset]:
    """Give the names a typed text may stand for; `dataset:` hides where the namespace ends."""
    if name.startswith("model:"):
        return [Dataset(MODEL_NAMESPACE, unquoted(name.removeprefix("model:")))]
    if not name.startswith("dataset:"):
        return [Dataset(CATALOG_NAMESPACE, name)]
    text = unquoted(name.removeprefix("dataset:"))
    places = [place for place, letter in enumerate(text) if letter == "/"]
    found = [Dataset(text[:place], text[place + 1 :]) for place in places]
    # A path without the namespace of files is meant as one, unless events have just such a name.
    return [*found, Dataset("file", text)] if text.startswith("/") else found


def _nearest(reader: Reader, name: str, dataset_ids: Collection[int], as_of: AsOf) -> Sequence[str]:
    """Give the names that look most like one nobody knows; of a place, those of tables near it."""
    import difflib

    from catalogs.table_name import nearest

    names = Naming(reader, as_of=as_of).datasets(dataset_ids)
    called = {one: one for one in sorted(names.values())}
    if not name.startswith("dataset:"):
        return nearest(name, called)
    for dataset_id, table in table_claims(reader, dataset_ids, system=as_of.system).items():
        called[f"dataset:{quoted(str(located(table.location)))}"] = names[dataset_id]
    # Places share most of their beginnings.
    found = difflib.get_close_matches(name, called, n=3, cutoff=0.8)
    return list(dict.fromkeys(called[one] for one in found))


def _names_of(reader: Reader, dataset_ids: Collection[int], as_of: AsOf) -> dict[int, list[str]]:
    """Give what harvested tables may be called, what people know each by first.

    That is the address under which harvests saw it first, of those that catalogs listed then; the
    alphabet decides between equals. Then what it was called before or after, and its place.
    """
    if not dataset_ids:
        return {}
    named = reader.timelines_of(node_ids=dataset_ids, kind=AttributeKind.NAMED, system=as_of.system)
    tables = table_claims(reader, dataset_ids, system=as_of.system)
    return {
        one: [*_listed_names(named.get(one, {}), as_of), *_names_of_table(tables.get(one))]
        for one in dataset_ids
    }


def _listed_names(lines: Mapping[str, Sequence[Believed]], as_of: AsOf) -> list[str]:
    firsts = {
        name: (
            not any(one.valid.contains(as_of.valid) for one in line),
            decode(NamedClaim, line[0].claim).first_seen,
            name,
        )
        for name, line in lines.items()
    }
    return sorted(firsts, key=firsts.__getitem__)


def _names_of_table(table: TableClaim | None) -> list[str]:
    if table is None:
        return []
    kind, colon, name = table.address.partition("dataset:")
    address = f"{colon}{quoted(name)}" if colon and not kind else table.address
    return [address, f"dataset:{quoted(str(located(table.location)))}"]
