"""Erasure traces: where rows of a condition still are, in the tables asked about and downstream.

Tables that carry the condition's columns are searched like the first ones. Tables that were made
of states with the rows and do not carry the columns hold what the rows contributed, and nobody can
find that by value; so do models, reports and files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporal_lineage.claims import decode
from temporal_lineage.erasure.answer import (
    ErasureAnswer,
    Relation,
    TracedProduct,
    TracedState,
    TracedTable,
)
from temporal_lineage.erasure.carrying import Carrying, Names, conditions
from temporal_lineage.erasure.planning import planned
from temporal_lineage.erasure.searching import Means, Search, Searching
from temporal_lineage.erasure.spread import Spread, spread
from temporal_lineage.erasure.traced_table import NOTHING_EXAMINED, refs_of
from temporal_lineage.harvesting.table_claims import table_claim
from temporal_lineage.keys import AttributeKind
from temporal_lineage.link_claims import WriterClaim
from temporal_lineage.naming import find_addressed
from temporal_lineage.questions.impact.column_reach import flow_graph
from temporal_lineage.questions.states.versions import told_versions
from temporal_lineage.questions.walks.doubts import grade_doubts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Traced:
    """A trace with all that it looked at: searches, and the condition's names, by dataset."""

    answer: ErasureAnswer
    searches: Mapping[int, Search]
    names: Mapping[int, Names]
    searching: Searching


def traced(
    reader: Reader,
    addresses: Sequence[DatasetAddress],
    question: Question,
    *,
    where: str,
    means: Means,
) -> Traced:
    """Answer `tl erasure trace`; `addresses` are the tables to begin with.

    Raises BadFilterError for a condition that fits no schema of one of these tables.
    """
    searching = Searching(reader, question.as_of, means)
    roots = [find_addressed(reader, one, as_of=question.as_of) for one in addresses]
    trace = _Trace(reader, question, searching, where)
    trace.search(list(dict.fromkeys(roots)), depth_max=means.depth_max)
    found = spread(reader, (one.states for one in trace.found.values()), question.as_of)
    fed = dict(trace.fed(found))
    steps = planned(
        reader,
        searching,
        question.as_of,
        searched=trace.found,
        fed=fed,
        found=found,
        question=" ".join(["--where CONDITION", *(f"--from {one}" for one in addresses)]),
    )
    answer = ErasureAnswer(
        question=question,
        where=where,
        tables=(*(one.traced for one in trace.found.values()), *fed.values()),
        products=tuple(trace.products(found)),
        plan=steps,
        doubts=(*searching.doubts, *trace.doubts(found, means.depth_max)),
    )
    return Traced(answer, trace.found, trace.names, searching)


