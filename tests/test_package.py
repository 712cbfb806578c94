"""What `import archflow` offers."""

import ast
import re
import runpy
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import archflow


def test_the_type_checker_sees_the_names_that_are_there():
    """The names stand twice in `archflow/__init__.py`: for the lazy import, and for type checkers and editors."""
    tree = ast.parse(Path(archflow.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    declared = {alias.asname: node.module for node in block.body for alias in node.names}
    assert declared == archflow._HOME_OF


@pytest.mark.parametrize("name", archflow.__all__)
def test_every_name_is_there(name):
    assert getattr(archflow, name) is not None
    assert name in dir(archflow)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        archflow.nothing  # noqa: B018


def test_the_version_is_that_of_the_installed_package(monkeypatch):
    assert archflow.__version__ == metadata.version("archflow")
    monkeypatch.setattr(metadata, "distribution", missing)
    assert archflow.__version__ == "0+unknown"


def missing(name):
    raise metadata.PackageNotFoundError(name)


def test_elsewhere_than_on_posix_the_import_says_so():
    script = "import os; os.name = 'nt'; import archflow"
    refused = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("ImportError: archflow runs on POSIX systems (Linux, macOS)")


def test_the_citation_has_what_its_schema_requires_and_agrees_with_the_package():
    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (root / "CITATION.cff").read_text(encoding="utf-8")
    stated = dict(re.findall(r"^([a-z-]+):[ ]?(.*)$", text, re.MULTILINE))
    assert {"cff-version", "message", "title", "authors"} <= stated.keys()
    assert (stated["title"], stated["license"]) == (project["name"], project["license"])
    assert "version" not in stated, "it comes from the tag"
    assert f"- name: {project['authors'][0]['name']}" in text
    assert "arXiv:2510.18360" in text


def test_the_links_of_a_released_readme_lead_to_files_of_the_repository():
    root = Path(__file__).parents[1]
    release = runpy.run_path(str(root / "setup.py"), run_name="release")
    text = release["with_absolute_links"]((root / "README.md").read_text(encoding="utf-8"), "https://host/archflow")
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    ours = [link.removeprefix("https://host/archflow/blob/HEAD/") for link in links if "host/archflow" in link]
    assert len(ours) > 50
    assert all((root / link.partition("#")[0]).exists() for link in ours)
    assert all(link.startswith(("https://", "#")) for link in links)
    listed = release["addresses"]("https://host/archflow")
    assert listed["Changelog"] == "https://host/archflow/blob/HEAD/CHANGELOG.md"
