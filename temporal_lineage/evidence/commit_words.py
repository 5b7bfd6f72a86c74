"""Words of a commit: what it says itself of who made it, for commits that no run claims."""

from __future__ import annotations

from collections.abc import Iterator

from snapshots.producer import producer_of
from snapshots.snapshot import Snapshot
from temporal_lineage.evidence.commit_signs import engine_keys, stamps

_CHECKPOINT = "flink.max-committed-checkpoint-id"
_SPARK_EPOCHS = ("spark.sql.streaming.epochId", "operationParameters.epochId")
_TRANSACTION = "txn."
_OFFSETS = "kafka.connect.offsets."
_SHOWN_CHARS_MAX = 200


def commit_words(snapshot: Snapshot) -> tuple[str, ...]:
    """Say who a commit says made it: engine, user, the engine's own ids, how far a stream had come.

    Ids of runs that nobody told of are among them: their events may yet come.
    """
    producer = producer_of(snapshot.summary)
    told = [f"engine {producer.engine}"] if producer.engine else []
    told += [f"user {producer.user}"] if producer.user else []
    told += [f"run id {one}" for one in sorted(stamps(snapshot))]
    told += [str(key) for key in sorted(engine_keys(snapshot))]
    told += _progress(snapshot)
    return tuple(_short(one) for one in dict.fromkeys(told))


def _progress(snapshot: Snapshot) -> Iterator[str]:
    """Say how far a stream had come: exactly-once writers leave that in their commits."""
    summary = snapshot.summary
    if summary.get(_CHECKPOINT):
        yield f"flink checkpoint {summary[_CHECKPOINT]}"
    for key in _SPARK_EPOCHS:
        if summary.get(key):
            yield f"streaming epoch {summary[key]}"
    for key, value in sorted(summary.items()):
        if key.startswith(_TRANSACTION) and value:
            yield f"transaction {value} of {key.removeprefix(_TRANSACTION)}"
        elif key.startswith(_OFFSETS) and value:
            yield f"kafka offsets {value} of {key.removeprefix(_OFFSETS)}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS_MAX else f"{text[: _SHOWN_CHARS_MAX - 3]}..."
