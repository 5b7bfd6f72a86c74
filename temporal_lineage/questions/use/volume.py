"""How much each commit moved and each state held, and what is out of line: `tl volume`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.refs import MAIN
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.harvesting.ref_logs import remembered_log
from temporal_lineage.lineage.out_of_line import unlike
from temporal_lineage.naming import Naming, find_dataset
from temporal_lineage.questions.question import UNHARVESTED
from temporal_lineage.questions.runs.heard import period_until
from temporal_lineage.questions.states.held import held_by_states
from temporal_lineage.questions.tables.snapshots import log_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.instant import Instant
    from snapshots.snapshot import Snapshot
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

_COUNTS = (
    *("added_rows", "removed_rows", "added_bytes", "removed_bytes"),
    *("added_files", "removed_files"),
)


@dataclass(frozen=True, slots=True)
class VolumeLine:
    """What one commit of main added and removed, by its own words, and what its state holds.

    Each is None where nobody tells it; `rows` also where rows are deleted inside of files. `odd`
    says what is out of line with the commits of the same operation before it.
    """

    snapshot_id: int
    committed_at: Instant
    operation: str
    job: str | None
    added_rows: int | None
    removed_rows: int | None
    added_bytes: int | None
    removed_bytes: int | None
    added_files: int | None
    removed_files: int | None
    rows: int | None
    size_bytes: int | None
    files: int | None
    odd: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VolumeAnswer:
    """The commits that main had in a period, oldest first; `earlier` ones were compared with."""

    ROWS: ClassVar[str | None] = "lines"

    question: Question
    dataset: str
    earlier: int
    lines: tuple[VolumeLine, ...]
    doubts: tuple[str, ...]


def volume(
    reader: Reader, address: DatasetAddress, question: Question, *, since: Instant
) -> VolumeAnswer:
    """Answer `tl volume`: the period begins with `since` and ends with the instant asked for.

    Raises EmptyPeriodError for no period.
    """
    as_of = question.as_of
    period_until(since, as_of.valid)
    dataset_id = find_dataset(reader, address.name, as_of=as_of)
    name = Naming(reader, as_of=as_of).dataset(dataset_id)
    history = remembered(reader, dataset_id, system=as_of.system)
    if history is None:
        return VolumeAnswer(question, name, 0, (), (UNHARVESTED,))
    main = remembered_log(reader, dataset_id, MAIN, system=as_of.system)
    snapshots = {one.snapshot_id: one for one in history.snapshots}
    seen = [
        (snapshots[line.snapshot_id], line.job)
        for line in log_lines(reader, dataset_id, history, main, as_of)
        if line.on_main
    ]
    held = held_by_states(reader, dataset_id)
    lines = []
    for place, (snapshot, job) in enumerate(seen):
        if snapshot.committed_at < since:
            continue
        before = [one for one, _ in seen[:place] if one.operation == snapshot.operation]
        state = held.get(str(snapshot.snapshot_id))
        counts = {one: getattr(snapshot.counts, one) for one in _COUNTS}
        lines.append(
            VolumeLine(
                snapshot_id=snapshot.snapshot_id,
                committed_at=snapshot.committed_at,
                operation=snapshot.operation,
                job=job,
                **counts,
                rows=state.rows if state else None,
                size_bytes=state.size_bytes if state else None,
                files=state.files if state else None,
                odd=tuple(_odd(snapshot, before)),
            )
        )
    unknown = sum(one.files is None for one in lines)
    doubts = [gap.what for gap in history.gaps]
    if unknown:
        doubts.append(f"which files {unknown} of {len(lines)} states hold is not known")
    return VolumeAnswer(question, name, len(seen) - len(lines), tuple(lines), tuple(doubts))


def _odd(snapshot: Snapshot, before: Sequence[Snapshot]) -> list[str]:
    told = []
    for name in _COUNTS:
        series = [getattr(one.counts, name) for one in before]
        odd = unlike(getattr(snapshot.counts, name), series)
        if odd is not None:
            told.append(f"{name.replace('_', ' ')}: {odd}")
    return told
