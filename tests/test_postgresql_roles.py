"""Roles of a team: the statements of docs/postgresql.md give what they say, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import psycopg
import pytest

from delta_logs import add, commit_info, new_table, write
from lake_session import lake_session
from sink_server import asked as of_ledger
from sink_server import await_true, run_event, sink_server
from temporal_lineage.linking.pending import is_pending
from temporal_lineage.store.schema_version import SCHEMA_VERSION
from test_cli_fuzz import COMMANDS
from transcripts import asked, at_home

PIN = ("pin", "lake.t@0", "--until", "2030-01-01", "--reason", "audit")
ROOT = Path(__file__).resolve().parent.parent


class Team(NamedTuple):
    """A ledger of a team, by the URL of each role; `folder` is the project's."""

    folder: Path
    owner: str
    writer: str
    reader: str


@pytest.fixture
def team(postgresql_url: str, tmp_path: Path) -> Iterator[Team]:
    """Roles and rights by the statements of the document, under names that are nobody else's."""
    mark = f"lineage{uuid4().hex[:8]}"
    text = (ROOT / "docs/postgresql.md").read_text()
    before, after = (
        block.replace("lineage_", f"{mark}_")
        for block in re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    )
    session = lake_session(tmp_path, postgresql_url)
    session.workspace.folder.rename(tmp_path / ".temporal-lineage")
    new_table(tmp_path / "lake" / "t")
    one = Team(
        tmp_path,
        *(
            postgresql_url.replace("postgres@", f"{mark}_{role}@")
            for role in ("owner", "writer", "reader")
        ),
    )
    with psycopg.connect(postgresql_url, autocommit=True) as administrator:
        administrator.execute(before)
        try:
            assert asked("--ledger", one.owner, "ledger", "upgrade").status == 0
            with psycopg.connect(one.owner) as owner:
                owner.execute(after)
            with at_home(tmp_path, now=None):
                yield one
        finally:
            for role in ("owner", "writer", "reader"):
                administrator.execute(
                    f"DROP OWNED BY {mark}_{role} CASCADE; DROP ROLE {mark}_{role}"
                )


def refused(url: str, *words: str) -> str:
    done = asked("--ledger", url, *words)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1), done
    return done.err


def test_a_writer_writes_and_a_reader_asks(team: Team) -> None:
    assert asked("--ledger", team.writer, "harvest").status == 0
    write(team.folder / "lake" / "t", 1, commit_info("WRITE"), add("1.parquet"))
    assert asked("--ledger", team.writer, "harvest").status == 0
    with sink_server(team.writer) as sink:
        assert sink.post("/api/v1/lineage", run_event("made")).status_code == 201
        await_true(lambda: not of_ledger(team.writer, is_pending))
    assert asked("--ledger", team.writer, *PIN).status == 0
    assert asked("--ledger", team.reader, "ledger", "check").status == 0
    assert "you           may read only" in asked("--ledger", team.reader, "ledger", "info").out
    assert asked("--ledger", team.reader, "ledger", "backup", "all.db").status == 0
    for words in (one for one in COMMANDS if one[0] != "ledger"):
        # Each question ends as it does of a copy, whose owner may do all.
        done, same = (
            asked("--ledger", place, *words, "lake.t", "--output", "json")
            for place in (team.reader, "all.db")
        )
        assert (done.status, done.err) == (same.status, same.err), words


def test_a_reader_that_would_write_is_told_what_its_role_lacks(team: Team) -> None:
    assert asked("--ledger", team.writer, "harvest").status == 0
    for words in (
        ("harvest",),
        ("ingest", "openlineage", "."),
        PIN,
        ("quarantine", "retry"),
        ("guard", "watch"),
        ("ledger", "check", "--repair"),
        ("serve", "--check", "--port", "0"),
    ):
        told = refused(team.reader, *words)
        assert re.search(r"refuses writing by role lineage\w+_reader: it lacks INSERT on", told)


def test_neither_reader_nor_writer_upgrades(team: Team) -> None:
    with psycopg.connect(team.owner) as owner:
        owner.execute("DROP TABLE temporal_lineage.former_place")
        owner.execute("UPDATE temporal_lineage.alembic_version SET version_num = '0003'")
    for url in (team.writer, team.reader):
        told = refused(url, "ledger", "upgrade")
        assert re.search(
            r"refuses an upgrade by role \w+: its tables are those of role \w+_owner", told
        )
    assert (
        f"from schema version 0003 to {SCHEMA_VERSION}"
        in asked("--ledger", team.owner, "ledger", "upgrade").out
    )
    # The new table has the rights that the owner gave beforehand.
    assert asked("--ledger", team.reader, "ledger", "check").status == 0
    assert asked("--ledger", team.writer, "harvest").status == 0


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE claim",
        "TRUNCATE claim",
        "UPDATE claim SET body = ''",
        "DELETE FROM edge_assertion",
        "DELETE FROM edge",
        "INSERT INTO alembic_version VALUES ('9999')",
        "ALTER TABLE claim DISABLE TRIGGER ALL",
        "CREATE TABLE mine (a INTEGER)",
    ],
)
def test_a_writer_cannot_undo_what_was_recorded(team: Team, statement: str) -> None:
    with psycopg.connect(team.writer) as writer:
        writer.execute("SET search_path TO temporal_lineage")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            writer.execute(statement)


def test_a_role_without_any_right_is_told_what_it_lacks(team: Team, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as administrator:
        administrator.execute(
            f"REVOKE USAGE ON SCHEMA temporal_lineage FROM {role_of(team.reader)}"
        )
    told = refused(team.reader, "show")
    assert f"refuses SELECT by role {role_of(team.reader)}: permission denied for schema" in told


def role_of(url: str) -> str:
    return url.removeprefix("postgresql://").partition("@")[0]
