"""The trace of contributions as the ledger keeps it: gone on from, commit by commit."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from snapshots.contributions import (
    Contribution,
    ContributionCertainty,
    FileLife,
    LiveState,
    Origin,
    Place,
)
from snapshots.files import AddedFile, DataFile, FileContent
from snapshots.instant import BEGINNING, FOREVER
from snapshots.period import Period
from temporal_lineage.claims import decode, encode
from temporal_lineage.facts import AsOf
from temporal_lineage.harvesting.origins import KeptOrigins, OriginsClaim, origins_claim, written_by
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.store import commits as stored
from temporal_lineage.store.assertions import AttributeAssertion, NodeKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from snapshots.contributions import Extension
    from temporal_lineage.store.transaction import Transaction

WAITING_MAX = 100_000
"""How many lives and contributions wait in memory before they are written."""

_ASSUMED = ContributionCertainty.ASSUMED
_LAST = FOREVER.plus(micros=-1)
_ALWAYS = Period(BEGINNING, FOREVER)

_LifeKey = tuple[str, int, int]
_ShareKey = tuple[Origin, int, int]


class LedgerTrace:
    """All that was traced of one table; a `TracedBefore` that keeps what it is told.

    What is noted waits in memory until something is asked, or much has come together.
    """

    def __init__(self, transaction: Transaction, dataset_id: int, order: Mapping[int, int]) -> None:
        """Take up the trace of a dataset; `order` numbers its snapshots as they were committed."""
        self._transaction = transaction
        self._dataset_id = dataset_id
        self._order = order
        versions = transaction.reader.placed_versions(dataset_id=dataset_id)
        found = [(int(name), one) for name, one in versions]
        self._nodes = {own: one.node_id for own, one in found}
        self._commits: dict[int, Origin] = {node: own for own, node in self._nodes.items()}
        self._commits[stored.BEFORE_HISTORY] = None
        self._at = {(one.line, one.position): one.node_id for _, one in found}
        self._without_files = {own for own, one in found if not one.files_known}
        self._lines = {one.line: own for own, one in found if one.position == 0}
        self.places = {own: Place(self._lines[one.line], one.position) for own, one in found}
        self._assumed_lines = {self.places[one].line for one in self._without_files}
        self._first: dict[str, FileLife | None] = {}
        self._extensions: list[Extension] = []
        self._lives: dict[_LifeKey, FileLife] = {}
        self._lives_ended: list[FileLife] = []
        self._shares: dict[_ShareKey, Contribution] = {}
        self._shares_ended: list[Contribution] = []

    @property
    def without_files(self) -> frozenset[int]:
        """The states whose files nobody knows."""
        return frozenset(self._without_files)

    @property
    def is_assumed(self) -> bool:
        """Tell whether there are states, and nobody knows the files of any of them."""
        return bool(self.places) and self._without_files >= self.places.keys()

    def state(self, place: Place) -> LiveState:
        """Give what lives in the state at that place."""
        self.write()
        where = {
            "dataset_id": self._dataset_id,
            "line": self._nodes[place.line],
            "position": place.position,
        }
        reader = self._transaction.reader
        lives = self._read(reader.file_lives_at(**where))
        shares = [self._share(row) for row in reader.contributions_at(**where)]
        if place.line in self._assumed_lines:
            lives += self._stand_ins(place)
        return LiveState(tuple(lives), tuple(shares))

    def first_life(self, key: str) -> FileLife | None:
        """Give the earliest known life of a file, in whatever line; None where it had none."""
        if key not in self._first:
            self.expect([key])
        return self._first[key]

    def expect(self, keys: Iterable[str]) -> None:
        """Find the first lives of many files at once, which are going to be asked for."""
        wanted = dict.fromkeys(keys)
        self._first = dict.fromkeys(wanted)
        self.write()
        if not self._at:
            return
        found = list(
            self._transaction.reader.file_lives_of(dataset_id=self._dataset_id, keys=wanted)
        )
        found.sort(key=lambda one: (one[1], self._turn(one[0])), reverse=True)
        for life in self._read([one for one, _ in found]):
            self._first[life.file.key] = life

    def note(self, extension: Extension, *, files_known: bool) -> None:
        """Keep what one more commit changed."""
        if not files_known:
            self._without_files.add(extension.snapshot_id)
            self._assumed_lines.add(extension.place.line)
        self._first = {}
        self.places[extension.snapshot_id] = extension.place
        self._extensions.append(extension)
        self._note_lives(extension)
        self._note_shares(extension)
        if len(self._lives) + len(self._shares) > WAITING_MAX:
            self.write()

    def write(self) -> None:
        """Tell the ledger what was noted."""
        if not self._extensions:
            return
        self._number()
        self._write_places()
        line, number = self._nodes, self._node
        self._transaction.contributions(
            opened=[
                stored.Contribution(
                    self._dataset_id,
                    number(one.commit_id),
                    line[one.line],
                    one.start,
                    stored.OPEN if one.end is None else one.end,
                    (_ASSUMED if one.line in self._assumed_lines else one.certainty).value,
                )
                for one in self._shares.values()
            ],
            closed=[
                stored.ContributionEnd(
                    self._dataset_id, number(one.commit_id), line[one.line], one.end or 0
                )
                for one in self._shares_ended
            ],
        )
        self._transaction.file_lives(
            opened=[
                stored.FileLife(
                    self._dataset_id,
                    one.file,
                    number(one.origin),
                    line[one.line],
                    one.start,
                    stored.OPEN if one.end is None else one.end,
                )
                for one in self._lives.values()
            ],
            closed=[
                stored.FileEnd(self._dataset_id, one.file.key, line[one.line], one.end or 0)
                for one in self._lives_ended
            ],
        )
        for waiting in (self._extensions, self._lives_ended, self._shares_ended):
            waiting.clear()
        self._lives.clear()
        self._shares.clear()

    def _note_lives(self, extension: Extension) -> None:
        for life in extension.ended:
            waiting = (life.file.key, life.line, life.start)
            if waiting in self._lives:
                self._lives[waiting] = life
            elif not is_stand_in(life.file):
                self._lives_ended.append(life)
        for life in extension.began:
            if not is_stand_in(life.file):
                self._lives[life.file.key, life.line, life.start] = life

    def _note_shares(self, extension: Extension) -> None:
        for one in extension.closed:
            waiting = (one.commit_id, one.line, one.start)
            if waiting in self._shares:
                self._shares[waiting] = one
            else:
                self._shares_ended.append(one)
        for one in extension.opened:
            self._shares[one.commit_id, one.line, one.start] = one

    def _number(self) -> None:
        """See that every commit that is named has a node.

        One may be older than every snapshot that is left, and still be the origin of files.
        """
        own = [one.snapshot_id for one in self._extensions]
        named = {one.commit_id for one in self._shares.values()}
        named |= {one.origin for one in self._lives.values()}
        for origins in {one.origins for one in self._lives.values()}:
            named |= origins.sure | origins.possible
        older = sorted(one for one in named - set(own) if one is not None)
        new = [one for one in chain(own, older) if one not in self._nodes]
        keys = [NodeKey(NodeKind.VERSION, self._dataset_id, str(one)) for one in new]
        for commit, node_id in zip(new, self._transaction.nodes(keys), strict=True):
            self._nodes[commit] = node_id
            self._commits[node_id] = commit

    def _write_places(self) -> None:
        places, claims = [], []
        for one in self._extensions:
            node_id, line = self._nodes[one.snapshot_id], self._nodes[one.place.line]
            known = one.snapshot_id not in self._without_files
            position = one.place.position
            places.append(stored.Place(node_id, self._dataset_id, line, position, known))
            self._at[line, position] = node_id
            self._lines[line] = one.place.line
            began = [life for life in one.began if not is_stand_in(life.file)]
            claim = origins_claim(began, number=self._node)
            if claim is not None:
                told = (node_id, AttributeKind.ORIGINS, "", _ALWAYS, encode(claim))
                claims.append(AttributeAssertion(*told))
        self._transaction.places(places)
        self._transaction.assert_attributes(claims)

    def _read(self, rows: Sequence[stored.FileLife]) -> list[FileLife]:
        """Give lives as they were traced, with the origins that the ledger keeps of them."""
        born = {self._at[one.line, one.start] for one in rows}
        self._learn({one.origin_id for one in rows})
        believed = self._transaction.reader.attributes_of(
            node_ids=sorted(born),
            kind=AttributeKind.ORIGINS,
            as_of=AsOf(valid=_LAST, system=self._transaction.recorded_at),
        )
        claims = {one.node_id: decode(OriginsClaim, one.claim) for one in believed}
        kept = KeptOrigins(claims, commit=self._commit)
        lives = []
        for row in rows:
            origin = self._commit(row.origin_id)
            origins = kept.of(row.file, born_at=self._at[row.line, row.start], origin=origin)
            end = None if row.stop == stored.OPEN else row.stop
            line = self._line(row.line)
            lives.append(FileLife(row.file, origin, origins, line, row.start, end))
        return lives

    def _share(self, row: stored.Contribution) -> Contribution:
        # Inside a line without file facts nothing is doubted any further.
        told = ContributionCertainty(row.certainty)
        certainty = ContributionCertainty.EXACT if told is _ASSUMED else told
        end = None if row.stop == stored.OPEN else row.stop
        commit = self._commit(row.commit_id)
        return Contribution(commit, self._line(row.line), row.start, end, certainty)

    def _stand_ins(self, place: Place) -> Iterator[FileLife]:
        """Yield the files that stand in a line for the rows of commits without file facts."""
        line = self._nodes[place.line]
        rows = self._transaction.reader.contribution_rows(dataset_id=self._dataset_id)
        starts: dict[int, int] = {}
        for row in rows:
            if row.line == line and row.start <= place.position:
                starts[row.commit_id] = min(row.start, starts.get(row.commit_id, row.start))
        for commit_id, start in starts.items():
            if self._commit(self._at[line, start]) in self._without_files:
                origin = self._commit(commit_id)
                one = stand_in(origin)
                yield FileLife(one.file, origin, written_by(origin), place.line, start, None)

    def _turn(self, life: stored.FileLife) -> int:
        born = self._commit(self._at[life.line, life.start])
        return self._order.get(born, 0) if born is not None else 0

    def _learn(self, node_ids: Iterable[int]) -> None:
        unknown = [one for one in node_ids if one not in self._commits]
        for node_id, node in self._transaction.reader.named(node_ids=unknown).items():
            self._commits[node_id] = int(node.name)
            self._nodes[int(node.name)] = node_id

    def _commit(self, node_id: int) -> Origin:
        if node_id not in self._commits:
            self._learn([node_id])
        return self._commits[node_id]

    def _line(self, node_id: int) -> int:
        """Give the snapshot that a line is called by: its first state."""
        return self._lines[node_id]

    def _node(self, commit: Origin) -> int:
        return stored.BEFORE_HISTORY if commit is None else self._nodes[commit]


_STAND_IN = "assumed:"


def stand_in(commit: Origin) -> AddedFile:
    """Make up a file that stands for the rows of a commit whose files nobody knows."""
    name = f"{_STAND_IN}{commit}"
    return AddedFile(DataFile(name, name, FileContent.DATA, 0, None, None), commit)


def is_stand_in(file: DataFile) -> bool:
    """Tell whether a file was made up: no table has it."""
    return file.path.startswith(_STAND_IN)
