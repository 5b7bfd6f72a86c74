"""Bounds: hostile bytes decoded in a child with little memory, and what that took.

`python -m torture.bounds` prints a line of JSON for each case; each is decoded in a child of its
own, which is forked when the libraries are loaded.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from torture.children import ChildFailedError, run_child
from torture.decoders import decode
from torture.hostile import CASES, MEMORY_MIB_MAX, SECONDS_MAX
from torture.loading import load


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: `refused` is the reason, empty where it was read.

    `fault` says what went wrong, empty where nothing did. `mib` is what it took beside the rest.
    """

    case: str
    refused: str
    fault: str
    bytes: int
    seconds: float
    mib: int


def outcomes(names: Sequence[str]) -> Iterator[Outcome]:
    """Decode cases, one after the other."""
    load()
    with TemporaryDirectory(prefix="tl-hostile-") as folder:
        for name in names:
            file = Path(folder) / "case"
            run_child(lambda name=name, file=file: file.write_bytes(CASES[name].make()))  # type: ignore[misc]
            yield _outcome(name, file.read_bytes(), Path(folder) / "told")


def _outcome(name: str, body: bytes, told: Path) -> Outcome:
    told.unlink(missing_ok=True)
    try:
        run_child(lambda: _decode(CASES[name].decoder, body, told), seconds_max=SECONDS_MAX)
    except ChildFailedError as error:
        return Outcome(name, "", str(error), len(body), 0.0, 0)
    return Outcome(case=name, bytes=len(body), **json.loads(told.read_text()))


def _decode(decoder: str, body: bytes, told: Path) -> None:
    """In the child: decode with little memory, and write down what that came to."""
    from snapshots.errors import TemporalLineageError

    before = _memory("VmSize") + (MEMORY_MIB_MAX << 10)
    resource.setrlimit(resource.RLIMIT_AS, (before << 10, before << 10))
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    start, held = time.perf_counter(), _memory("VmRSS")
    refused = fault = ""
    try:
        decode(decoder, body)
    except TemporalLineageError as error:
        refused = str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the fault
        fault = f"{type(error).__name__}: {error}"[:300]
    seconds, mib = time.perf_counter() - start, (_memory("VmHWM") - held) >> 10
    told.write_text(
        json.dumps({"refused": refused[:300], "fault": fault, "seconds": seconds, "mib": mib})
    )


def _memory(name: str) -> int:
    """Give a figure of this process's memory, in KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise KeyError(name)


if __name__ == "__main__":
    for one in outcomes(sys.argv[1:] or list(CASES)):
        print(json.dumps(asdict(one)), flush=True)
