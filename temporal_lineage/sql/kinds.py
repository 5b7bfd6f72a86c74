"""Kinds: the verb of a statement, as SQL has it."""

from __future__ import annotations

from sqlglot import exp

_PLAIN: dict[type[exp.Expr], str] = {
    exp.TruncateTable: "TRUNCATE",
    exp.MultitableInserts: "INSERT ALL",
    exp.LoadData: "LOAD",
}


def kind_of(node: exp.Expr) -> str:
    """Name a statement: INSERT, CREATE TABLE AS, MERGE, ..."""
    kind = str(node.args.get("kind") or "").upper()
    if isinstance(node, exp.Insert):
        return "INSERT OVERWRITE" if node.args.get("overwrite") else "INSERT"
    if isinstance(node, exp.Create):
        made = isinstance(node.expression, exp.Query) and kind == "TABLE"
        return f"CREATE {kind} AS" if made else f"CREATE {kind}"
    if isinstance(node, exp.Alter):
        actions = node.args.get("actions") or ()
        renames = any(isinstance(one, exp.AlterRename) for one in actions)
        return "ALTER RENAME" if renames else f"ALTER {kind}".strip()
    if isinstance(node, exp.Query):
        return "SELECT INTO" if node.args.get("into") is not None else "SELECT"
    if isinstance(node, exp.Drop):
        return f"DROP {kind}".strip()
    return _PLAIN.get(type(node), node.key.upper())
