"""Runs: one execution of a program, its reads pinned and recorded, its writes stamped."""

from __future__ import annotations

import logging
import os
import traceback
from typing import TYPE_CHECKING

from catalogs.credentials import without_user_info
from temporal_lineage.capture.openlineage_events import RunEventKind
from temporal_lineage.sdk.environment import allowed_variables, imported_packages, surroundings
from temporal_lineage.sdk.event import Story, event_of
from temporal_lineage.sdk.files import FileCalls
from temporal_lineage.sdk.mlflow_links import link_mlflow
from temporal_lineage.sdk.reading import ReadCalls
from temporal_lineage.sdk.records import Records
from temporal_lineage.sdk.writing import WriteCalls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.sdk.code import Code
    from temporal_lineage.sdk.delivery import Delivery
    from temporal_lineage.sdk.parents import Parent
    from temporal_lineage.sdk.targets import Target
    from temporal_lineage.session import Session

_TRACE_CHARS_MAX = 20_000
_log = logging.getLogger("temporal_lineage.sdk")


class Run(ReadCalls, WriteCalls, FileCalls):
    """A run that goes on. Made by `temporal_lineage.run`; safe to use from several threads."""

    def __init__(
        self,
        *,
        run_id: str,
        namespace: str,
        job: str,
        parent: Parent | None,
        code: Code,
        variables: Sequence[str],
        session: Session,
        delivery: Delivery,
    ) -> None:
        """Use `temporal_lineage.run`."""
        super().__init__(run_id=run_id, session=session, records=Records())
        self.namespace = namespace
        self.job = job
        self.parent = parent
        self.code = code
        self._delivery = delivery
        self._begun_ms = session.clock().micros // 1000
        self._mlflow: tuple[dict[str, str], ...] = ()
        self._surroundings = surroundings()
        self._variables = allowed_variables(variables, os.environ)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Where the events of this run go."""
        return self._delivery.targets

    def params(self, **parameters: object) -> None:
        """Record parameters; a later word on one replaces the earlier."""
        self.records.given(parameters)

    def start(self) -> None:
        """Tell that the run has begun: kept for good before its first line runs."""
        self._tell(RunEventKind.START)

    def progressed(self, *, at_once: bool) -> None:
        """Tell what was read and written so far: now, or where the last telling is long ago."""
        if at_once or self._delivery.is_due():
            self._tell(RunEventKind.RUNNING)

    def end(self, error: BaseException | None) -> None:
        """Tell how the run ended."""
        self.note_commits()
        self._mlflow = tuple(link_mlflow(self.records, self.run_id, since_ms=self._begun_ms))
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self._tell(RunEventKind.COMPLETE)
        elif isinstance(error, KeyboardInterrupt):
            self._tell(RunEventKind.ABORT, error)
        else:
            self._tell(RunEventKind.FAIL, error)

    def _tell(self, kind: RunEventKind, error: BaseException | None = None) -> None:
        try:
            event = event_of(kind, self.session.clock(), self._story(kind, error))
        except Exception as trouble:
            if self._delivery.strict:
                raise
            # A bug of ours, which keeps its traceback; but the job is the user's.
            _log.warning("%s could not be told: %s", kind.value, trouble, exc_info=True)
            return
        self._delivery.send(event, last=kind.terminal)

    def _story(self, kind: RunEventKind, error: BaseException | None) -> Story:
        over = kind.terminal
        return Story(
            run_id=self.run_id,
            namespace=self.namespace,
            job=self.job,
            parent=self.parent,
            code=self.code,
            surroundings=self._surroundings,
            packages=imported_packages() if over else {},
            variables=self._variables,
            parameters=self.records.parameters,
            queries=self.records.queries if over else (),
            inputs=self.records.inputs,
            outputs=self.records.outputs,
            mlflow=self._mlflow,
            message=None if error is None else _message(error),
            trace=None if error is None else _trace(error),
        )


def _message(error: BaseException) -> str:
    told = "".join(traceback.format_exception_only(error)).strip()
    return without_user_info(told)


def _trace(error: BaseException) -> str:
    told = "".join(traceback.format_exception(error))
    return without_user_info(told[-_TRACE_CHARS_MAX:])
