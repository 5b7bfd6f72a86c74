"""Tracing: exact states upstream and downstream, on small graphs drawn by hand and by chance."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from temporal_lineage.lineage.graph import Contained, Cut, Direction, Step
from temporal_lineage.lineage.trace import trace

CLAIM = "{}"
TOLD = "the commit says so itself"


class Drawn:
    """A graph drawn by hand: edges from a read state to a written commit, commits in states."""

    def __init__(self, edges: Sequence[tuple[int, int]], live: Sequence[tuple[int, int]]) -> None:
        self.edges = [Step(number, *ends, CLAIM) for number, ends in enumerate(edges)]
        self.live = [Contained(commit or None, state, "exact") for commit, state in live]

    def steps_into(self, node_ids: Sequence[int]) -> list[Step]:
        return [step for step in self.edges if step.target_id in set(node_ids)]

    def steps_out_of(self, node_ids: Sequence[int]) -> list[Step]:
        return [step for step in self.edges if step.source_id in set(node_ids)]

    def commits_in(self, state_ids: Sequence[int]) -> tuple[list[Contained], list[Cut]]:
        return [one for one in self.live if one.state_id in set(state_ids)], []

    def steps_told_into(self, state_ids: Sequence[int]) -> list[Step]:
        told = [step for step in self.edges if step.claim == TOLD]
        return [step for step in told if step.target_id in set(state_ids)]

    def read_states_with(self, commit_ids: Sequence[int]) -> tuple[list[Contained], list[Cut]]:
        return [one for one in self.live if one.commit_id in set(commit_ids)], []


def reached(drawn: Drawn, root: int, direction: Direction, depth_max: int = 20) -> dict[int, int]:
    graph = trace(root, direction=direction, neighbours=drawn, depth_max=depth_max, nodes_max=1_000)
    return graph.depths


def test_a_state_comes_from_every_commit_that_is_live_in_it() -> None:
    # States 11, 12 of table A; 21 was written from 12; 12 holds the rows of commits 11 and 12.
    drawn = Drawn(edges=[(1, 11), (2, 12), (12, 21)], live=[(11, 11), (11, 12), (12, 12), (21, 21)])

    assert set(reached(drawn, 21, Direction.UPSTREAM)) == {21, 12, 11, 1, 2}


def test_a_commit_that_owns_no_row_of_its_state_still_tells_where_that_came_from() -> None:
    # 13 restores 11: its state holds the rows of 11 only. That of 14 was not told by the commit.
    live = [(11, 11), (12, 12), (11, 13), (11, 14)]
    drawn = Drawn(edges=[(1, 11), (2, 12), (3, 14)], live=live)
    drawn.edges.append(Step(9, 11, 13, TOLD))

    graph = trace(13, direction=Direction.UPSTREAM, neighbours=drawn, depth_max=9, nodes_max=99)
    assert [(step.source_id, step.target_id) for step in graph.steps] == [(1, 11), (11, 13)]
    assert 3 not in reached(drawn, 14, Direction.UPSTREAM)


def test_an_overwritten_commit_is_not_upstream() -> None:
    drawn = Drawn(edges=[(1, 11), (2, 12)], live=[(11, 11), (12, 12)])

    assert set(reached(drawn, 12, Direction.UPSTREAM)) == {12, 2}


def test_a_commit_met_inside_a_state_is_followed_again_when_it_was_read_as_a_state() -> None:
    # 13 holds 11 and 12; 12 was also read as a state by the run that wrote 11's source.
    drawn = Drawn(
        edges=[(13, 21), (12, 31), (31, 13), (5, 11)],
        live=[(11, 13), (12, 13), (13, 13), (11, 12), (12, 12), (31, 31), (21, 21)],
    )

    assert 5 in reached(drawn, 21, Direction.UPSTREAM)


def test_downstream_finds_states_that_hold_the_commit_and_were_read() -> None:
    drawn = Drawn(edges=[(12, 21), (13, 22)], live=[(11, 12), (11, 13), (12, 12), (13, 13)])

    assert set(reached(drawn, 11, Direction.DOWNSTREAM)) == {11, 12, 13, 21, 22}


def test_a_cut_answer_names_what_it_did_not_follow() -> None:
    drawn = Drawn(edges=[(2, 1), (3, 2), (4, 3)], live=[])

    graph = trace(1, direction=Direction.UPSTREAM, neighbours=drawn, depth_max=2, nodes_max=9)

    assert graph.depths == {1: 0, 2: 1, 3: 2}
    assert [(cut.node_id, cut.why) for cut in graph.cuts] == [(3, "deeper than 2")]


def test_a_whole_answer_has_no_cut_at_exactly_its_depth() -> None:
    drawn = Drawn(edges=[(2, 1), (3, 2)], live=[])

    graph = trace(1, direction=Direction.UPSTREAM, neighbours=drawn, depth_max=2, nodes_max=9)

    assert graph.cuts == ()


def test_rows_older_than_the_history_are_a_cut() -> None:
    drawn = Drawn(edges=[(2, 11)], live=[(11, 11), (0, 11)])

    graph = trace(11, direction=Direction.UPSTREAM, neighbours=drawn, depth_max=9, nodes_max=9)

    assert [cut.node_id for cut in graph.cuts] == [11]


GRAPHS = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=30)


@given(GRAPHS, GRAPHS)
def test_upstream_and_downstream_are_each_others_mirror(
    edges: list[tuple[int, int]], live: list[tuple[int, int]]
) -> None:
    """Without commits of many states the two directions agree; with them every cycle still ends."""
    plain = Drawn(edges, [])
    for root in range(1, 13):
        for node in reached(plain, root, Direction.UPSTREAM):
            assert root in reached(plain, node, Direction.DOWNSTREAM)
    reached(Drawn(edges, live), 1, Direction.UPSTREAM)
