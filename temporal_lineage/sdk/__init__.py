"""The SDK: runs that record the exact states they read and the commits they made.

with temporal_lineage.run("train-fraud", params={"depth": 6}) as run:
    orders = run.read_iceberg("lake.raw.orders", columns=["id", "amount"]).to_arrow()
    ...
"""

from temporal_lineage.sdk.running import Run
from temporal_lineage.sdk.starting import RunContext, current_run, run

__all__ = ("Run", "RunContext", "current_run", "run")
