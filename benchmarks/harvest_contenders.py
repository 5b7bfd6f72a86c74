"""Harvest contenders: each works in a process of its own, so that its peak memory is its own.

Run as `python -m benchmarks.harvest_contenders CONTENDER WAREHOUSE WARMUP`; prints one JSON object.
"""

from __future__ import annotations

import gc
import json
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.warehouses import NAME, open_warehouse, properties

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from temporal_lineage.session import Session

Names = Iterator[str]


def main() -> None:
    """Warm up on a small warehouse, then work on the real one: again where that is compared."""
    contender, warehouse, warmup = sys.argv[1:]
    work = _CONTENDERS[contender]
    with tempfile.TemporaryDirectory() as folder:
        list(work(Path(warmup), Path(folder) / "warmup"))
        seconds, found = [], list[str]()
        for _ in range(_PASSES[contender]):
            found.clear()
            gc.collect()
            start = time.perf_counter()
            found += work(Path(warehouse), Path(folder) / "real")
            seconds.append(time.perf_counter() - start)
        peak = peak_bytes()
        if contender == "ours":
            answers = _kept(Path(folder) / "real", found)
        else:
            answers = {contender: _digest(found)}
    print(json.dumps({"seconds": seconds, "peak_bytes": peak, "answers": answers}))


def _ours(warehouse: Path, folder: Path) -> Names:
    """Harvest into a ledger: anew the first time, again the second."""
    for table in _session(warehouse, folder).harvest([NAME]).tables:
        assert table.error is None, table.error
        yield table.address


def _listing(warehouse: Path, _folder: Path) -> Names:
    """Load every table, and list its snapshots."""
    for table in _tables(warehouse):
        for snapshot in table.snapshots():
            yield f"{_name(table)} {snapshot.snapshot_id}"


def _reading(warehouse: Path, _folder: Path) -> Names:
    """Read what a harvest reads: old metadata files, and what each snapshot's manifests added."""
    from pyiceberg.manifest import ManifestEntryStatus
    from pyiceberg.table import StaticTable

    for table in _tables(warehouse):
        for entry in table.metadata.metadata_log:
            StaticTable.from_metadata(entry.metadata_file).metadata.current_snapshot()
        for snapshot in table.snapshots():
            for manifest in snapshot.manifests(table.io):
                if manifest.added_snapshot_id == snapshot.snapshot_id:
                    for file in manifest.fetch_manifest_entry(table.io):
                        if file.status is ManifestEntryStatus.ADDED:
                            yield f"{_name(table)} {_place(file.data_file.file_path)}"


_CONTENDERS: dict[str, Callable[[Path, Path], Names]] = {
    "ours": _ours,
    "listing": _listing,
    "reading": _reading,
}
_PASSES = {"ours": 2, "listing": 2, "reading": 1}


def _tables(warehouse: Path) -> Iterator[Table]:
    catalog = open_warehouse(warehouse)
    for namespace in catalog.list_namespaces():
        for identifier in catalog.list_tables(namespace):
            yield catalog.load_table(identifier)


def _name(table: Table) -> str:
    return ".".join((NAME, *table.name()))


def _session(warehouse: Path, folder: Path) -> Session:
    from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
    from temporal_lineage.session import Session, wall_clock
    from temporal_lineage.workspace import Workspace

    kind = CatalogKind.PYICEBERG
    Configuration(folder).add(CatalogEntry(NAME, kind, properties(warehouse), origin=""))
    return Session(Workspace(folder, str(folder / "ledger.db")), clock=wall_clock)


def _kept(folder: Path, addresses: list[str]) -> dict[str, str]:
    """Say of what the ledger has what the other contenders say of the tables."""
    from snapshots.instant import FOREVER
    from temporal_lineage.facts import AsOf
    from temporal_lineage.keys import NodeKind
    from temporal_lineage.naming import find_dataset
    from temporal_lineage.store.reader import open_reader

    now = FOREVER.plus(micros=-1)
    snapshots, files = [], []
    with open_reader(str(folder / "ledger.db")) as reader:
        for address in addresses:
            dataset_id = find_dataset(reader, address, as_of=AsOf(valid=now, system=now))
            versions = reader.children(parent_id=dataset_id, kind=NodeKind.VERSION)
            snapshots += [f"{address} {one.name}" for one in versions]
            lives = reader.file_lives(dataset_id=dataset_id)
            files += [f"{address} {_place(life.file.path)}" for life in lives]
    return {"listing": _digest(snapshots), "reading": _digest(files)}


def _place(path: str) -> str:
    return re.sub(r"^file:(//)?", "", path)


def _digest(names: list[str]) -> str:
    return sha256("\n".join(sorted(names)).encode()).hexdigest()


def peak_bytes() -> int:
    """Give the most memory this process has had, in bytes.

    getrusage counts what the process that started this one had at that moment; Linux also tells
    of this program alone.
    """
    try:
        told = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        told = None
    if told:
        return int(told[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    main()
