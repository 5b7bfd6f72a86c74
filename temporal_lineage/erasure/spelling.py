"""Spelling: conditions, names and texts as each engine writes them, meaning the same in all.

A condition comes as `catalogs.row_filter.renamed` writes it: names in double quotes, texts in
single ones, `like` for beginnings alone.
"""

from __future__ import annotations

import re

_PIECES = re.compile(
    r"""(?P<name>"[^"]*"(?:\."[^"]*")*)(?P<test>\ is\ (?P<no>not\ )?nan
    |\ (?P<un>not\ )?like\ (?P<start>'(?:[^']|'')*'))?
    |(?P<text>'(?:[^']|'')*')|(?P<float>-?\d+\.\d+)""",
    re.VERBOSE,
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def spark_condition(where: str) -> str:
    r"""Write a condition for Spark.

    Its `isnan` makes no difference between NULL and a number, its `like` knows wildcards, and its
    plain numbers with a point have 38 digits.

    >>> print(spark_condition('"name" = \'it\'\'s\' and not ("x" is nan) or "a"."b" like \'p_%\''))
    `name` = 'it\'s' and not (`x` = double('NaN')) or startswith(`a`.`b`, 'p_')
    """

    def spelled(found: re.Match[str]) -> str:
        if found["text"]:
            return spark_text(_read(found["text"]))
        if found["float"]:
            return f"{float(found['float'])!r}D"
        name = ".".join(_ticked(one) for one in found["name"][1:-1].split('"."'))
        if found["start"]:
            return f"{found['un'] or ''}startswith({name}, {spark_text(_start(found['start']))})"
        if found["test"]:
            return f"{name} {'!' if found['no'] else ''}= double('NaN')"
        return name

    return _PIECES.sub(spelled, where)


def datafusion_condition(where: str) -> str:
    r"""Write a condition for delta-rs, which reads it by DataFusion.

    >>> print(datafusion_condition('"x" is not nan and not ("a" not like \'50\\%_%\')'))
    not isnan("x") and not (not starts_with("a", '50%_'))
    """

    def spelled(found: re.Match[str]) -> str:
        if found["start"]:
            start = _start(found["start"]).replace("'", "''")
            return f"{found['un'] or ''}starts_with({found['name']}, '{start}')"
        if found["test"]:
            return f"{found['no'] or ''}isnan({found['name']})"
        return found[0]

    return _PIECES.sub(spelled, where)


def spark_name(address: str) -> str:
    """Write a name of several parts for Spark, with backticks where it needs them.

    >>> spark_name("lake.raw-in.orders")
    'lake.`raw-in`.orders'
    """
    parts = address.split(".")
    return ".".join(one if _PLAIN.fullmatch(one) else _ticked(one) for one in parts)


def spark_text(text: str) -> str:
    r"""Write a text for Spark, where two quotes are none.

    >>> print(spark_text("O'Brien"))
    'O\'Brien'
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _ticked(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _read(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _start(pattern: str) -> str:
    return _read(pattern)[:-1].replace("\\%", "%")
