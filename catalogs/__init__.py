"""The places tables live, and the readers that turn what lies there into snapshots."""

__distribution__ = "temporal-lineage"
