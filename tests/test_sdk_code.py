"""Code: the program that ran, by its commit and by what was changed since."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import json, temporal_lineage
class Printing:
    def emit(self, event):
        facets = {**event.run.facets, **event.job.facets}
        told = [facets["temporalLineage_code"], facets.get("sourceCodeLocation")]
        print(json.dumps(told))
with temporal_lineage.run("train", to=Printing()):
    pass
"""

NOBODY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b.c",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b.c",
}


class Repository:
    """A folder with a program in it, which git may know or not."""

    def __init__(self, folder: Path) -> None:
        """Write the program."""
        folder.mkdir()
        self.folder = folder
        self.script = folder / "train.py"
        self.script.write_text(PROGRAM)

    def git(self, *words: str) -> str:
        """Run git there."""
        done = subprocess.run(
            ["git", "-C", str(self.folder), *words],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **NOBODY},
        )
        return done.stdout.strip()

    def commit(self) -> str:
        """Commit everything; gives the commit."""
        self.git("add", ".")
        self.git("commit", "-q", "-m", "Train")
        return self.git("rev-parse", "HEAD")

    def told(self) -> list[Any]:
        """Run the program from elsewhere; gives our facet on code, and the standard one."""
        done = subprocess.run(
            [sys.executable, str(self.script)],
            check=True,
            capture_output=True,
            text=True,
            cwd=self.folder.parent,
        )
        facets: list[Any] = json.loads(done.stdout.splitlines()[-1])
        return facets


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_a_program_outside_git_is_known_by_its_file(repository: Repository) -> None:
    code, location = repository.told()
    assert code["script"] == str(repository.script)
    assert "commit" not in code
    assert location is None


def test_a_program_is_known_by_its_commit_and_nobody_learns_the_password(
    repository: Repository,
) -> None:
    repository.git("init", "-q", "-b", "main")
    repository.git("remote", "add", "origin", "https://me:secret@forge.example/shop/models.git")
    commit = repository.commit()
    code, location = repository.told()
    assert (code["commit"], code["dirty"]) == (commit, False)
    assert location["repoUrl"] == "https://forge.example/shop/models.git"
    assert location["url"] == f"https://forge.example/shop/models/blob/{commit}/train.py"
    assert (location["branch"], location["path"]) == ("main", "train.py")


def test_what_was_changed_since_the_commit_has_a_digest(repository: Repository) -> None:
    repository.git("init", "-q", "-b", "main")
    repository.commit()
    (repository.folder / "notes.txt").write_text("one")
    first, location = repository.told()
    (repository.folder / "notes.txt").write_text("two")
    second, _ = repository.told()
    assert first["dirty"] is True
    assert first["diff_digest"] != second["diff_digest"]
    assert location["url"] == repository.script.as_uri()
