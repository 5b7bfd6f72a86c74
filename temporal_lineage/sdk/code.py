"""Code: which program runs, from which commit of which repository, and what was changed since."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_USER = re.compile(r"(?<=://)[^/@]*@")
"""User and password in a URL: they stay where they are configured."""

_WAIT_SECONDS_MAX = 5.0
_UNTRACKED_FILES_MAX = 1_000
_UNTRACKED_BYTES_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class Code:
    """The program and its version; all None but `script` outside a git repository.

    `path` is the script's, relative to the repository. `dirty` tells whether files differ from
    the commit, and `diff_digest` is then the SHA-256 of how: of `git diff HEAD`, and of the files
    that git does not know, by name and content. `url` leads to the file on the repository's
    site, or to the file here. `script` is None where there is none, as in a notebook.
    """

    script: str | None
    commit: str | None
    repository: str | None
    branch: str | None
    path: str | None
    url: str | None
    dirty: bool | None
    diff_digest: str | None


def code_of(script: Path | None) -> Code:
    """Look at the repository that a script lies in; the working folder's without a script."""
    shown = None if script is None else str(script)
    folder = Path.cwd() if script is None else script.parent
    top = _git(folder, "rev-parse", "--show-toplevel")
    commit = _git(folder, "rev-parse", "HEAD") if top else None
    if top is None or commit is None:
        return Code(shown, None, None, None, None, None, None, None)
    root = Path(top)
    remote = _git(folder, "config", "--get", "remote.origin.url")
    repository = _USER.sub("", remote) if remote else None
    branch = _git(folder, "symbolic-ref", "--short", "-q", "HEAD")
    path = _below(root, script)
    digest = _diff_digest(root)
    return Code(
        script=shown,
        commit=commit,
        repository=repository,
        branch=branch or None,
        path=path,
        url=_url(repository, commit, root if path is None else root / path, path),
        dirty=digest is not None,
        diff_digest=digest,
    )


def entry_script() -> Path | None:
    """Give the file that Python was started with; None in a notebook or a shell."""
    told = getattr(sys.modules.get("__main__"), "__file__", None)
    if not told:
        return None
    path = Path(told).resolve()
    return path if path.is_file() else None


def _diff_digest(root: Path) -> str | None:
    """Digest what differs from the commit; None where nothing does."""
    if not _git(root, "status", "--porcelain"):
        return None
    digest = hashlib.sha256()
    digest.update(_output(root, "diff", "HEAD", "--binary") or b"")
    listed = _output(root, "ls-files", "--others", "--exclude-standard", "-z") or b""
    names = sorted(one for one in listed.split(b"\0") if one)
    for name in names[:_UNTRACKED_FILES_MAX]:
        digest.update(b"\0" + name + b"\0")
        path = root / os.fsdecode(name)
        if path.is_file() and path.stat().st_size <= _UNTRACKED_BYTES_MAX:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _below(root: Path, script: Path | None) -> str | None:
    if script is None or not script.is_relative_to(root.resolve()):
        return None
    return script.relative_to(root.resolve()).as_posix()


def _url(repository: str | None, commit: str, place: Path, path: str | None) -> str:
    """Make the web address of a file, where the repository has one; else that of the file here."""
    web = (repository or "").removesuffix(".git")
    if web.startswith("git@"):
        web = "https://" + web.removeprefix("git@").replace(":", "/", 1)
    if not web.startswith("https://"):
        return place.as_uri()
    return web if path is None else f"{web}/blob/{commit}/{path}"


def _git(folder: Path, *arguments: str) -> str | None:
    found = _output(folder, *arguments)
    return None if found is None else found.decode(errors="replace").strip()


def _output(folder: Path, *arguments: str) -> bytes | None:
    """Ask git; None where it is not there, refuses, or takes too long."""
    command: Sequence[str] = ("git", "-C", str(folder), *arguments)
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and a folder
            command,
            capture_output=True,
            check=False,
            timeout=_WAIT_SECONDS_MAX,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
