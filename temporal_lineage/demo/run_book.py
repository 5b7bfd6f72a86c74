"""The run book: each run of a job, told to OpenLineage files as START and COMPLETE or FAIL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openlineage.client.event_v2 import Run as EventRun
from openlineage.client.event_v2 import RunEvent, RunState
from openlineage.client.facet_v2 import (
    RunFacet,
    error_message_run,
    nominal_time_run,
    parent_run,
)
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.uuid import generate_static_uuid

from snapshots.instant import Instant
from temporal_lineage.demo.clock import date_file, day, moment
from temporal_lineage.demo.events import (
    EventDataset,
    Foreign,
    column_lineage,
    event_altered,
    event_input,
    event_job,
    event_output,
    release_at,
)
from temporal_lineage.demo.jobs import NAMESPACE, REPOSITORY, Job
from temporal_lineage.demo.written import Report


class RunBook:
    """Writes the events of each day into one file of a folder, as they happen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(
        self,
        job: Job,
        *,
        at: Instant,
        reads: Sequence[EventDataset] = (),
        writes: Sequence[EventDataset] = (),
        parent: Run | None = None,
        nominal: Instant | None = None,
        claimed: Mapping[str, str] | None = None,
    ) -> Run:
        """Tell START: inputs carry the version that is current now, or the one claimed for them.

        `claimed` maps addresses to versions that a stale session reports instead.
        """
        run = Run(self, job, at, tuple(reads), parent, nominal)
        versions = {} if claimed is None else claimed
        inputs = [event_input(read, version=_version(read, versions)) for read in reads]
        outputs = [event_output(write, written=None, lineage=None) for write in writes]
        self.send(
            RunEvent(
                eventTime=at.isoformat(),
                eventType=RunState.START,
                run=run.event_run(),
                job=event_job(job, at=at),
                inputs=inputs,
                outputs=outputs,
                producer=_producer(at),
            ),
            at=at,
        )
        return run

    def send(self, event: RunEvent, *, at: Instant) -> None:
        """Append one event to the file of its day."""
        path = self._file(at)
        self.folder.mkdir(parents=True, exist_ok=True)
        FileTransport(FileConfig(log_file_path=str(path), append=True)).emit(event)
        date_file(path, at)

    def repeat(self, run: Run, *, at: Instant) -> None:
        """Tell all events of a run a second time, word for word, as a retrying transport does."""
        lines = self._file(run.at).read_text(encoding="utf-8").splitlines(keepends=True)
        again = self._file(at)
        with again.open("a", encoding="utf-8") as file:
            file.writelines(line for line in lines if run.run_id in line)
        date_file(again, at)

    def _file(self, at: Instant) -> Path:
        return self.folder / f"{day(at)}.ndjson"


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has started; `parent` and `nominal` are None for a run by hand."""

    book: RunBook
    job: Job
    at: Instant
    reads: tuple[EventDataset, ...]
    parent: Run | None
    nominal: Instant | None

    @property
    def run_id(self) -> str:
        """The run's UUID, the same in every build."""
        return str(generate_static_uuid(moment(self.at), f"{NAMESPACE}/{self.job.name}".encode()))

    def complete(
        self,
        *,
        at: Instant,
        wrote: Sequence[tuple[EventDataset, Report]] = (),
        altered: Sequence[EventDataset] = (),
    ) -> None:
        """Tell COMPLETE: outputs carry version and statistics; inputs carry no version now.

        `altered` are tables whose metadata was changed, without a snapshot.
        """
        tables = {read.address: read for read in self.reads if not isinstance(read, Foreign)}
        outputs = [
            event_output(
                output,
                written=written,
                lineage=column_lineage(self.job, _columns(output), tables),
            )
            for output, written in wrote
        ]
        outputs += [event_altered(output) for output in altered]
        event = RunEvent(
            eventTime=at.isoformat(),
            eventType=RunState.COMPLETE,
            run=self.event_run(),
            job=event_job(self.job, at=self.at),
            inputs=[event_input(read, version=None) for read in self.reads],
            outputs=outputs,
            producer=_producer(self.at),
        )
        self.book.send(event, at=at)

    def fail(self, message: str, *, at: Instant) -> None:
        """Tell FAIL, with the error's message."""
        error = error_message_run.ErrorMessageRunFacet(
            message=message, programmingLanguage="PYTHON"
        )
        run = self.event_run()
        run.facets = {**(run.facets or {}), "errorMessage": error}
        event = RunEvent(
            eventTime=at.isoformat(),
            eventType=RunState.FAIL,
            run=run,
            job=event_job(self.job, at=self.at),
            producer=_producer(self.at),
        )
        self.book.send(event, at=at)

    def event_run(self) -> EventRun:
        """Describe the run itself, with its parent and its scheduled time."""
        facets: dict[str, RunFacet] = {}
        if self.parent is not None:
            facets["parent"] = parent_run.ParentRunFacet(
                run=parent_run.Run(runId=self.parent.run_id),
                job=parent_run.Job(namespace=NAMESPACE, name=self.parent.job.name),
            )
        if self.nominal is not None:
            facets["nominalTime"] = nominal_time_run.NominalTimeRunFacet(
                nominalStartTime=self.nominal.isoformat()
            )
        return EventRun(runId=self.run_id, facets=facets)


def _columns(output: EventDataset) -> set[str]:
    columns = output.columns if isinstance(output, Foreign) else output.columns()
    return {name for name, _kind in columns}


def _version(read: EventDataset, claimed: Mapping[str, str]) -> str | None:
    if isinstance(read, Foreign):
        return read.version
    return claimed.get(read.address, read.version())


def _producer(at: Instant) -> str:
    return f"{REPOSITORY}/tree/{release_at(at)}/openlineage"
