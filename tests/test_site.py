"""The site: its side bar names every page, and its notebooks can be compiled and find what they import."""

import ast
import importlib
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs").rglob("*.nb.md"))
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "examples/README.md", ROOT / "reproduce/README.md"]


SETTINGS = runpy.run_path(str(ROOT / "docs" / "conf.py"))


def test_the_side_bar_names_every_page_once() -> None:
    pages = [page.relative_to(ROOT).with_suffix("").as_posix() for page in PAGES]
    named = [page for pages in SETTINGS["NAVIGATION"].values() for page in pages]
    assert sorted(["README", *named]) == sorted([*pages, "docs/api"])


def test_there_is_a_notebook_for_every_task() -> None:
    names = {path.name.removesuffix(".nb.md") for path in NOTEBOOKS}
    assert {"rank-candidates", "search-space", "phone-latency", "reproduce-fgp", "write-encoder"} <= names


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_what_notebooks_import_exists(notebook: Path) -> None:
    """`make site` runs them; this is what a renamed function breaks first."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", notebook.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert {kind for kind, _ in blocks} <= {"python", "console"}, "blocks of another language would be run too"
    cells = [content for kind, content in blocks if kind == "python"]
    tree = ast.parse("\n".join(cells))
    imported = [
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "archflow"
        for alias in node.names
    ]
    assert imported
    for module, name in imported:
        assert hasattr(importlib.import_module(str(module)), name), f"{module}.{name}"


def test_the_api_lists_modules_that_exist() -> None:
    page = (ROOT / "docs/api.rst").read_text(encoding="utf-8")
    modules = re.findall(r"^   (archflow[\w.]*)$", page, re.MULTILINE)
    assert len(modules) > 15
    for module in modules:
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").is_file() or (place / "__init__.py").is_file(), module


def test_docstrings_are_read_as_plain_text() -> None:
    lines = [
        "Rows of |O| and `a|b`, as follows:",
        "",
        "    f = |x|",
        "",
        "Args:",
        "    x: |x| < 1.",
        "",
        "        Not shown.",
    ]
    SETTINGS["as_restructured_text"](None, "class", "X", None, None, lines)
    assert lines[0] == r"Rows of \|O\| and `a|b`, as follows::"
    assert lines[2] == "    f = |x|"
    assert lines[4:6] == ["Args:", r"    x: \|x\| < 1."]


def test_the_front_page_gets_the_side_bar() -> None:
    source, other = ["# archflow\n"], ["# Search\n"]
    SETTINGS["add_navigation"](None, "README", source)
    SETTINGS["add_navigation"](None, "docs/search", other)
    assert source[0].startswith("# archflow\n\n```{toctree}\n:hidden:\n:caption: Start\n\ndocs/choosing\n")
    assert other == ["# Search\n"]
