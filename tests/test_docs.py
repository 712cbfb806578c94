"""The documents: their examples run, their links lead somewhere, what is generated is up to date."""

import contextlib
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from archflow.cli.app import app
from archflow.encoders import ENCODERS
from archflow.features import FEATURES
from archflow.graph.table import read_table
from archflow.importers import IMPORTERS
from archflow.networks.zero_cost import PROXIES
from archflow.predict import OBJECTIVES
from archflow.predict.components import COMPONENTS
from archflow.pretext import PRETEXT_TASKS
from archflow.search.base import SEARCHERS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "examples" / "README.md"])
README = ROOT / "README.md"
COMMAND_LINE = ROOT / "docs" / "command-line.md"  # generated; its blocks say how verbs are called

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
MACHINE = re.compile(r"(?<![\w.)])/(work|tmp|root|home|Users|mnt|opt|var)\b")


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def blocks(document: Path, *kinds: str) -> Iterator[tuple[str, str]]:
    return ((kind, content) for kind, content in BLOCK.findall(text_of(document)) if kind in kinds)


def documents_with(*kinds: str) -> list[Path]:
    """Pages with such blocks, but for notebooks (`.nb.md`), whose blocks belong together: `make site` runs them."""
    pages = (d for d in DOCUMENTS if d != COMMAND_LINE and not d.name.endswith(".nb.md"))
    return [page for page in pages if any(blocks(page, *kinds))]


def named(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", documents_with("python", "console"), ids=named)
def test_examples_run_in_their_order(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_examples(document, monkeypatch)
    if document == README:
        candidates, ranked = read_table("candidates.csv"), read_table("ranked.csv")
        assert np.isfinite(candidates.metric("accuracy")).sum() == 50
        assert sorted(ranked.metric("rank_accuracy")) == list(range(1, len(candidates) + 1))
        assert np.isfinite(ranked.metric("predicted_std_accuracy")).all()


def run_examples(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for registry in (COMPONENTS, ENCODERS, FEATURES, IMPORTERS, OBJECTIVES, PRETEXT_TASKS, PROXIES, SEARCHERS):
        registry.names()  # the built-in ones are there before an example adds its own to the copy
        monkeypatch.setattr(registry, "_parts", dict(registry._parts))
    with torch.random.fork_rng():
        printed = ""
        for number, (kind, content) in enumerate(blocks(document, "python", "console", "text")):
            if kind == "text":
                assert in_words(content) <= in_words(printed), f"{named(document)} shows what is not printed"
            elif kind == "python":
                module = ModuleType(f"example_{number}")
                monkeypatch.setitem(sys.modules, module.__name__, module)  # where pickling looks for its classes
                exec(compile(content, named(document), "exec"), vars(module))
            else:
                printed = run_console(content)


def in_words(text: str) -> set[str]:
    """What is printed but for numbers, which differ between machines in their last digits, and rows of architectures,
    whose order does."""
    masked = (re.sub(r"[\d.,]+", "0", line) for line in text.splitlines() if "|" not in line)
    return {" ".join(re.sub(r"-{2,}", "--", line).split()) for line in masked}


def run_console(content: str) -> str:
    """Run the commands of a block, and give what the last one prints."""
    printed = io.StringIO()
    for line in content.replace("\\\n", "").splitlines():
        assert line.startswith("$ archflow "), f"an example of the console is a line `$ archflow ...`, not {line!r}"
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            app(shlex.split(line)[2:], standalone_mode=False)
    return printed.getvalue()


@pytest.mark.parametrize("document", documents_with("csv"), ids=named)
def test_tables_shown_can_be_read(document: Path, tmp_path: Path) -> None:
    for _, content in blocks(document, "csv"):
        (tmp_path / "shown.csv").write_text(content)
        table = read_table(tmp_path / "shown.csv")
        assert all(a.ops[0] == "input" and a.ops[-1] == "output" for a in table.architectures)
        assert 0 < np.isfinite(table.metric("accuracy")).sum() < len(table)


def test_the_first_screen_has_the_set_up() -> None:
    first = text_of(README).splitlines()[:15]
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in ("demo", "test"):
        assert target in targets
        assert any(line.startswith(f"make {target}") for line in first)


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def links() -> list[tuple[Path, str]]:
    return [(d, link) for d in DOCUMENTS for link in LINK.findall(BLOCK.sub("", text_of(d))) if "://" not in link]


@pytest.mark.parametrize(("document", "link"), links(), ids=lambda value: value if isinstance(value, str) else "")
def test_links_lead_somewhere(document: Path, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (document.parent / path).resolve() if path else document
    assert target.is_relative_to(ROOT.resolve())
    assert target.is_file()
    if anchor:
        assert anchor in {slug(heading) for heading in HEADING.findall(BLOCK.sub("", text_of(target)))}


def test_the_readme_leads_to_every_page() -> None:
    linked = {(d.parent / link.partition("#")[0]).resolve() for d, link in links() if d == README}
    assert set(DOCUMENTS) - {README} <= linked


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_no_document_knows_a_machine(document: Path) -> None:
    assert not MACHINE.findall(text_of(document))


def test_the_page_of_the_command_line_is_up_to_date(tmp_path: Path) -> None:
    documented = next(c for _, c in blocks(ROOT / "CONTRIBUTING.md", "sh") if "utils docs" in c)
    arguments = shlex.split(documented)
    assert arguments[-1] == named(COMMAND_LINE)
    made = tmp_path / "made.md"
    subprocess.run([sys.executable, *arguments[1:-1], str(made)], check=True, capture_output=True, cwd=ROOT)
    assert text_of(made) == text_of(COMMAND_LINE), f"the command line has changed; run {documented}"


def test_tests_that_are_named_exist() -> None:
    page = (ROOT / "docs" / "robustness.md").read_text()
    named_tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named_tests) > 40
    for path, name in named_tests:
        assert f"def {name}(" in (ROOT / path).read_text(), f"{path}::{name}"
