"""Claims are read plainly as msgspec reads them, whichever of the two a program loads."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshots.instant import Instant
from temporal_lineage import claims
from temporal_lineage.harvesting.definitions import ASPECTS
from temporal_lineage.link_claims import EdgeClaim
from temporal_lineage.plain_claims import NotPlainError, plain_reader

PACKAGE = Path(claims.__file__).parent


def decoded_kinds() -> Iterator[Any]:
    """Every class that some module of ours names as it decodes a claim."""
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "claims import" not in text or "decode(" not in text:
            continue
        names = {
            node.args[0].id
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "decode"
            and isinstance(node.args[0], ast.Name)
        }
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        found = [vars(import_module(name)).get(one) for one in names] if names else []
        yield from (one for one in found if isinstance(one, type))


KINDS = sorted({*decoded_kinds(), *ASPECTS.values(), dict[str, str]}, key=str)


def values(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - any annotation
    """Any value of a kind that claims have."""
    simple = {
        str: st.text(),
        int: st.integers(-(2**63), 2**63 - 1),
        bool: st.booleans(),
        float: st.floats(allow_nan=False, allow_infinity=False),
        NoneType: st.none(),
    }
    arguments = get_args(kind)
    if kind in simple:
        return simple[kind]
    if get_origin(kind) is UnionType:
        return st.one_of(*map(values, arguments))
    if get_origin(kind) is tuple:
        many = arguments[1:] == (...,)
        one = st.tuples(*map(values, arguments[:1] if many else arguments))
        return st.lists(one, max_size=3).map(lambda ones: sum(ones, ())) if many else one
    if get_origin(kind) in (dict, Mapping):
        return st.dictionaries(*map(values, arguments), max_size=3)
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    return st.builds(kind, **{name: values(one) for name, one in get_type_hints(kind).items()})


def test_the_kinds_that_are_read_are_many() -> None:
    assert len(KINDS) > 20
    assert EdgeClaim in KINDS


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=15)
@given(st.data())
def test_a_claim_is_read_plainly_as_msgspec_reads_it(kind: Any, data: st.DataObject) -> None:  # noqa: ANN401 - any annotation
    claim = data.draw(values(kind))
    body = claims.encode(claim)
    assert plain_reader(kind)(json.loads(body)) == claims._decoder(kind).decode(body) == claim


def test_what_a_later_version_wrote_besides_is_left_out() -> None:
    claim = claims.AliasClaim("delta:1")
    told = json.loads(claims.encode(claim)) | {"later": [1]}
    assert plain_reader(claims.AliasClaim)(told) == claim


def test_none_is_told_from_a_record() -> None:
    assert plain_reader(Instant | None)({"micros": 1}) == Instant(1)
    assert plain_reader(Instant | None)(None) is None


@pytest.mark.parametrize("kind", [Instant | str, list[int], bytes])
def test_what_only_msgspec_can_tell_apart_is_refused_and_not_guessed(kind: Any) -> None:  # noqa: ANN401 - any annotation
    with pytest.raises(NotPlainError):
        plain_reader(kind)


def test_a_program_that_reads_many_claims_reads_them_with_msgspec() -> None:
    code = (
        "import sys; from temporal_lineage import claims;"
        'body = \'{"identity":"delta:1"}\';'
        "few = [claims.decode(claims.AliasClaim, body) for _ in range(claims.PLAINLY_READ_MAX)];"
        "assert 'msgspec' not in sys.modules;"
        "assert claims.decode(claims.AliasClaim, body) == few[0];"
        "assert 'msgspec' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
