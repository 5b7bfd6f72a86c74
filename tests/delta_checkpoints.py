"""Checkpoints and compacted ranges of hand-made Delta logs, in every layout writers use."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from delta_logs import (
    Action,
    add,
    column,
    commit_info,
    metadata,
    protocol,
    remove,
    vector,
    write_named,
)

UUID = "80a083e8-7026-4e79-81be-64bd76c43a11"

_VECTOR = pa.struct(
    [
        ("storageType", pa.string()),
        ("pathOrInlineDv", pa.string()),
        ("offset", pa.int32()),
        ("sizeInBytes", pa.int32()),
        ("cardinality", pa.int64()),
    ]
)
_ADD = [
    ("path", pa.string()),
    ("partitionValues", pa.map_(pa.string(), pa.string())),
    ("size", pa.int64()),
    ("modificationTime", pa.int64()),
    ("dataChange", pa.bool_()),
    ("deletionVector", _VECTOR),
]
STATS = ("stats", pa.string())
_PARSED = ("stats_parsed", pa.struct([("numRecords", pa.int64()), ("maxValues", pa.string())]))
_TEXTS = pa.map_(pa.string(), pa.string())
_OTHERS = [
    (
        "metaData",
        pa.struct(
            [
                ("id", pa.string()),
                ("name", pa.string()),
                ("schemaString", pa.string()),
                ("partitionColumns", pa.list_(pa.string())),
                ("configuration", _TEXTS),
            ]
        ),
    ),
    (
        "protocol",
        pa.struct([("minReaderVersion", pa.int32()), ("minWriterVersion", pa.int32())]),
    ),
    ("remove", pa.struct([("path", pa.string()), ("deletionTimestamp", pa.int64())])),
    ("txn", pa.struct([("appId", pa.string()), ("version", pa.int64())])),
    ("sidecar", pa.struct([("path", pa.string()), ("sizeInBytes", pa.int64())])),
]


class Layout(StrEnum):
    """The ways writers lay out a checkpoint."""

    CLASSIC = "classic"
    CLASSIC_STRUCTSTATS = "classic-struct-stats"
    MULTI_PART = "multi-part"
    V2_JSON = "v2-json"
    V2_JSON_SIDECARS = "v2-json-sidecars"
    V2_PARQUET = "v2-parquet"
    V2_PARQUET_SIDECARS = "v2-parquet-sidecars"


def write_checkpoint(root: Path, version: int, layout: Layout = Layout.CLASSIC) -> None:
    """Write a checkpoint of a version of a hand-made log, by a fold of its commits' own text."""
    head, adds = reconciled(root, version)
    name = f"{version:020d}.checkpoint"
    match layout:
        case Layout.CLASSIC:
            write_parquet(root, f"{name}.parquet", [*head, *adds], STATS)
        case Layout.CLASSIC_STRUCTSTATS:
            write_parquet(root, f"{name}.parquet", [*head, *map(_parsed, adds)], _PARSED)
        case Layout.MULTI_PART:
            parts = [[*head, *adds[::2]], adds[1::2]]
            for number, part in enumerate(parts, start=1):
                write_parquet(root, f"{name}.{number:010d}.{2:010d}.parquet", part, STATS)
        case Layout.V2_JSON:
            write_named(root, f"{name}.{UUID}.json", *head, *adds)
        case Layout.V2_JSON_SIDECARS:
            write_named(root, f"{name}.{UUID}.json", *head, *_sidecars(root, version, adds))
        case Layout.V2_PARQUET:
            write_parquet(root, f"{name}.{UUID}.parquet", [*head, *adds], STATS)
        case Layout.V2_PARQUET_SIDECARS:
            rows = [*head, *_sidecars(root, version, adds)]
            write_parquet(root, f"{name}.{UUID}.parquet", rows, STATS)


def reconciled(root: Path, version: int) -> tuple[list[Action], list[Action]]:
    head: dict[str, Action] = {}
    live: dict[tuple[str, str], Action] = {}
    for number in range(version + 1):
        actions = _actions(root / "_delta_log" / f"{number:020d}.json")
        for action in actions:
            live.pop(_identity(action.get("remove")), None)
        for action in actions:
            if "add" in action:
                live[_identity(action["add"])] = action
            for kind in ("metaData", "protocol"):
                if kind in action:
                    head[kind] = action
    return list(head.values()), list(live.values())


def _actions(path: Path) -> list[Action]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _identity(told: dict[str, Any] | None) -> tuple[str, str]:
    if told is None:
        return "", ""
    return told["path"], (told.get("deletionVector") or {}).get("pathOrInlineDv", "")


def _sidecars(root: Path, version: int, adds: list[Action]) -> Iterator[Action]:
    (root / "_delta_log" / "_sidecars").mkdir(exist_ok=True)
    for number, part in enumerate((adds[::2], adds[1::2])):
        name = f"{version:020d}.{number}.{UUID}.parquet"
        write_parquet(root, f"_sidecars/{name}", part, STATS)
        yield {"sidecar": {"path": name, "sizeInBytes": 1, "modificationTime": 1}}


def _parsed(action: Action) -> Action:
    told = dict(action["add"])
    stats = told.pop("stats", None)
    return {"add": told | {"stats_parsed": json.loads(stats) if stats else None}}


def write_parquet(root: Path, name: str, rows: list[Action], stats: tuple[str, Any]) -> None:
    schema = pa.schema([("add", pa.struct([*_ADD, stats])), *_OTHERS])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), root / "_delta_log" / name)


def compact(root: Path, first: int, last: int) -> None:
    """Sum up commits as log compaction does, tombstones included; only the last one stays."""
    said: dict[object, Action] = {}
    for number in range(first, last + 1):
        actions = _actions(root / "_delta_log" / f"{number:020d}.json")
        for kind in ("remove", "add", "metaData"):
            for action in actions:
                if kind in action:
                    identity = _identity(action[kind]) if kind != "metaData" else kind
                    said[identity] = action
    write_named(root, f"{first:020d}.{last:020d}.compacted.json", commit_info("C"), *said.values())
    for number in range(first, last):
        (root / "_delta_log" / f"{number:020d}.json").unlink()


@dataclass(frozen=True, slots=True)
class Plot:
    """A table's life: the actions of each commit."""

    commits: tuple[tuple[Action, ...], ...]


@st.composite
def plots(draw: st.DrawFn) -> Plot:
    """Commits that add, mask, remove, bring back, and change the schema."""
    commits: list[tuple[Action, ...]] = [(protocol(), metadata())]
    live: dict[str, str | None] = {}
    names = 0
    for version in range(1, draw(st.integers(2, 7))):
        actions: list[Action] = [commit_info("WRITE")]
        for path in draw(st.lists(st.sampled_from(sorted(live)), unique=True)) if live else ():
            mask = live.pop(path)
            actions.append(remove(path, **(vector(mask) if mask else {})))
            if draw(st.booleans()):
                fresh = f"{path}-{version}"
                live[path] = fresh
                actions.append(add(path, rows=5, **vector(fresh)))
        for _ in range(draw(st.integers(0, 2))):
            path = draw(st.sampled_from([f"f{names}", f"p=a%20b/f{names}", f"file:///x/{names}"]))
            names += 1
            live[path] = None
            actions.append(add(path, rows=draw(st.sampled_from([None, 0, 5]))))
        if draw(st.booleans()):
            actions.append(metadata(column("a", "long"), column(f"c{version}", "string")))
        commits.append(tuple(draw(st.permutations(actions))))
    return Plot(tuple(commits))
