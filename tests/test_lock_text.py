"""The text of a lock is read strictly: whatever else it says is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temporal_lineage.locks.text import BadLockError, lock_text, parse_lock, read_lock

EXAMPLE = (Path(__file__).parent / "example.lock").read_text()


BAD: dict[str, Any] = {
    "": "it is no JSON",
    "no json": "it is no JSON",
    "[]": "it does not say that it is a lock",
    '{"inputs": []}': "it does not say that it is a lock",
    '{"lock": 1}': "it is of version 1, and this tool reads version 2",
    '{"lock": 3}': "it is of version 3",
    '{"lock": true}': "it is of version true",
    '{"lock": "2"}': 'it is of version "2"',
    '{"lock": 2}': "missing required field",
    "[" * 100_000: "it is no JSON",
}


@pytest.mark.parametrize("text", BAD, ids=[name[:20] for name in BAD])
def test_what_is_no_lock_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    path.write_text(text)
    with pytest.raises(BadLockError) as told:
        read_lock(path)
    assert BAD[text] in str(told.value)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 600


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (["as_of"], "yesterday", "is not a point in time"),
        (["inputs"], [], "it names no inputs"),
        (["inputs", 0, "kind"], "view", "which is unknown"),
        (["inputs", 0, "format"], "hudi", "hudi"),
        (["inputs", 0, "version"], "latest", "has no number for its version"),
        (["inputs", 0, "version"], "9" * 30, "has no number for its version"),
        (["inputs", 0, "files", "sha256"], "00", "has no digest of its files"),
        (["inputs", 0, "files", "count"], -1, "counts below 0"),
        (["inputs", 0, "taken"], [], "it does not say what was taken"),
        (["inputs", 0, "taken", 0, "rows"], -5, "counts below 0"),
        (["inputs", 0, "taken", 0, "fingerprint"], "abc", "is no fingerprint"),
        (["inputs", 0, "taken", 0, "columns"], ["id"], "are not those of its schema"),
        (["inputs", 0, "password"], "x", "not known here: inputs[0].password"),
        (["future"], {"a": 1}, "not known here: future"),
        (["inputs", 0, "files", "count"], "1", "Expected `int`"),
        (["target"], None, "Expected `str`"),
    ],
)
def test_a_lock_that_says_something_odd_is_refused_by_it(
    path: list[Any], value: object, reason: str
) -> None:
    told = json.loads(EXAMPLE)
    place = told
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(BadLockError) as refused:
        parse_lock(json.dumps(told), location="a.lock")
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_lock_that_is_cut_off_is_refused_wherever_it_ends() -> None:
    for end in range(0, len(EXAMPLE.rstrip()), 7):
        with pytest.raises(BadLockError):
            parse_lock(EXAMPLE[:end], location="a.lock")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(st.text(max_size=5), inside),
    max_leaves=4,
)


@given(st.data())
def test_no_value_in_a_lock_makes_more_than_one_line_of_trouble(data: st.DataObject) -> None:
    told = json.loads(EXAMPLE)
    place: Any = told
    while True:
        steps = list(place) if isinstance(place, dict) else range(len(place))
        step = data.draw(st.sampled_from(list(steps)))
        if not isinstance(place[step], dict | list) or not place[step] or data.draw(st.booleans()):
            break
        place = place[step]
    place[step] = data.draw(_JSON)
    text = json.dumps(told)
    try:
        again = lock_text(parse_lock(text, location="a.lock"))
    except BadLockError as error:
        again, reason = text, str(error)
        assert "\n" not in reason
    assert json.loads(again) == told