class _Trace:
    """The tables searched so far, in the order in which they were met."""

    def __init__(
        self, reader: Reader, question: Question, searching: Searching, where: str
    ) -> None:
        self._reader = reader
        self._as_of = question.as_of
        self._searching = searching
        self._where = where
        self._cut = False
        self.found: dict[int, Search] = {}
        self.names: dict[int, Names] = {}

    def search(self, roots: Collection[int], *, depth_max: int) -> None:
        """Search the tables asked about, and all that carry the columns from them."""
        carrying = Carrying(self._reader, self._searching.schemas, self._as_of)
        waiting: list[tuple[int, Names | None, Relation, int]] = [
            (one, None, Relation.ASKED, 0) for one in roots
        ]
        for dataset_id, names, relation, depth in waiting:  # it grows on the way
            if dataset_id in self.found:
                continue
            where = self._where if names is None else conditions(self._where, names)
            one = self._searched(dataset_id, where, relation)
            if one is None:
                continue
            self.found[dataset_id] = one
            own = names or {column.name: (column.name,) for column in one.traced.columns}
            self.names[dataset_id] = own
            further = [
                (target, told, Relation.CARRIED)
                for target, told in carrying.tables(dataset_id, own)
            ]
            further += [(target, own, Relation.CLONED) for target in carrying.clones(dataset_id)]
            new = [one for one in further if one[0] not in self.found]
            if depth >= depth_max:
                self._cut = self._cut or bool(new)
                continue
            waiting += [(*one, depth + 1) for one in new]

    def fed(self, found: Spread) -> Iterator[tuple[int, TracedTable]]:
        """Tell the tables that were made of the rows and cannot be searched for them."""
        for dataset_id, nodes in found.fed.items():
            claim = table_claim(self._reader, dataset_id, system=self._as_of.system)
            history = self._searching.history(dataset_id) if claim else None
            if claim is None or history is None:
                continue
            refs = refs_of(history)
            versions = {
                int(one.name) for one in self._reader.named(node_ids=sorted(nodes)).values()
            }
            yield (
                dataset_id,
                TracedTable(
                    table=self._searching.naming.dataset(dataset_id),
                    identity=str(history.identity),
                    location=history.location,
                    relation=Relation.FED,
                    where=None,
                    columns=(),
                    states=tuple(
                        TracedState(
                            version=one.snapshot_id,
                            committed_at=one.committed_at,
                            rows=None,
                            files=None,
                            refs=refs.get(one.snapshot_id, ()),
                            listed=one.snapshot_id in history.listed,
                        )
                        for one in history.snapshots
                        if one.snapshot_id in versions
                    ),
                    files=(),
                    examined=NOTHING_EXAMINED,
                    unexamined=(),
                ),
            )

    def products(self, found: Spread) -> Iterator[TracedProduct]:
        """Tell the versions of models, reports and files that were made of the rows."""
        for dataset_id, nodes in found.fed.items():
            if table_claim(self._reader, dataset_id, system=self._as_of.system) is not None:
                continue
            names = self._searching.naming.addresses(sorted(nodes))
            newest = told_versions(self._reader, dataset_id, self._as_of)[-1:]
            writers = {
                one.node_id: (one.valid.start, decode(WriterClaim, one.claim))
                for one in self._reader.attributes_of(
                    node_ids=sorted(nodes), kind=AttributeKind.WRITER, as_of=self._as_of
                )
            }
            for node_id, node in self._reader.named(node_ids=sorted(nodes)).items():
                made_at, writer = writers.get(node_id, (None, None))
                yield TracedProduct(
                    address=names[node_id],
                    made_at=made_at,
                    job=(writer.job or None) if writer else None,
                    run=(writer.run or None) if writer else None,
                    newest=node_id == dataset_id or node.name in newest,
                    certainty="possible" if node_id in found.possible else "made-of-the-rows",
                )

    def doubts(self, found: Spread, depth_max: int) -> Iterator[str]:
        """Say what was not followed."""
        yield from grade_doubts(found.grades)
        if self._cut:
            yield f"columns were not followed further than {depth_max} tables"
        for dataset_id, count in found.unfollowed.items():
            name = self._searching.naming.dataset(dataset_id)
            states = f"{count} state{'' if count == 1 else 's'} of {name}"
            yield f"what was made of {states} is not followed: they can no longer be examined"
        if found.cut:
            yield "what was made of the rows was not followed to its end: there is too much of it"
        known = self.found.keys() | found.fed.keys()
        for dataset_id, one in list(self.found.items()):
            if one.traced.relation is not Relation.ASKED or not one.traced.holds:
                continue
            graph = flow_graph(self._reader, dataset_id, self._as_of, depth_max=depth_max)
            for other in sorted(graph.depths.keys() - known):
                name = self._searching.naming.dataset(other)
                yield f"{name} is made of {one.traced.table}; no run tells whether of these rows"

    def _searched(self, dataset_id: int, where: str, relation: Relation) -> Search | None:
        """Search a table; where lineage led to it and the condition does not fit, that is told."""
        from catalogs.portion import BadFilterError

        try:
            return self._searching.table(dataset_id, where=where, relation=relation)
        except BadFilterError:
            if relation is Relation.ASKED:
                raise
            name = self._searching.naming.dataset(dataset_id)
            why = "the condition does not fit its columns"  # which ones may tell what is sought
            self._searching.doubts.append(f"{name} was not searched by value: {why}")
            return None
