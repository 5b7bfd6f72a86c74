"""Delta's instants, replayed: delta-rs asks the machine for the time and cannot be told another."""

import json
from pathlib import Path
from typing import Any

from snapshots.instant import Instant
from temporal_lineage.demo.clock import date_file

_COMMIT_TAKES_MICROS = 40_000


def replay_commits(commits: list[Path], *, at: Instant) -> None:
    """Move these commit files, oldest first, to the played instant and shortly after.

    The protocol takes the file's modification time; the times written inside, which readers
    show and by which tombstones age, are moved too, so that the log tells one story.
    """
    for place, commit in enumerate(commits):
        then = at.plus(micros=place * _COMMIT_TAKES_MICROS)
        actions = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines()]
        for action in actions:
            _replay(action, millis=then.micros // 1000)
        lines = [json.dumps(action, separators=(",", ":")) for action in actions]
        commit.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        date_file(commit, then)


def _replay(action: dict[str, dict[str, Any]], *, millis: int) -> None:
    for kind, key in (
        ("commitInfo", "timestamp"),
        ("metaData", "createdTime"),
        ("add", "modificationTime"),
        ("remove", "deletionTimestamp"),
    ):
        if key in action.get(kind, {}):
            action[kind][key] = millis
