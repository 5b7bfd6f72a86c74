"""Known files: counted along each line, they are those that each state has by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalogs.delta.source import DeltaSource
from catalogs.storage import Storage
from reproduce_lake import Lake, local
from snapshots.availability import MadeOf
from temporal_lineage.keys import NodeKind
from temporal_lineage.reproduce.known_files import KnownFiles
from temporal_lineage.store.reader import open_reader


@pytest.mark.parametrize("lost", [(), (0,), (1, 3), tuple(range(9))])
def test_what_is_counted_along_a_line_is_what_each_state_is_made_of(
    tmp_path: Path, lost: tuple[int, ...]
) -> None:
    steps: tuple[Any, ...] = ("append", "overwrite", "append", "delete", "back", "append")
    lake = Lake(tmp_path)
    lake.write_delta()
    for step in steps:
        if step == "delete":
            lake.delta_table().delete("id = 1")
        elif step == "back":
            lake.delta_table().restore(0)
        else:
            lake.write_delta(mode=step)
    lake.harvest()
    files = sorted((lake.delta / "orders").glob("*.parquet"))
    for number in lost:
        if number < len(files):
            files[number].unlink()
    with open_reader(str(lake.root / "workspace" / "ledger.db")) as reader:
        (dataset,) = [one.node_id for one in reader.children(parent_id=0, kind=NodeKind.DATASET)]
        places = reader.placed(dataset_id=dataset)
        every = KnownFiles(reader, dataset, range(len(places)))
        source = DeltaSource(str(lake.delta / "orders"), storage=Storage({}), options={})
        presence = source.presence()
        every.note_missing(presence.missing(every.files().values()))
        assert set(every.states()) == set(range(len(places)))
        nodes = reader.named(node_ids=[one.node_id for one in places])
        for place in places:
            own = [one.file for one in reader.live_files(node_id=place.node_id)]
            version = int(nodes[place.node_id].name)
            assert every.made_of(version) == MadeOf.these(own)
            gone = [file for file in own if not local(file.path).exists()]
            assert set(every.missing(version).named) == set(gone)
            assert every.missing(version).counted == MadeOf.these(gone)
