"""The package for OptunaHub."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.search.adapters.cells import run_example

ROOT = Path(__file__).parents[1]
REGISTRY = ROOT / "optuna-hub"
PACKAGE = REGISTRY / "samplers" / "archflow"


def front_matter() -> dict[str, str | list[str]]:
    """Of README.md: lines `NAME: TEXT` or `NAME: [TEXT, TEXT]`."""
    found = re.match(r"---\n(.*?)\n---\n", (PACKAGE / "README.md").read_text(), re.DOTALL)
    assert found is not None
    entries = dict(line.split(": ", 1) for line in found[1].splitlines())
    return {name: text[1:-1].split(", ") if text[0] == "[" else text for name, text in entries.items()}


def test_the_front_matter_is_that_of_the_registry():
    entries = front_matter()
    assert list(entries) == ["author", "title", "description", "tags", "optuna_versions", "license"]
    assert "sampler" in entries["tags"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in entries["optuna_versions"])
    assert entries["license"] == (PACKAGE / "LICENSE").read_text().splitlines()[0]
    assert not any("#" in text or ": " in text for text in entries.values() if isinstance(text, str))


def test_it_only_hands_on():
    (imported, names) = ast.parse((PACKAGE / "__init__.py").read_text()).body
    assert isinstance(imported, ast.ImportFrom)
    assert imported.module == "archflow.search.adapters.optuna"
    assert isinstance(names, ast.Assign)
    assert ast.literal_eval(names.value) == [each.name for each in imported.names]


def test_its_example_is_python():
    (example,) = re.findall(r"^```python\n(.*?)^```$", (PACKAGE / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    shown = [ast.dump(each) for each in ast.parse(example).body[-4:]]
    run = [ast.dump(each) for each in ast.parse((PACKAGE / "example.py").read_text()).body]
    assert shown[1:] == run[-4:-1]


def test_the_registry_loads_it():
    optunahub = pytest.importorskip("optunahub", reason="optunahub is not installed")
    loaded = optunahub.load_local_module("samplers/archflow", registry_root=str(REGISTRY))
    from archflow.search.adapters.optuna import ArchflowSampler, suggest_architecture

    assert (loaded.ArchflowSampler, loaded.suggest_architecture) == (ArchflowSampler, suggest_architecture)


def test_its_example_runs(tmp_path):
    pytest.importorskip("optunahub", reason="optunahub is not installed")
    done = subprocess.run(
        [sys.executable, PACKAGE / "example.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "nor_conv" in done.stdout


def test_the_example_of_the_page_runs(tmp_path):
    pytest.importorskip("optunahub", reason="optunahub is not installed")
    (tmp_path / "optuna-hub").symlink_to(REGISTRY)
    assert float(run_example("OptunaHub", tmp_path)) > 0
