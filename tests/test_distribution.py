"""The guard: a stranger in the place of one of our packages is named, not run into."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _import_with(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a Python that looks into folder first, and then finds our packages."""
    path = os.pathsep.join([str(folder), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["catalogs", "snapshots"])
def test_a_foreign_package_in_our_place_is_named_with_its_file(tmp_path: Path, name: str) -> None:
    stranger = tmp_path / name / "__init__.py"
    stranger.parent.mkdir()
    stranger.write_text('"""Somebody else\'s."""\n')
    result = _import_with(tmp_path, "import temporal_lineage")
    assert result.returncode != 0
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert f"'{name}'" in last
    assert str(stranger) in last


def test_a_foreign_module_file_is_named_too(tmp_path: Path) -> None:
    stranger = tmp_path / "snapshots.py"
    stranger.write_text('"""A script of the user\'s."""\n')
    result = _import_with(tmp_path, "import temporal_lineage")
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert str(stranger) in last


def test_a_folder_of_that_name_without_code_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "snapshots").mkdir()
    result = _import_with(tmp_path, "import temporal_lineage, snapshots; print(snapshots.__file__)")
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()) == ROOT / "snapshots" / "__init__.py"


def test_the_guard_loads_nothing_heavy(tmp_path: Path) -> None:
    heavy = "sqlalchemy alembic pyiceberg polars deltalake pyarrow numpy asyncio rich click sqlglot"
    code = f"import sys, temporal_lineage; print(*set(sys.modules) & set({heavy.split()}))"
    result = _import_with(tmp_path, code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == []
