"""Relocation: where the files of a table lie now, when its metadata still says where they lay."""

from __future__ import annotations

from catalogs.iceberg.metadata import TableMetadata, file_name
from catalogs.moved import Moved, below, normal
from catalogs.storage import Storage
from snapshots.errors import UnreadableError


class Relocation:
    """Turns the paths that metadata records into those where the files are found.

    A table that was copied keeps its old absolute paths. Its root is known by where its metadata
    lies, and a recorded path is the one under that root which it ends with. Files beside the root
    are found where the folders above it kept their names. A path that is not there, or that could
    be two files, is left as it is recorded: nothing is guessed.
    """

    def __init__(self, *, root: str, recorded_root: str, moved: Moved, storage: Storage) -> None:
        """Take the root as it is and as it is recorded; what somebody says of moves goes first."""
        self.root = root
        self._recorded_root = normal(recorded_root)
        self._moved = moved
        self._storage = storage
        self._moved_above = _moved_folder(self._recorded_root, normal(root))
        self._beside: dict[str, str | None] = {}
        self._below: frozenset[str] | None = None
        self._is_listed = False
        self._learned: list[str] = []

    @property
    def is_moved(self) -> bool:
        """Whether the table lies elsewhere than its metadata says."""
        return normal(self.root) != self._recorded_root

    def is_left_behind(self, path: str) -> bool:
        """Tell whether a found path leads to the kind of storage that a moved table came from.

        Nobody there is asked: it need not be reachable from where the table was copied to.
        """
        if not self.is_moved or self._moved.leads_to(path):
            return False
        return _scheme(path) != _scheme(self.root)

    def find(self, recorded: str) -> str:
        """Give where a recorded path lies now; the recorded path itself where nothing is found."""
        told = self._moved.find(recorded)
        if told is not None:
            return told
        path = normal(recorded)
        if not self.is_moved:
            return path
        rest = self._under_root(path)
        return f"{self.root}/{rest}" if rest is not None else self._beside_root(path) or path

    def _under_root(self, path: str) -> str | None:
        """Give the path below the root that a recorded path stands for; None where there is none.

        Once one prefix is known to stand for the root, it alone decides for the paths under it: a
        file that is missing there must not be mistaken for one of the same name elsewhere.
        """
        files = self._files()
        if files is None:
            return below(path, self._recorded_root)
        for prefix in (self._recorded_root, *self._learned):
            rest = below(path, prefix)
            if rest is not None:
                return rest if rest in files else None
        parts = path.split("/")
        # A bare name is too little to go by: many engines call every file 000000_0.
        ends = ["/".join(parts[start:]) for start in range(1, len(parts) - 1)]
        found = [end for end in ends if end in files]
        if len(found) != 1:
            return None
        self._learned.append(path.removesuffix("/" + found[0]))
        return found[0]

    def _beside_root(self, path: str) -> str | None:
        """Look for a path outside the root in the folder that was moved; None where it is not."""
        old, new = self._moved_above
        rest = below(path, old) if old else None
        if rest is None or below(path, self._recorded_root) is not None:
            return None
        if path not in self._beside:
            found = f"{new}/{rest}"
            try:
                is_there = self._storage.size(found) is not None
            except UnreadableError:
                is_there = False
            self._beside[path] = found if is_there else None
        return self._beside[path]

    def _files(self) -> frozenset[str] | None:
        """List what lies below the root, once; None where it may not be listed."""
        if not self._is_listed:
            start = self.root + "/"
            try:
                found = [file.path.removeprefix(start) for file in self._storage.walk(self.root)]
            except UnreadableError:
                return None
            self._below = frozenset(found)
            self._is_listed = True
        return self._below


def relocation_of(
    metadata_location: str,
    metadata: TableMetadata,
    *,
    moved: Moved,
    storage: Storage,
) -> Relocation:
    """Find the table's root, and whether that is where its metadata says it is."""
    recorded = metadata.location.rstrip("/")
    in_place = _is_in_place(metadata_location, metadata)
    root = (moved.find(recorded) or recorded) if in_place else _root(metadata_location)
    if normal(root) == normal(recorded):
        root = normal(root)
    return Relocation(root=root, recorded_root=recorded, moved=moved, storage=storage)


def folder_of(path: str) -> str:
    """Give the folder of a file, by its path or URL."""
    return path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")


def _is_in_place(metadata_location: str, metadata: TableMetadata) -> bool:
    """Tell whether the metadata file lies where the table's writers put metadata files.

    That may be outside the table's location (`write.metadata.path`), and then earlier metadata
    files in the same folder, or the manifest lists, say so.
    """
    here = normal(folder_of(metadata_location))
    told = (metadata.properties or {}).get("write.metadata.path")
    places = [f"{normal(metadata.location)}/metadata", normal(metadata.location)]
    if isinstance(told, str):
        places.append(normal(told))
    places += [normal(folder_of(entry.metadata_file)) for entry in metadata.metadata_log or ()]
    places += [
        normal(folder_of(one.manifest_list))
        for one in metadata.snapshots or ()
        if one.manifest_list
    ]
    return here in places


def _root(metadata_location: str) -> str:
    """Give the folder above `metadata`, or the metadata file's own where it has another name."""
    folder = folder_of(metadata_location)
    if file_name(folder) != "metadata":
        return normal(folder)
    return normal(folder_of(folder))


def _moved_folder(recorded: str, real: str) -> tuple[str, str]:
    """Give the highest folder above a moved root whose inside kept its names: then, and now.

    >>> _moved_folder("/lake/shop/orders", "s3://copy/lake2/shop/orders")
    ('/lake', 's3://copy/lake2')
    """
    old, new = recorded.split("/"), real.split("/")
    while len(old) > _least(recorded) and len(new) > _least(real) and old[-1] == new[-1]:
        old.pop()
        new.pop()
    return ("/".join(old), "/".join(new)) if len(old) < recorded.count("/") + 1 else ("", "")


def _least(location: str) -> int:
    """Count the parts that are no folders: the scheme and the bucket or host, or the root."""
    return 3 if "://" in location else 1


def _scheme(path: str) -> str:
    return path.partition("://")[0] if "://" in path else ""
