"""What makes a lake forget: snapshots expired, files vacuumed; and events that arrive late."""

from snapshots.instant import Instant
from temporal_lineage.demo.clock import date_file
from temporal_lineage.demo.stage import Scene, Stage


def expire_orders(stage: Stage, at: Instant) -> None:
    """The middle snapshot of the orders leaves the metadata; its files live on in later ones."""
    stage.orders.expire(stage.milestones["orders_middle_snapshot"], at=at)
    stage.note("orders_expired_at", at)


def expire_training_set(stage: Stage, at: Instant) -> None:
    """The snapshot that v2 was trained on leaves the metadata; no later one has its files."""
    stage.training_set.expire(stage.milestones["training_v2_snapshot"], at=at)
    stage.note("training_v2_expired_at", at)


def vacuum_customer_features(stage: Stage, at: Instant) -> None:
    """VACUUM RETAIN 0 HOURS: of all versions but the newest, no file is left."""
    before = int(stage.customer_features.current_version())
    stage.customer_features.vacuum(at=at)
    stage.note("vacuum_at", at)
    stage.note("vacuum_start_version", before + 1)
    stage.note("vacuum_end_version", before + 2)


def deliver_late_events(stage: Stage, at: Instant) -> None:
    """The broker can be reached again, and gets what waited for it, newest first."""
    stage.late_events.mkdir(parents=True, exist_ok=True)
    waiting = stage.stuck_runs.folder
    for path in sorted(waiting.glob("*.ndjson")):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        late = stage.late_events / path.name
        late.write_text("".join(reversed(lines)), encoding="utf-8")
        date_file(late, at)
        path.unlink()
    waiting.rmdir()
    stage.note("late_events_at", at)


SCENES = (
    Scene.on("2026-11-08T03:00Z", expire_orders),
    Scene.on("2026-11-08T03:05Z", expire_training_set),
    Scene.on("2026-11-08T03:10Z", vacuum_customer_features),
    Scene.on("2026-11-09T12:00Z", deliver_late_events),
)
