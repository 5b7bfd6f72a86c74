"""Anything may be typed: every command answers, or says in one line what would have worked."""

from __future__ import annotations

import io
import shlex
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bad_input import assert_one_line
from temporal_lineage.cli.entry import run
from temporal_lineage.session import Session
from told_tables import Shop, dataset, event, run_id
from transcripts import Said

NAMES = (
    "lake.s.t",
    "lake.s.u",
    "model:m",
    "model:",
    "dataset:s3://b/x",
    "dataset:delta:t",
    "dataset:",
    "/",
    "s3://b/x",
    f"run:{run_id(1)}",
    "run:",
    "edge:1",
    "edge:-1",
    "edge:" + "9" * 30,
    "edge:" + "9" * 5000,
    "job:n/j",
    "",
    "...",
    'lake."s".t',
    '"',
    "lake.s.t\n",
    "lake.s.t\x00",
    "\udc80.x",
    "é.ü",
    "named:s3://b/x",
)
STATES = (
    "",
    "@0",
    "@99",
    "@main",
    "@nosuch",
    "@2026-09-02",
    "@main@2026-09-02",
    "@0@2026-09-02",
    "@0001-01-01",
    "@9999-12-31T23:59:59.999999Z",
    "@2026-02-30",
    "@-1",
    "@" + "9" * 40,
    "@@",
    '@"0"',
    f"@run:{run_id(1)}",
    "@forever",
)
COLUMNS = ("", "#a", "#zz", "#", "#a.b", "#1", "#*")
TIMES = (
    "now",
    "2026-09-02",
    "0001-01-01",
    "9999-12-31T23:59:59.999999Z",
    "forever",
    "",
    "-1",
    "2026-09-02T10:00:00+99:00",
    "2026-09-02T24:00Z",
    "10000-01-01",
    "٢٠٢٦-09-02",
    "\x00",
    "0001-01-01T00:00+14:00",
)
COMMANDS = (
    ("at",),
    ("log",),
    ("show",),
    ("upstream",),
    ("upstream", "--flow"),
    ("upstream", "--names"),
    ("contamination",),
    ("changes", "--from", "2026-09-01"),
    ("bisect", "--good", "2026-09-01", "--check", "a > 0"),
    ("bisect", "--good", "0", "--bad", "1", "--check", "command:true"),
    *(
        ("impact", "--change", one)
        for one in ("rename", "stop-job", "rollback", "delete", "expire")
    ),
    ("downstream", "--depth", "1"),
    ("critical-path", "--flow"),
    *((one,) for one in ("unused", "redundant", "critical-path", "freshness", "volume", "owners")),
    ("why",),
    ("schema", "log"),
    ("schema", "audit"),
    ("schema", "diff", "lake.s.t@0"),
    ("available",),
    ("pins",),
    ("guard",),
    ("guard", "vacuum", "--hours", "0"),
    ("fingerprint",),
    ("fingerprint", "lake.s.t", "--engine"),
    ("erasure", "trace", "--where", "a = 1", "--from"),
    ("erasure", "verify", "--where", "a = 1", "--from"),
    ("erasure", "trace", "--where", "a = 1", "--from", "lake.s.t", "--engine"),
    ("erasure", "verify", "--where", "a = 1", "--from", "lake.s.t", "--engine"),
    ("recover",),
    ("lock", "diff"),
    ("reproduce",),
    ("reproduce", "lake.s.t", "--engine"),
    ("ledger", "adjacency", "--check"),
    ("ledger", "info"),
    ("ledger", "check", "--limit"),
    ("ledger", "upgrade", "--dry-run"),
    ("ledger", "restore"),
    ("ledger", "import"),
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    shop = Shop(tmp_path_factory.mktemp("fuzz"))
    shop.table("t", "2026-09-01", "2026-09-02")
    shop.harvest(at="2026-09-03")
    read = [shop.told("t")]
    made = [dataset("model", "m", "v1"), dataset("s3://b", "x")]
    shop.tell(event("START", "2026-09-02T10:00Z", 1, reads=read))
    shop.tell(event("COMPLETE", "2026-09-02T11:00Z", 1, reads=read, writes=made))
    return shop.session


@st.composite
def typed(draw: st.DrawFn) -> list[str]:
    """Draw a command, an address and options."""
    address = "".join(draw(st.sampled_from(part)) for part in (NAMES, STATES, COLUMNS))
    arguments = [*draw(st.sampled_from(COMMANDS)), address]
    options = ("--at",) if "guard" in arguments else ("--as-of", "--as-known")
    for option in options:
        if draw(st.booleans()):
            arguments += [option, draw(st.sampled_from(TIMES))]
    return [*arguments, "--output", draw(st.sampled_from(("text", "json", "ndjson")))]


def said(session: Session, arguments: Sequence[str]) -> Said:
    printed, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(printed), redirect_stderr(errors):
        status = run(arguments, session=session)
    return Said(printed.getvalue(), errors.getvalue(), status)


def check(done: Said) -> None:
    if done.status in (0, 3):
        assert done.out
        assert done.err == ""
    else:
        assert_one_line(done, status=done.status)


@settings(max_examples=300)
@given(arguments=typed())
def test_whatever_is_asked_is_answered_or_refused_in_one_line(
    session: Session, arguments: list[str]
) -> None:
    check(said(session, arguments))


@pytest.mark.parametrize(
    "command",
    [
        f"why edge:{'9' * 5000}",
        f"reproduce edge:{'9' * 5000}",
        f"why edge:{'9' * 19}",
        "log '\udc80.x'",
        "at 'lake.s.t\x00'",
        "guard 'lake.s.t\x00'",
        "upstream 'dataset:s3://b/x@5#a'",
        "schema diff 'dataset:s3://b/x@v' 'dataset:s3://b/x'",
    ],
    ids=range(8),
)
def test_what_once_ended_in_a_traceback_is_refused(session: Session, command: str) -> None:
    done = said(session, shlex.split(command))

    assert done.status in (1, 2)
    check(done)
