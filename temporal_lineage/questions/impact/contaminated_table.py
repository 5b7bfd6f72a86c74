"""A contaminated table: when its states held rows of bad commits, and since when it is healed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.instant import FOREVER
from snapshots.period import Period
from snapshots.refs import MAIN
from snapshots.snapshot_log import Current
from temporal_lineage.harvesting.ref_logs import refs_at, remembered_log
from temporal_lineage.keys import AttributeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.instant import Instant
    from snapshots.snapshot_log import SnapshotLog, State
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader

_CERTAINTIES = ("exact", "possible", "assumed")


@dataclass(frozen=True, slots=True)
class ContaminatedTable:
    """What a table has had of the bad rows.

    `commits` brought them in. `held` is when a state that holds some was current on main; empty
    where none ever was. `healed_at` is since when main holds none; None while it does, and where
    it never did. `refs` name states that hold some, or may, at the instant asked for, main among
    them; `sure_refs` those that do. `states` counts all made by then that hold some, or may.
    `certainty` is the weakest of them: exact, possible or assumed.
    """

    dataset: str
    commits: tuple[str, ...]
    states: int
    held: tuple[Period, ...]
    healed_at: Instant | None
    refs: tuple[str, ...]
    sure_refs: tuple[str, ...]
    certainty: str

    @property
    def current(self) -> bool:
        """Tell whether a reader of some ref would still meet the rows, or may."""
        return bool(self.refs)

    @property
    def now(self) -> str:
        """Say for people how it stands."""
        maybe = [one for one in self.refs if one not in self.sure_refs]
        told = [f"holds some: {', '.join(self.sure_refs)}"] if self.sure_refs else []
        told += [f"may hold some: {', '.join(maybe)}"] if maybe else []
        if told:
            return "; ".join(told)
        return f"healed {self.healed_at}" if self.healed_at else "never seen on main"


def contaminated_table(
    reader: Reader,
    dataset_id: int,
    name: str,
    commits: Mapping[int, tuple[str, str]],
    as_of: AsOf,
) -> ContaminatedTable:
    """Follow bad commits through all states of their table up to a point.

    `commits` gives by node the version, and how surely it brought bad rows in.
    """
    rows = reader.all_states_containing(commit_ids=list(commits), system=as_of.system)
    nodes = reader.named(node_ids=sorted({row.state_id for row in rows}))
    # A commit's own state holds its rows even where no file facts say so.
    certainties = dict(commits.values())
    for row in rows:
        version = nodes[row.state_id].name
        carried = max(row.certainty, commits[row.commit_id][1], key=_CERTAINTIES.index)
        known = certainties.get(version, carried)
        certainties[version] = min(known, carried, key=_CERTAINTIES.index)
    made = _made_after(reader, dataset_id, as_of)
    certainties = {one: kind for one, kind in certainties.items() if one not in made}
    log = remembered_log(reader, dataset_id, MAIN, system=as_of.system)
    held = _held(log, certainties, until=as_of.valid) if log else ()
    over = held[-1].end if held and held[-1].end != FOREVER else None
    entries = refs_at(reader, dataset_id, as_of)
    sure = {one: kind for one, kind in certainties.items() if kind == "exact"}
    return ContaminatedTable(
        dataset=name,
        commits=tuple(version for version, _ in commits.values()),
        states=len(certainties),
        held=held,
        healed_at=over,
        refs=tuple(ref for ref, entry in entries.items() if _holds(entry.state, certainties)),
        sure_refs=tuple(ref for ref, entry in entries.items() if _holds(entry.state, sure)),
        certainty=max(certainties.values(), key=_CERTAINTIES.index),
    )


def _made_after(reader: Reader, dataset_id: int, as_of: AsOf) -> set[str]:
    """Give the versions that were not there yet."""
    lines = reader.timelines(node_id=dataset_id, kind=AttributeKind.SNAPSHOT, system=as_of.system)
    return {version for version, line in lines.items() if line[0].valid.start > as_of.valid}


def _held(log: SnapshotLog, states: Mapping[str, str], *, until: Instant) -> tuple[Period, ...]:
    """Give when main was at one of the states; what lasts beyond the point has an open end."""
    held: list[Period] = []
    for entry in log.entries:
        if entry.period.start > until or not _holds(entry.state, states):
            continue
        end = entry.period.end if entry.period.end <= until else FOREVER
        start = entry.period.start
        if held and held[-1].end == start:
            start = held.pop().start
        held.append(Period(start, end))
    return tuple(held)


def _holds(state: State, states: Mapping[str, str]) -> bool:
    return isinstance(state, Current) and str(state.snapshot_id) in states
