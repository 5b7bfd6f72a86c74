"""Half-forgotten tables: what is said of one that was rolled back, expired and lost is true."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from snapshots.commit_point import ChainPoint
from snapshots.instant import Instant
from snapshots.recorded_log import RecordedEntry
from snapshots.refs import MAIN
from snapshots.snapshot import Snapshot
from snapshots.snapshot_log import Certainty, Current
from snapshots.time_travel import log_of
from strategies import lost, point, snapshot


@dataclass
class _Table:
    """A table that is written, rolled back and expired, and remembers what was truly current."""

    clock: int = 0
    sequence: int = 0
    head: int | None = None
    staged: int | None = None
    log: list[RecordedEntry] = field(default_factory=list)
    listed: dict[int, Snapshot] = field(default_factory=dict)
    truth: list[tuple[int, int]] = field(default_factory=list)
    files: list[tuple[ChainPoint, list[RecordedEntry], dict[int, Snapshot]]] = field(
        default_factory=list
    )

    def commit(self, parent: int | None) -> int:
        self.sequence += 1
        made = 100 + self.sequence
        self.listed[made] = snapshot(made, parent_id=parent, sequence=self.sequence, at=self.clock)
        return made

    def move(self, to: int) -> None:
        self.head, self.staged = to, None
        self.log = [*self.log, RecordedEntry(Instant(self.clock), to)]

    def expire(self, gone: int) -> None:
        """As pyiceberg does: out of the middle of the log, and the child forgets its parent."""
        self.log = [entry for entry in self.log if entry.snapshot_id != gone]
        self.listed = {
            one: replace(of, parent_id=None) if of.parent_id == gone else of
            for one, of in self.listed.items()
            if one != gone
        }

    def step(self, action: str, pick: int) -> None:
        self.clock += 10
        others = [one for one in self.listed if one not in {self.head, self.staged}]
        if action == "stage" and self.head:
            self.staged = self.commit(self.staged or self.head)
        elif action == "publish" and self.staged:
            self.move(self.staged)
        elif action == "rollback" and others:
            self.move(others[pick % len(others)])
        elif action == "expire" and others:
            self.expire(others[pick % len(others)])
        elif action == "commit":
            self.move(self.commit(self.head))
        if self.head:
            self.truth.append((self.clock, self.head))
        at = point(len(self.files), self.clock, self.head)
        self.files.append((at, list(self.log), dict(self.listed)))

    def current(self, at: int) -> int | None:
        return next((one for since, one in reversed(self.truth) if since <= at), None)


ACTIONS = ["commit", "commit", "stage", "publish", "rollback", "expire"]
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 9), st.booleans()), min_size=1, max_size=14
)


@given(STEPS, st.integers(0, 14))
def test_what_is_said_of_a_half_forgotten_table_is_what_was(
    steps: list[tuple[str, int, bool]], forgotten: int
) -> None:
    table = _Table()
    for action, pick, _ in steps:
        table.step(action, pick)
    table.step("commit", 0)
    readable = [place >= forgotten and not gone for place, (_, _, gone) in enumerate(steps)]
    readable.append(True)
    chain: list[ChainPoint] = []
    recorded: list[RecordedEntry] = []
    known: dict[int, Snapshot] = {}
    for (at, log, listed), can_read in zip(table.files, readable, strict=True):
        if can_read:
            chain.append(at)
            recorded += [entry for entry in log if entry not in recorded]
            known = {**listed, **known}
        elif at.position >= forgotten:
            chain.append(lost(at.position, at.at.micros))
    found = log_of(MAIN, chain=chain, recorded=recorded, snapshots=known)
    for instant in range(0, table.clock + 10, 5):
        entry = found.at(Instant(instant))
        if entry and isinstance(entry.state, Current):
            assert entry.state.snapshot_id == table.current(instant)
    if all(readable):
        assert all(entry.certainty is Certainty.EXACT for entry in found.entries)
