"""Commands: how each act of a plan is done with the engines that people have.

They are printed and never run. Those of one engine are done one after another, each as a
statement of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from temporal_lineage.erasure.spelling import (
    datafusion_condition,
    spark_condition,
    spark_name,
    spark_text,
)

_IDS_MAX = 50
"""How many snapshots one command names; more are several commands."""
_OTHERS_STAY = "older_than => TIMESTAMP '1970-01-01 00:00:00'"
"""Without it Spark also expires whatever is older than the table's own age."""
_AS_ONE = "prefix_mismatch_mode => 'IGNORE'"
"""A path is told without its scheme; where a state has the file under one, it stays."""
_NO_CHECK = "spark.databricks.delta.retentionDurationCheck.enabled"
_OVERWRITING = "spark.sql.sources.partitionOverwriteMode"


@dataclass(frozen=True, slots=True)
class PlanCommand:
    """A command of one way to do a step: the engine, and what to type."""

    engine: str
    command: str


@dataclass(frozen=True, slots=True)
class Named:
    """A table as engines call it: its catalog and name, or its place where it has none.

    `has_vectors` tells whether deletion vectors may mask rows of a Delta table. `properties` are
    those that it has now.
    """

    address: str
    location: str
    is_delta: bool
    has_vectors: bool
    properties: Mapping[str, str]

    @property
    def is_called(self) -> bool:
        """Whether engines can name it: an Iceberg table is in a catalog or has no name."""
        return self.is_delta or not self.address.startswith("dataset:")

    @property
    def spark(self) -> str:
        """The table in Spark SQL."""
        if self.is_delta:
            return f"delta.`{self.location}`"
        return spark_name(self.address)

    @property
    def parts(self) -> tuple[str, str]:
        """The catalog, and the name in it."""
        catalog, _, name = self.address.partition(".")
        return catalog, name

    @property
    def python(self) -> str:
        """An expression that opens the table."""
        if self.is_delta:
            return f"DeltaTable({_text(self.location)})"
        catalog, name = self.parts
        return f"load_catalog({_text(catalog)}).load_table({_text(name)})"

    def called(self, procedure: str, *arguments: str) -> PlanCommand:
        """Call a procedure that Iceberg has in Spark."""
        catalog, name = map(spark_name, self.parts)
        told = ", ".join([f"table => {spark_text(name)}", *arguments])
        return PlanCommand("spark", f"CALL {catalog}.system.{procedure}({told})")

    def allowed(self, key: str, value: str, *commands: PlanCommand) -> tuple[PlanCommand, ...]:
        """Give a property another value for some commands of Spark, where the table sets it."""
        before = self.properties.get(key, value)
        if before == value:
            return commands
        set_to = f"ALTER TABLE {self.spark} SET TBLPROPERTIES ({spark_text(key)} = "
        around = [PlanCommand("spark", f"{set_to}{spark_text(one)})") for one in (value, before)]
        return (around[0], *commands, around[1])


def delete_rows(table: Named, where: str, *, branch: str | None) -> tuple[PlanCommand, ...]:
    """Take the rows out of the newest state, or of a branch's.

    Iceberg's files are written anew at once: what merge-on-read only hides, the new state has.
    """
    condition = spark_condition(where)
    if table.is_delta:
        delete = PlanCommand("spark", f"DELETE FROM {table.spark} WHERE {condition}")
        by_rust = f"{table.python}.delete({_text(datafusion_condition(where))})"
        return (
            *table.allowed("delta.appendOnly", "false", delete),
            PlanCommand("delta-rs", by_rust),
        )
    target = _on(table, branch)
    on = "" if branch is None else f", branch={_text(branch)}"
    delete = PlanCommand("spark", f"DELETE FROM {target} WHERE {condition}")
    return (
        *table.allowed("write.delete.mode", "copy-on-write", delete),
        PlanCommand("pyiceberg", f"{table.python}.delete({_text(where)}{on})"),
    )


def rewrite_files(table: Named, *, branch: str | None) -> tuple[PlanCommand, ...]:
    """Write files anew without the rows that deletes only hide."""
    if table.is_delta:
        return (PlanCommand("spark", f"REORG TABLE {table.spark} APPLY (PURGE)"),)
    if branch is None:
        options = "map('delete-file-threshold', '1', 'remove-dangling-deletes', 'true')"
        return (table.called("rewrite_data_files", f"options => {options}"),)
    target = _on(table, branch)  # no procedure rewrites the files of a branch
    return (
        PlanCommand("spark", f"SET {_OVERWRITING} = static"),
        PlanCommand("spark", f"INSERT OVERWRITE {target} SELECT * FROM {target}"),
        PlanCommand("spark", f"RESET {_OVERWRITING}"),
    )


def drop_tag(table: Named, tag: str) -> tuple[PlanCommand, ...]:
    """Take a tag away, so that its state can be expired."""
    by_ref = f"{table.python}.manage_snapshots().remove_tag({_text(tag)}).commit()"
    return (
        PlanCommand("spark", f"ALTER TABLE {table.spark} DROP TAG {_ticked(tag)}"),
        PlanCommand("pyiceberg", by_ref),
    )


def expire(table: Named, versions: Sequence[int]) -> tuple[PlanCommand, ...]:
    """Take states out of the metadata of an Iceberg table; Spark removes their files with them."""
    by_spark, by_python = [], []
    for start in range(0, len(versions), _IDS_MAX):
        ids = ", ".join(map(str, versions[start : start + _IDS_MAX]))
        by_spark.append(
            table.called("expire_snapshots", f"snapshot_ids => ARRAY({ids})", _OTHERS_STAY)
        )
        by_ids = f"{table.python}.maintenance.expire_snapshots().by_ids([{ids}]).commit()"
        by_python.append(PlanCommand("pyiceberg", by_ids))
    return (*table.allowed("gc.enabled", "true", *by_spark), *by_python)


def remove_files(table: Named, paths: Sequence[str]) -> tuple[PlanCommand, ...]:
    """Remove files that no state is made of any more; `paths` are those that held the rows."""
    if table.is_delta:
        arguments = "retention_hours=0, enforce_retention_duration=False, dry_run=False"
        # A full one takes orphans too, and in delta-rs the vectors that are in use with them.
        arguments += "" if table.has_vectors else ", full=True"
        return (
            PlanCommand("spark", f"SET {_NO_CHECK} = false"),
            PlanCommand("spark", f"VACUUM {table.spark} RETAIN 0 HOURS"),
            PlanCommand("spark", f"RESET {_NO_CHECK}"),
            PlanCommand("delta-rs", f"{table.python}.vacuum({arguments})"),
        )
    if not paths:
        return table.allowed("gc.enabled", "true", table.called("remove_orphan_files"))
    # The procedure takes nothing younger than a day, but for files of whose age it is told.
    listed = ", ".join(f"({spark_text(one)}, TIMESTAMP '1970-01-01 00:00:00')" for one in paths)
    view = "CREATE OR REPLACE TEMPORARY VIEW held_rows AS SELECT * FROM VALUES"
    return table.allowed(
        "gc.enabled",
        "true",
        PlanCommand("spark", f"{view} {listed} AS files(file_path, last_modified)"),
        table.called("remove_orphan_files", "file_list_view => 'held_rows'", _AS_ONE),
    )


def _on(table: Named, branch: str | None) -> str:
    return table.spark if branch is None else f"{table.spark}.{_ticked(f'branch_{branch}')}"


def _ticked(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
