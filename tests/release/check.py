"""What is released: `make release` gives the folder of the wheel and the source distribution as `ARCHFLOW_DIST`."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

DIST = Path(os.environ["ARCHFLOW_DIST"])
ROOT = Path(__file__).parents[2]
MEGABYTES = 3  # the weights and tables of the package are 1.7 of them


@pytest.fixture(scope="module")
def wheel() -> Path:
    (found,) = DIST.glob("archflow-*.whl")
    return found


@pytest.fixture(scope="module")
def source() -> Path:
    (found,) = DIST.glob("archflow-*.tar.gz")
    return found


def tracked(*folders: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def test_they_are_small(wheel: Path, source: Path) -> None:
    for path in (wheel, source):
        assert path.stat().st_size < MEGABYTES * 1e6, f"{path.name}: {path.stat().st_size:,} bytes"


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == tracked("archflow")
    assert "archflow/py.typed" in names


def test_the_source_distribution_builds_the_same(source: Path) -> None:
    with tarfile.open(source) as archive:
        names = {str(PurePosixPath(*PurePosixPath(m.name).parts[1:])) for m in archive if m.isfile()}
    assert tracked("archflow") <= names
    assert {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "pyproject.toml", "PKG-INFO"} <= names
    assert {PurePosixPath(name).parts[0] for name in names if "/" in name} == {"archflow", "archflow.egg-info"}


def test_what_the_container_copies_builds_the_same(wheel: Path, tmp_path: Path) -> None:
    copies = re.findall(r"^COPY (.+) /src(/\S*)$", (ROOT / "Containerfile").read_text(encoding="utf-8"), re.MULTILINE)
    for names, folder in copies:
        for name in names.split():
            source, place = ROOT / name, tmp_path / "src" / folder.strip("/")
            place.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, place)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), "."]
    subprocess.run(command, cwd=tmp_path / "src", check=True)
    (built,) = tmp_path.glob("archflow-*.whl")
    with zipfile.ZipFile(wheel) as released, zipfile.ZipFile(built) as found:
        names = [{each for each in archive.namelist() if ".dist-info/" not in each} for archive in (released, found)]
    assert names[0] == names[1]


def test_links_lead_to_the_repository(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        about = Parser().parsestr(archive.read(name).decode())
    address = os.environ["ARCHFLOW_URL"].rstrip("/")
    listed = about.get_all("Project-URL") or []
    assert f"Repository, {address}" in listed
    assert all(address in link for link in listed)
    assert f"]({address}/blob/HEAD/docs/results.md)" in about.get_payload()
    assert "](docs/" not in about.get_payload()


def test_a_program_sees_the_types_of_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    """In an environment with the wheel and, behind it, the libraries of this one."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    (packages,) = (tmp_path / "env" / "lib").glob("python3*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    here = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "behind.pth").write_text(f"{here}\n")
    (tmp_path / "consumer.py").write_bytes((ROOT / "tests" / "release" / "consumer.py").read_bytes())
    settings: dict[str, Any] = {"include": ["consumer.py"], "reportUnnecessaryTypeIgnoreComment": "error"}
    settings["useLibraryCodeForTypes"] = False  # only a package with py.typed has types
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [Path(sys.executable).with_name("pyright"), "--pythonpath", tmp_path / "env" / "bin" / "python"]
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    checked = subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
