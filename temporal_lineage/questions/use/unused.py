"""What nobody reads: tables without a reader in a period, and columns that nothing is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from snapshots.snapshot_log import Current
from temporal_lineage.harvesting.ref_logs import mains_at
from temporal_lineage.keys import EdgeKind
from temporal_lineage.questions.runs.heard import Heard, period_until
from temporal_lineage.questions.scopes import datasets_in, some_at_once
from temporal_lineage.questions.states.held import held_by_tables
from temporal_lineage.questions.use.unused_columns import UnusedColumn, unused_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.questions.runs.heard import Reading
    from temporal_lineage.store.reader import Reader


class Use(StrEnum):
    """What is known of the readers of a dataset."""

    NEVER = "never read"
    NOT_SINCE = "not read in the period"
    UPKEEP = "read by its own writers only"
    """Only runs read it that wrote it too, as a MERGE does."""
    DESIGNED = "read by design only"
    """A job is said to read it, and no run of the period did."""


@dataclass(frozen=True, slots=True)
class UnusedDataset:
    """A dataset that no run read in the period but those that wrote it.

    `read_at` is when one last began that did, by `reader`; None where none is known. `written_at`
    is when one last began that wrote it, and `writes` how many in the period. `size_bytes` are
    those of the newest state, None where they are not known.
    """

    dataset: str
    use: Use
    read_at: Instant | None
    reader: str | None
    written_at: Instant | None
    writes: int
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class UnusedAnswer:
    """What is not read, the largest first; `looked` is how many datasets were looked at."""

    ROWS: ClassVar[str | None] = "datasets"

    question: Question
    period: Period
    looked: int
    datasets: tuple[UnusedDataset, ...]
    columns: tuple[UnusedColumn, ...]
    doubts: tuple[str, ...]


def unused(reader: Reader, question: Question, *, scope: str, since: Instant) -> UnusedAnswer:
    """Answer `tl unused`; the period begins with `since` and ends with the instant asked for.

    Raises UnknownNameError for a scope that is not known, EmptyPeriodError for no period.
    """
    as_of = question.as_of
    period = period_until(since, as_of.valid)
    names = datasets_in(reader, scope, as_of)
    heard = Heard(reader, as_of)
    reads, writes = heard.reads(names), heard.writes(names)
    designed = _designed(reader, names, as_of)
    others = {
        dataset_id: [one for one in reads[dataset_id] if one.run_id not in own]
        for dataset_id in names
        for own in ({one.run_id for one in writes[dataset_id]},)
    }
    inside = {
        dataset_id: [one for one in many if one.went_on(period)]
        for dataset_id, many in others.items()
    }
    readers = {dataset_id: many for dataset_id, many in inside.items() if many}
    unread = [dataset_id for dataset_id in names if dataset_id not in readers]
    sizes = _sizes(reader, unread, as_of)
    found = []
    for dataset_id in unread:
        last = max(others[dataset_id], key=lambda one: one.began, default=None)
        written = [one for one in writes[dataset_id] if one.began < period.end]
        is_designed = dataset_id in designed
        found.append(
            UnusedDataset(
                dataset=names[dataset_id],
                use=_use(reads[dataset_id], others[dataset_id], is_designed=is_designed),
                read_at=last.began if last else None,
                reader=last.job if last else None,
                written_at=max((one.began for one in written), default=None),
                writes=sum(one.went_on(period) for one in written),
                size_bytes=sizes.get(dataset_id),
            )
        )
    found.sort(key=lambda one: (-(one.size_bytes or 0), one.dataset))
    columns, untold = unused_columns(reader, names, readers, as_of)
    return UnusedAnswer(
        question=question,
        period=period,
        looked=len(names),
        datasets=tuple(found),
        columns=columns,
        doubts=(*heard.doubts(period), *untold),
    )


def _use(reads: Sequence[Reading], others: Sequence[Reading], *, is_designed: bool) -> Use:
    if is_designed:
        return Use.DESIGNED
    if others:
        return Use.NOT_SINCE
    return Use.UPKEEP if reads else Use.NEVER


def _designed(reader: Reader, dataset_ids: Iterable[int], as_of: AsOf) -> set[int]:
    """Give the datasets that some job is said to read, outside any run."""
    kinds = (EdgeKind.DESIGN_READS,)
    rows = reader.edges_into(node_ids=list(dataset_ids), kinds=kinds, as_of=as_of)
    return {row.dst_id for row in rows}


def _sizes(reader: Reader, dataset_ids: Iterable[int], as_of: AsOf) -> dict[int, int]:
    """Give what the states of main hold that are current, of those of which that is known."""
    sizes: dict[int, int] = {}
    for some in some_at_once(dataset_ids):
        mains = mains_at(reader, some, as_of)
        held = held_by_tables(reader, mains)
        for dataset_id, entry in mains.items():
            if isinstance(entry.state, Current):
                state = held.get(dataset_id, {}).get(str(entry.state.snapshot_id))
                if state is not None:
                    sizes[dataset_id] = state.size_bytes
    return sizes
