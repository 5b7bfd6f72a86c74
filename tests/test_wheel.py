"""The wheel holds exactly our three packages; sdist and wheel are built from a clean copy."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"temporal_lineage", "catalogs", "snapshots"}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Paths inside the wheel. It is built by way of the sdist, so a stale build/ cannot leak in."""
    told = os.environ.get("TEMPORAL_LINEAGE_DIST")
    folder = (ROOT / told) if told else tmp_path_factory.mktemp("dist")
    build = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", folder, ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stdout + build.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        return opened.namelist()


def test_the_top_level_names_are_our_three_packages(names: list[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    (about,) = (top for top in tops if top.endswith(".dist-info"))
    assert tops == {*PACKAGES, about}


def test_every_package_says_that_it_is_typed(names: list[str]) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)


def test_everything_that_lies_in_the_packages_is_in_the_wheel(names: list[str]) -> None:
    here = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    there = {name for name in names if name.split("/")[0] in PACKAGES}
    assert here == there


def test_the_licence_travels_along(names: list[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
