"""Data files: opened where they lie now, by the reader that suits the place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pyiceberg.exceptions import ResolveError

from catalogs.credentials import without_secrets
from catalogs.iceberg.avro_rows import AvroFragment
from catalogs.iceberg.fragment import Fragment
from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.relocation import Relocation
from catalogs.storage import Storage, is_local, local_path
from snapshots.errors import UnreadableError, UnsupportedError
from snapshots.files import FileContent

_BUFFER_BYTES = 8 << 20
_ADVICE = "restore the file, or read another state"


class DataFiles:
    """Opens the files of one table for Arrow. `properties` are those of a pyiceberg FileIO."""

    def __init__(
        self, *, storage: Storage, relocation: Relocation, properties: Mapping[str, str]
    ) -> None:
        """Take the places to look, and what is needed to look there."""
        self._storage = storage
        self._relocation = relocation
        self._properties = dict(properties)

    def found(self, entry: ManifestEntry) -> str:
        """Give where the file lies now."""
        return self._relocation.find(entry.path)

    @contextmanager
    def fragment(self, entry: ManifestEntry) -> Iterator[Fragment]:
        """Open a data or delete file, to be read in batches.

        Raises UnsupportedError for a format that nothing here reads; UnreadableError, here and
        while the fragment is used, for all that goes wrong with the file.
        """
        location = self.found(entry)
        self.refuse_format(entry)
        make = _FORMATS[entry.file_format]
        with translated(location, self._properties), self._opened(location) as file:
            yield make(file, location)

    def table(self, entry: ManifestEntry, columns: Sequence[str]) -> pa.Table:
        """Read some columns of a small file whole. Raises as `fragment` does."""
        with self.fragment(entry) as fragment:
            return fragment.to_table(columns=list(columns))

    def slice(self, entry: ManifestEntry, *, offset: int, length: int) -> bytes:
        """Read some bytes of a file. Raises UnreadableError."""
        location = self.found(entry)
        with translated(location, self._properties), self._opened(location) as file:
            file.seek(offset)
            body: bytes = file.read(length)
            return body

    def refuse_format(self, entry: ManifestEntry) -> None:
        """Raise UnsupportedError where a file is of a format that nothing here reads."""
        if entry.file_format not in _FORMATS:
            kind = "data" if entry.content is FileContent.DATA else "delete"
            feature = f"{kind} files in {entry.file_format}"
            advice = "read this state with an engine that knows the format, such as Spark"
            raise UnsupportedError(self.found(entry), feature, advice)

    def _opened(self, location: str) -> Any:  # noqa: ANN401 - these share no type
        """Open for random reading: by Arrow where local, by pyiceberg if it can, else by fsspec."""
        if is_local(location):
            return pa.OSFile(local_path(location), "rb")
        from pyiceberg.io import SCHEMA_TO_FILE_IO, load_file_io

        if location.partition("://")[0] not in SCHEMA_TO_FILE_IO:
            return self._storage.open(location)
        return load_file_io(self._properties, location).new_input(location).open()


def _parquet(file: Any, _: str) -> Fragment:  # noqa: ANN401
    options = ds.ParquetFragmentScanOptions(
        pre_buffer=True, use_buffered_stream=True, buffer_size=_BUFFER_BYTES
    )
    # Nanoseconds in 96 bits reach further than Arrow's in 64, which would wrap around.
    reading = ds.ParquetReadOptions(coerce_int96_timestamp_unit="us")
    kind = ds.ParquetFileFormat(read_options=reading, default_fragment_scan_options=options)
    fragment: Fragment = kind.make_fragment(file)
    return fragment


def _orc(file: Any, _: str) -> Fragment:  # noqa: ANN401
    fragment: Fragment = ds.OrcFileFormat().make_fragment(file)
    return fragment


def _avro(file: Any, location: str) -> Fragment:  # noqa: ANN401
    return AvroFragment(file, location=location)


_LIBRARY_ERRORS = (
    pa.ArrowException,
    ResolveError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    NotImplementedError,
    ImportError,
)
_FORMATS: dict[str, Callable[[Any, str], Fragment]] = {
    "parquet": _parquet,
    "orc": _orc,
    "avro": _avro,
}


@contextmanager
def translated(location: str, properties: Mapping[str, str]) -> Iterator[None]:
    """Turn what Arrow, pyiceberg and filesystems raise about a file into UnreadableError."""
    try:
        yield
    except _LIBRARY_ERRORS as error:
        if isinstance(error, FileNotFoundError):
            reason = "there is no such file"
        else:
            said = (str(error).strip() or type(error).__name__).splitlines()[0]
            said = f"there is no {said} in it" if isinstance(error, LookupError) else said
            reason = without_secrets(said, properties)
        raise UnreadableError(location, reason, _ADVICE) from error
