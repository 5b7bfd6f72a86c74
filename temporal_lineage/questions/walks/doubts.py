"""Doubts about lineage: what a graph leaves open, in words for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from temporal_lineage.addresses import without_state
from temporal_lineage.evidence.grades import Grade
from temporal_lineage.link_claims import CLAIMED_TOO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from temporal_lineage.lineage.graph import LineageGraph
    from temporal_lineage.link_claims import WriterClaim
    from temporal_lineage.questions.walks.answer import LineageEdge

_NAMED_MAX = 3

_CARRIED = {
    "possible": "possible only: carried through commits that rewrote files",
    "assumed": "assumed from ancestry: no file facts are left",
}

_UNSURE = {
    Grade.INFERRED.value: "inferred: what is named is only the one that fits",
    Grade.CANDIDATES.value: "from one of several candidates: nothing tells which",
    Grade.STALE.value: "known to be stale: nothing else fits",
    Grade.NONE.value: "from datasets whose versions nobody recorded",
}
"""What to say of edges that are neither exact nor of a high grade."""


def lineage_doubts(
    graph: LineageGraph,
    names: Mapping[int, str],
    writers: Mapping[int, WriterClaim],
    edges: Sequence[LineageEdge],
) -> tuple[str, ...]:
    """Say what a graph does not know, and where it stops though there may be more."""
    doubts = walk_doubts(graph, names)
    commits = {one.commit_id for one in graph.contained if one.commit_id is not None}
    unclaimed = Counter(without_state(names[one]) for one in commits if one not in writers)
    doubts += [
        f"no run claims {count(number, 'commit')} of {dataset}"
        for dataset, number in sorted(unclaimed.items())
    ]
    rejected = {node_id: one.evidence.rejected for node_id, one in writers.items()}
    doubts += [
        f"more than one run says that it wrote {names[node_id]}: `tl why` names them"
        for node_id in sorted(node_id for node_id, others in rejected.items() if others)
        if any(one.why.endswith(CLAIMED_TOO) for one in rejected[node_id])
    ]
    doubts += grade_doubts(edge.grade for edge in edges if edge.grade is not None)
    carried = Counter(one.certainty for one in graph.contained if one.certainty != "exact")
    doubts += [
        f"{count(number, 'contribution')} {_CARRIED[certainty]}"
        for certainty, number in sorted(carried.items())
    ]
    return tuple(doubts)


def walk_doubts(graph: LineageGraph, names: Mapping[int, str]) -> list[str]:
    """Say where a walk stopped though there may be more."""
    cut = Counter((one.why, without_state(names[one.node_id])) for one in graph.cuts)
    return [
        f"not followed further, {why}: {dataset}" + (f" ({number} states)" if number > 1 else "")
        for (why, dataset), number in sorted(cut.items())
    ]


def grade_doubts(grades: Iterable[str]) -> list[str]:
    """Say how many edges are neither exact nor of a high grade."""
    return [
        f"{count(number, 'edge')} {_UNSURE[grade]}"
        for grade, number in sorted(Counter(grades).items())
        if grade in _UNSURE
    ]


def count(number: int, noun: str) -> str:
    """Write a number with its noun.

    >>> count(1, "edge"), count(2, "edge")
    ('1 edge', '2 edges')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def few(names: Iterable[str]) -> str:
    """Write the first of some names in the alphabet, and how many more there are.

    >>> few(["d", "b", "c", "a", "e"])
    'a, b, c and 2 more'
    """
    found = sorted(set(names))
    more = len(found) - _NAMED_MAX
    return ", ".join(found[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
