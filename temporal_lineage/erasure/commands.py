"""Commands: how each act of a plan is done with the engines that people have.

They are printed and never run. Conditions are written as each engine quotes names: Spark with
backticks, pyiceberg and delta-rs with double quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

_TEXTS = re.compile(r"('(?:[^']|'')*')")
_NAN = re.compile(r"(`[^`]+`(?:\.`[^`]+`)*) is (not )?nan")
_IDS_MAX = 50
"""How many snapshots one command names; more are several commands."""


@dataclass(frozen=True, slots=True)
class PlanCommand:
    """One way to do a step: the engine, and what to type."""

    engine: str
    command: str


@dataclass(frozen=True, slots=True)
class Named:
    """A table as engines call it: its catalog and name, or its place where it has none.

    `has_vectors` tells whether deletion vectors may mask rows of a Delta table.
    """

    address: str
    location: str
    is_delta: bool
    has_vectors: bool

    @property
    def spark(self) -> str:
        """The table in Spark SQL."""
        if self.is_delta or self.address.startswith("dataset:"):
            return f"{'delta' if self.is_delta else 'iceberg'}.`{self.location}`"
        return self.address

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


def delete_rows(table: Named, where: str, *, branch: str | None) -> tuple[PlanCommand, ...]:
    """Take the rows out of the newest state, or of a branch's."""
    condition = spark_condition(where)
    if table.is_delta:
        return (
            PlanCommand("spark", f"DELETE FROM {table.spark} WHERE {condition}"),
            PlanCommand("delta-rs", f"{table.python}.delete({_text(where)})"),
        )
    target = table.spark if branch is None else f"{table.spark}.`branch_{branch}`"
    on = "" if branch is None else f", branch={_text(branch)}"
    return (
        PlanCommand("spark", f"DELETE FROM {target} WHERE {condition}"),
        PlanCommand("pyiceberg", f"{table.python}.delete({_text(where)}{on})"),
    )


def rewrite_files(table: Named) -> tuple[PlanCommand, ...]:
    """Write files anew without the rows that deletes only hide."""
    catalog, name = table.parts
    if table.is_delta:
        return (PlanCommand("spark", f"REORG TABLE {table.spark} APPLY (PURGE)"),)
    options = "map('delete-file-threshold', '1', 'remove-dangling-deletes', 'true')"
    call = f"rewrite_data_files(table => '{name}', options => {options})"
    return (PlanCommand("spark", f"CALL {catalog}.system.{call}"),)


def drop_tag(table: Named, tag: str) -> tuple[PlanCommand, ...]:
    """Take a tag away, so that its state can be expired."""
    return (
        PlanCommand("spark", f"ALTER TABLE {table.spark} DROP TAG `{tag}`"),
        PlanCommand(
            "pyiceberg", f"{table.python}.manage_snapshots().remove_tag({_text(tag)}).commit()"
        ),
    )


def expire(table: Named, versions: Sequence[int]) -> tuple[PlanCommand, ...]:
    """Take states out of the metadata of an Iceberg table; Spark removes their files with them."""
    catalog, name = table.parts
    found = []
    for start in range(0, len(versions), _IDS_MAX):
        ids = ", ".join(map(str, versions[start : start + _IDS_MAX]))
        call = f"expire_snapshots(table => '{name}', snapshot_ids => ARRAY({ids}))"
        found.append(PlanCommand("spark", f"CALL {catalog}.system.{call}"))
        by_ids = f"{table.python}.maintenance.expire_snapshots().by_ids([{ids}]).commit()"
        found.append(PlanCommand("pyiceberg", by_ids))
    return tuple(found)


def remove_files(table: Named) -> tuple[PlanCommand, ...]:
    """Remove the files that no state is made of any more."""
    if table.is_delta:
        check = "SET spark.databricks.delta.retentionDurationCheck.enabled = false"
        arguments = "retention_hours=0, enforce_retention_duration=False, dry_run=False"
        # A full one takes orphans too, and in delta-rs the vectors that are in use with them.
        arguments += "" if table.has_vectors else ", full=True"
        return (
            PlanCommand("spark", f"{check}; VACUUM {table.spark} RETAIN 0 HOURS"),
            PlanCommand("delta-rs", f"{table.python}.vacuum({arguments})"),
        )
    catalog, name = table.parts
    call = f"remove_orphan_files(table => '{name}', older_than => current_timestamp())"
    return (PlanCommand("spark", f"CALL {catalog}.system.{call}"),)


def spark_condition(where: str) -> str:
    r"""Write a condition for Spark: names in backticks, and a function for NaN.

    >>> print(spark_condition('"name" = \'say "hi"\' and not ("x" is nan)'))
    `name` = 'say "hi"' and not (isnan(`x`))
    """
    parts = _TEXTS.split(where)
    plain = [part if place % 2 else part.replace('"', "`") for place, part in enumerate(parts)]
    return _NAN.sub(lambda found: f"{found[2] or ''}isnan({found[1]})", "".join(plain))


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
