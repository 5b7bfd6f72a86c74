"""MLflow: its runs, the model versions they register and the data sets they log, linked to ours.

Nothing here imports MLflow by itself: where the program did not, there is nothing to link.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

from catalogs.credentials import without_user_info
from snapshots.dataset import Dataset
from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.naming import MODEL_NAMESPACE
from temporal_lineage.sdk.records import Named

if TYPE_CHECKING:
    from temporal_lineage.sdk.records import Records

TAG = "temporal_lineage.run-id"
"""The tag of an MLflow run that names ours."""

DATASETS_NAMESPACE = "mlflow"
"""The namespace of data sets that MLflow names and nobody else can find."""

_log = logging.getLogger("temporal_lineage.sdk")


def link_mlflow(records: Records, run_id: str, *, since_ms: int) -> list[dict[str, str]]:
    """Record what MLflow's runs of this process logged since then; gives what identifies them.

    The runs are tagged with ours. What MLflow does not answer is said in the log, not raised.
    """
    mlflow = sys.modules.get("mlflow")
    if mlflow is None:
        return []
    try:
        return [_linked(mlflow, one, records, run_id) for one in _runs(mlflow, since_ms)]
    except Exception as error:  # noqa: BLE001 - another system's trouble must not fail the job
        _log.warning("the runs of MLflow could not be linked: %s", error)
        return []


def _runs(mlflow: Any, since_ms: int) -> list[Any]:  # noqa: ANN401 - a module that may be absent
    """Find the runs of this process: the active one, and the last one if it is of this time."""
    found = {}
    for one in (mlflow.active_run(), mlflow.last_active_run()):
        if one is not None and one.info.start_time >= since_ms:
            found[one.info.run_id] = mlflow.get_run(one.info.run_id)
    active = mlflow.active_run()
    if active is not None:
        found[active.info.run_id] = mlflow.get_run(active.info.run_id)
    return list(found.values())


def _linked(mlflow: Any, run: Any, records: Records, run_id: str) -> dict[str, str]:  # noqa: ANN401
    client = mlflow.MlflowClient()
    client.set_tag(run.info.run_id, TAG, run_id)
    for version in client.search_model_versions(f"run_id = '{run.info.run_id}'"):
        named = Named(Dataset(MODEL_NAMESPACE, version.name), (), "MODEL")
        details = {"mlflow_run_id": run.info.run_id, "source": without_user_info(version.source)}
        records.wrote(named, [str(version.version)], details=details)
    for one in run.inputs.dataset_inputs if run.inputs else ():
        records.told(_named(one.dataset), one.dataset.digest)
    return {
        "run_id": run.info.run_id,
        "run_name": run.info.run_name,
        "experiment_id": run.info.experiment_id,
        "tracking_uri": without_user_info(mlflow.get_tracking_uri()),
    }


def _named(dataset: Any) -> Named:  # noqa: ANN401
    """Name a data set by where it lies, where MLflow says so, else as MLflow calls it."""
    try:
        source = json.loads(dataset.source)
    except (TypeError, ValueError):
        source = {}
    place = next((source[key] for key in ("uri", "path", "url") if source.get(key)), None)
    if place is None:
        return Named(Dataset(DATASETS_NAMESPACE, dataset.name), (), "DATASET")
    called = Dataset(DATASETS_NAMESPACE, dataset.name)
    return Named(located(str(place)), (called,), "FILE")
