"""Guided fuzzing: one decoder under libFuzzer, in a process of its own that may hang or die.

`python -m torture.guided DECODER SECONDS CORPUS FAULTS SEED`; needs atheris, which measures the
coverage of our own modules as they run.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

SECONDS_EACH_MAX = 10
"""One input that takes longer is a fault: inputs are small."""

MEMORY_MIB_MAX = 2_048
"""The same for memory, of which the libraries take some hundred."""

_ALONE = (
    *("erasure.case", "intake.dbt_folders", "locks.text", "session.targets"),
    "sink.metrics_reports",
)
"""Modules of the engine that decode, beside the two packages of it that do little else."""

_OWN = ("catalogs", "snapshots", "temporal_lineage")


def main(arguments: Sequence[str]) -> None:
    """Fuzz until the seconds are over; each new fault is written, and fuzzing goes on."""
    import atheris

    name, seconds, corpus, faults, seed = arguments
    with atheris.instrument_imports(include=list(_OWN), enable_loader_override=False):
        for package in (
            "catalogs",
            "snapshots",
            "temporal_lineage.capture",
            "temporal_lineage.sql",
        ):
            root = importlib.import_module(package)
            for found in pkgutil.walk_packages(root.__path__, f"{package}."):
                importlib.import_module(found.name)
        for module in _ALONE:
            importlib.import_module(f"temporal_lineage.{module}")
    from snapshots.errors import TemporalLineageError
    from torture.decoders import decode

    seen: set[str] = set()

    def one(body: bytes) -> None:
        try:
            decode(name, body)
        except TemporalLineageError:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
            _keep(Path(faults), name, body, error, seen)

    options = [f"-max_total_time={seconds}", f"-timeout={SECONDS_EACH_MAX}", f"-seed={seed}"]
    options += [f"-rss_limit_mb={MEMORY_MIB_MAX}", f"-malloc_limit_mb={MEMORY_MIB_MAX}"]
    options += ["-max_len=65536", f"-artifact_prefix={faults}/{name}-", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, corpus], one)
    atheris.Fuzz()


def _keep(faults: Path, name: str, body: bytes, error: Exception, seen: set[str]) -> None:
    """Keep the first input of each kind of fault: its type, and where in our code it was."""
    root = Path(__file__).parent.parent
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if Path(one.filename).is_relative_to(root)]
    where = [f"{Path(one.filename).relative_to(root)}:{one.lineno}" for one in own[-2:]]
    mark = f"{type(error).__name__} {where}"
    if mark in seen:
        return
    seen.add(mark)
    digest = hashlib.sha256(mark.encode()).hexdigest()[:12]
    (faults / f"{name}-{digest}").write_bytes(body)
    told = {"decoder": name, "error": f"{type(error).__name__}: {error}"[:300], "where": where}
    (faults / f"{name}-{digest}.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
