"""Questions of lineage: what went into something, what was made of it, and how that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError
from temporal_lineage.addresses import DatasetAddress, JobAddress, ModelAddress, RunAddress
from temporal_lineage.collecting import nothing_collected
from temporal_lineage.session.adjacency import Adjacency
from temporal_lineage.session.asking import When
from temporal_lineage.session.targets import misfit, refuse_column, refuse_state, typed

if TYPE_CHECKING:
    from collections.abc import Callable

    from temporal_lineage.questions.impact.contamination import ContaminationAnswer
    from temporal_lineage.questions.impact.graphs import StatedGraph
    from temporal_lineage.questions.knowledge.reasons import WhyAnswer
    from temporal_lineage.questions.walks.answer import LineageAnswer
    from temporal_lineage.questions.walks.reached import ReachedAnswer
    from temporal_lineage.store.reader import Reader

DEPTH_MAX = 20
"""How many edges a trace follows from its root unless told otherwise."""


class LineageQuestions(Adjacency):
    """Questions along the edges of the ledger."""

    def upstream(
        self,
        target: str,
        *,
        as_of: When = None,
        as_known: When = None,
        depth_max: int = DEPTH_MAX,
        by_flow: bool = False,
        parameters: bool = False,
    ) -> LineageAnswer:
        """Tell what had gone into a state, a model version or a column.

        The runs of the answer have their parameters where these are asked for.
        """
        return self._lineage(
            "upstream",
            target,
            (as_of, as_known),
            depth_max=depth_max,
            by_flow=by_flow,
            parameters=parameters,
        )

    def downstream(
        self,
        target: str,
        *,
        as_of: When = None,
        as_known: When = None,
        depth_max: int = DEPTH_MAX,
        by_flow: bool = False,
        parameters: bool = False,
    ) -> LineageAnswer:
        """Tell what was made of a state, a model version or a column, likewise."""
        return self._lineage(
            "downstream",
            target,
            (as_of, as_known),
            depth_max=depth_max,
            by_flow=by_flow,
            parameters=parameters,
        )

    def upstream_names(
        self, target: str, *, as_of: When = None, as_known: When = None
    ) -> ReachedAnswer:
        """Name all datasets that fed a table, a model or a job, however far, and nothing else.

        It is told by flow, in one walk: an answer of `upstream` has every step of it.
        """
        return self._reached("upstream", target, as_of, as_known)

    def downstream_names(
        self, target: str, *, as_of: When = None, as_known: When = None
    ) -> ReachedAnswer:
        """Name all datasets that a table, a model or a job fed, likewise."""
        return self._reached("downstream", target, as_of, as_known)

    def why(self, target: str, *, as_of: When = None, as_known: When = None) -> WhyAnswer:
        """Tell how an edge, a version's writer, or the links of a run are known."""
        from temporal_lineage.questions.knowledge.reasons import why

        address = typed(target)
        if isinstance(address, JobAddress):
            raise BadTargetError(
                target,
                f"ask why for an edge, a version or a run; `tl runs --job {target}` lists its runs",
            )
        refuse_column(address, target)
        return self._ask("why", target, (as_of, as_known), why, address)

    def contamination(
        self,
        target: str,
        *,
        as_of: When = None,
        as_known: When = None,
        depth_max: int = DEPTH_MAX,
    ) -> ContaminationAnswer:
        """Tell what contains the rows of a bad commit, what is healed, and what to rebuild."""
        from temporal_lineage.questions.impact.contamination import contamination

        address = typed(target)
        if not isinstance(address, DatasetAddress | ModelAddress | RunAddress):
            wanted = "a snapshot of a table, a version of a model or a run is asked for"
            raise misfit(address, target, wanted)
        refuse_column(address, target)
        return self._ask(
            "contamination",
            target,
            (as_of, as_known),
            contamination,
            address,
            depth_max=depth_max,
        )

    def _reached(self, verb: str, target: str, as_of: When, as_known: When) -> ReachedAnswer:
        from temporal_lineage.lineage.graph import Direction
        from temporal_lineage.questions.walks.reached import reached

        address = typed(target)
        if not isinstance(address, DatasetAddress | ModelAddress | JobAddress):
            raise misfit(address, target, "a table, model or job is asked for")
        refuse_state(address, target)
        refuse_column(address, target)
        with nothing_collected():
            return self._ask(
                f"{verb} names",
                target,
                (as_of, as_known),
                reached,
                address,
                direction=Direction(verb),
                beside=self.beside,
            )

    def contamination_graph(
        self, answer: ContaminationAnswer, *, depth_max: int = DEPTH_MAX
    ) -> StatedGraph:
        """Give the graph of an answer about contamination, for `temporal_lineage.exports`."""
        from temporal_lineage.questions.impact.graphs import contamination_graph

        point = answer.question.as_of
        downstream = self.downstream(
            answer.commit, as_of=point.valid, as_known=point.system, depth_max=depth_max
        )
        return contamination_graph(answer, downstream)

    def _lineage(
        self,
        verb: str,
        target: str,
        when: tuple[When, When],
        *,
        depth_max: int,
        by_flow: bool,
        parameters: bool,
    ) -> LineageAnswer:
        from temporal_lineage.lineage.graph import Direction

        address = typed(target)
        ask: Callable[..., LineageAnswer]
        match address:
            case JobAddress():  # jobs have no states: what they move is flow
                from temporal_lineage.questions.walks.jobs import job_lineage

                ask = job_lineage
            case RunAddress() if not by_flow:
                from temporal_lineage.questions.walks.runs import run_lineage

                ask = run_lineage
            case RunAddress():
                raise misfit(address, target, "a run has no flow of its own: leave --flow out")
            case DatasetAddress() | ModelAddress():
                from temporal_lineage.questions.walks.provenance import flows, lineage

                ask = flows if by_flow else lineage
            case _:
                wanted = "a table, state, column, model, job or run is asked for"
                raise misfit(address, target, wanted)
        if by_flow:
            refuse_state(address, target)
            refuse_column(address, target)
        with nothing_collected():
            return self._ask(
                verb,
                target,
                when,
                _with_parameters(ask) if parameters else ask,
                address,
                direction=Direction(verb),
                depth_max=depth_max,
            )


def _with_parameters(ask: Callable[..., LineageAnswer]) -> Callable[..., LineageAnswer]:
    """Give the question that also reads the parameters of the runs in its answer."""
    from temporal_lineage.questions.walks.run_lines import with_parameters

    def asked(reader: Reader, *addresses: object, **more: object) -> LineageAnswer:
        return with_parameters(reader, ask(reader, *addresses, **more))

    return asked
