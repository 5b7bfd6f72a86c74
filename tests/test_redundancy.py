"""Redundancy and longest chains in graphs: the pure rules, beside networkx."""

from __future__ import annotations

import itertools
from collections import defaultdict

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from temporal_lineage.lineage.longest import longest_chain
from temporal_lineage.lineage.redundancy import JobFlow, same_work, ways_around

NODES = st.integers(0, 7)
EDGES = st.lists(st.tuples(NODES, NODES), max_size=30)


@given(EDGES)
def test_a_direct_target_has_a_way_around_where_it_is_reached_without_the_direct_flow(
    edges: list[tuple[int, int]],
) -> None:
    targets: dict[int, set[int]] = defaultdict(set)
    for source, target in edges:
        targets[source].add(target)
    found, cut = ways_around(0, targets)
    assert not cut
    for target in targets[0] - {0}:
        graph: nx.DiGraph[int] = nx.DiGraph(edges)
        graph.remove_edge(0, target)
        assert (target in found) == nx.has_path(graph, 0, target)
    for target, way in found.items():
        assert (way[0], way[-1]) == (0, target)
        assert len(way) > 2
        assert len(set(way)) == len(way)
        assert all(later in targets[earlier] for earlier, later in itertools.pairwise(way))


def test_a_search_for_ways_is_cut_where_there_is_too_much() -> None:
    targets = {0: [1, 50], **{node: [node + 1] for node in range(1, 49)}, 49: [50]}
    assert ways_around(0, targets, nodes_max=10) == ({}, True)
    assert ways_around(0, targets) == ({50: tuple(range(51))}, False)


@given(st.lists(st.builds(JobFlow, NODES, NODES, st.sampled_from("abc")), max_size=30))
def test_jobs_do_the_same_work_where_their_sources_and_their_target_are_the_same(
    flows: list[JobFlow],
) -> None:
    def sources(target: int, job: str) -> set[int]:
        return {one.source_id for one in flows if (one.target_id, one.job) == (target, job)}

    found = same_work(flows)
    pairs = {(one.target_id, job) for one in found for job in one.jobs}
    for one in found:
        assert all(sources(one.target_id, job) == set(one.source_ids) for job in one.jobs)
    for target in range(8):
        for job in "abc":
            others = [other for other in "abc" if other != job]
            mine = sources(target, job)
            alike = any(mine and mine == sources(target, other) for other in others)
            assert alike == ((target, job) in pairs)


@given(EDGES, st.dictionaries(NODES, st.integers(0, 9)))
def test_the_longest_chain_is_that_of_the_graph(
    edges: list[tuple[int, int]], weights: dict[int, int]
) -> None:
    # Edges from greater to smaller numbers make no circle.
    acyclic = {(max(one), min(one)) for one in edges if one[0] != one[1]}
    sources: dict[int, list[int]] = defaultdict(list)
    for source, target in sorted(acyclic):
        sources[target].append(source)
    found = longest_chain(0, sources, weights)
    graph: nx.DiGraph[int] = nx.DiGraph(acyclic)
    graph.add_node(0)
    chains = [
        path
        for start in nx.ancestors(graph, 0) | {0}
        for path in ([[0]] if start == 0 else nx.all_simple_paths(graph, start, 0))
    ]
    best = max(sum(weights.get(node, 0) for node in path) for path in chains)
    assert found.weight == best
    assert sum(weights.get(one.node_id, 0) for one in found.links) == best
    assert found.links[-1].node_id == 0
    assert found.circles == ()


@given(EDGES, st.dictionaries(NODES, st.integers(0, 9)))
def test_a_circle_is_cut_and_named_and_never_walked_twice(
    edges: list[tuple[int, int]], weights: dict[int, int]
) -> None:
    sources: dict[int, list[int]] = defaultdict(list)
    for source, target in edges:
        sources[target].append(source)
    found = longest_chain(0, sources, weights)
    nodes = [one.node_id for one in found.links]
    assert len(set(nodes)) == len(nodes)
    above = nx.DiGraph(edges)
    above.add_node(0)
    inside = above.subgraph(nx.ancestors(above, 0) | {0})
    assert bool(found.circles) == (not nx.is_directed_acyclic_graph(inside))


def test_slack_is_how_much_the_next_best_input_is_shorter() -> None:
    found = longest_chain(0, {0: [1, 2], 1: [3]}, {0: 1, 1: 2, 2: 4, 3: 7})
    assert [(one.node_id, one.slack) for one in found.links] == [(3, None), (1, None), (0, 5)]
