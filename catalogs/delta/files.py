"""Files: what each version of a Delta table added and removed, and which version wrote it first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from catalogs.delta.actions import Commit, DeletionVector, Remove
from catalogs.delta.log import DeltaLog
from catalogs.delta.paths import canonical, located, vector_file
from catalogs.delta.replay import LogicalFile, Step, file_of, logical, steps
from catalogs.delta.vectors import stored_bytes
from catalogs.moved import Moved
from snapshots.files import AddedFile, CommitFiles, DataFile, FileContent
from snapshots.history import TableHistory
from snapshots.snapshot import Effect

# These write new files under new names, but for the ones they remove in the same commit.
_WRITERS = frozenset(
    {
        "COPY INTO",
        "CREATE OR REPLACE TABLE AS SELECT",
        "CREATE TABLE AS SELECT",
        "DELETE",
        "MERGE",
        "OPTIMIZE",
        "REPLACE TABLE AS SELECT",
        "STREAMING UPDATE",
        "UPDATE",
        "WRITE",
    }
)


def commit_files_of(
    log: DeltaLog, history: TableHistory, *, skip: Collection[int]
) -> Iterator[CommitFiles]:
    """Yield what each version of a history added and removed, oldest first, `skip` left out.

    A version whose state cannot be rebuilt is left out. Where the state before is not known, every
    live file is in `added`, with the version that wrote it where the log still tells.
    """
    effects = {one.snapshot_id: one.effect for one in history.snapshots}
    missing = sorted((effects.keys() & set(log.segment.versions())) - set(skip))
    if not missing:
        return
    after = missing[0] - 1 if missing[0] - 1 in skip else None
    past = _Past(lambda: _until(log, after))
    for step in steps(log, after=after):
        if step.version > missing[-1]:
            return
        found = _difference(log, step, effects.get(step.version, Effect.UNKNOWN), past)
        if found is not None and step.version in effects and step.version not in skip:
            yield found


def data_files(file: LogicalFile, root: str, moved: Moved) -> tuple[DataFile, ...]:
    """Give the stored files of a logical one: the data, and its deletion vector if it has a file.

    A vector shares its file with others: its size is the least that file must have.
    """
    data = DataFile(
        key=file.key,
        path=located(root, file.path, moved),
        content=FileContent.DATA,
        size_bytes=file.size_bytes,
        rows=file.rows,
        masks=None,
    )
    vector = _vector_file(file.vector, root, moved, masks=file.key)
    return (data,) if vector is None else (data, vector)


def _vector_file(
    vector: DeletionVector | None, root: str, moved: Moved, *, masks: str
) -> DataFile | None:
    path = None if vector is None else vector_file(root, vector, moved)
    if vector is None or path is None:
        return None
    return DataFile(
        key=vector.unique_id,
        path=path,
        content=FileContent.DELETION_VECTOR,
        size_bytes=stored_bytes(vector),
        rows=vector.cardinality,
        masks=masks,
    )


class _Past:
    """The live keys, and the version that first wrote each path and vector.

    What came before the first step is fetched only where a commit may build on it: a file that a
    deletion vector masks, that a RESTORE brings back, or that is described anew.
    """

    def __init__(self, fetch: Callable[[], _Past] | None) -> None:
        self._fetch = fetch
        self.origins: dict[str, int | None] = {}
        self.live: set[str] = set()
        self._removed: set[str] = set()

    def follow(self, commit: Commit, version: int) -> tuple[list[LogicalFile], list[Remove]]:
        """Go one commit further; give the files that it really added and removed."""
        removes = {logical(one): one for one in commit.removes}
        paths = {canonical(one.path) for one in commit.removes}
        added: list[LogicalFile] = []
        for file in map(file_of, commit.adds):
            if file.vector is not None or file.path in paths or not _writes(commit):
                self._load()
            if file.key in removes:
                del removes[file.key]  # the same rows described anew
            elif file.key not in self.live:
                added.append(file)
                self.live.add(file.key)
            for name in _named(file):
                self.origins.setdefault(name, version)
        self.live.difference_update(removes)
        self._removed.update(removes)
        return added, list(removes.values())

    def start(self, files: Iterable[LogicalFile]) -> None:
        """Go on from a state that does not follow from what came before."""
        self._load()
        live = list(files)
        self.live = {file.key for file in live}
        for file in live:
            for name in _named(file):
                self.origins.setdefault(name, None)

    def origin(self, name: str) -> int | None:
        """Give the version that first wrote a path or vector; None where nobody remembers."""
        return self.origins.get(name)

    def _load(self) -> None:
        if self._fetch is None:
            return
        earlier, self._fetch = self._fetch(), None
        self.origins = earlier.origins | self.origins
        self.live |= earlier.live - self._removed


def _named(file: LogicalFile) -> tuple[str, ...]:
    return (file.path,) if file.vector is None else (file.path, file.vector.unique_id)


def _writes(commit: Commit) -> bool:
    return commit.operation.upper() in _WRITERS


def _difference(log: DeltaLog, step: Step, effect: Effect, past: _Past) -> CommitFiles | None:
    added: Iterable[LogicalFile] = ()
    removed: list[Remove] = []
    if step.commit is not None:
        added, removed = past.follow(step.commit, step.version)
    if step.base is not None:
        past.start(step.base.live.values())
        added, removed = step.base.live.values(), []
    if not step.known:
        return None
    gone = [key for one in removed for key in _keys(one, log)]
    parent = step.version - 1 if step.joined and step.version else None
    return CommitFiles(
        step.version, parent, effect, tuple(_with_origins(added, past, log)), tuple(gone)
    )


def _with_origins(files: Iterable[LogicalFile], past: _Past, log: DeltaLog) -> Iterator[AddedFile]:
    for file in files:
        stored_as = data_files(file, log.root, log.moved)
        for stored, name in zip(stored_as, _named(file), strict=False):
            yield AddedFile(stored, past.origin(name))


def _keys(remove: Remove, log: DeltaLog) -> Iterator[str]:
    yield logical(remove)
    if (
        vector := _vector_file(remove.deletion_vector, log.root, log.moved, masks=logical(remove))
    ) is not None:
        yield vector.key


def _until(log: DeltaLog, after: int | None) -> _Past:
    """Read all commits up to a version; nothing where the pass began with the log."""
    past = _Past(None)
    for step in steps(log, after=None) if after is not None else ():
        if after is None or step.version > after:
            break
        _difference(log, step, Effect.UNKNOWN, past)
    return past
