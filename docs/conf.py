"""Settings of the site, which `make site` builds from the pages that the repository's host shows too.

The source folder is the root of the repository, so that a relative link leads to the same page in both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pygments.lexers.special import TextLexer

import archflow

project = "archflow"
author = copyright = "The archflow developers"
version = release = archflow.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]

root_doc = "README"
include_patterns = ["*.md", "docs/**", "examples/README.md", "reproduce/README.md"]
# Also folders without pages, so that they are not searched.
exclude_patterns = [".*", "archflow", "build", "docs/_*", "optuna-hub", "reproduce/*/**", "results", "runs", "tests"]
templates_path = [str(Path(__file__).parent / "_templates")]

html_theme = "furo"
html_title = f"archflow {version.partition('+')[0]}"  # without the commit
html_extra_path = ["_extra"]
html_show_sphinx = False

# Anchors of headings are those of the repository's host. A notebook is Markdown in which every block of Python is a
# cell (and so would be one of `sh`; commands are `console`). A cell that raises ends the build.
myst_heading_anchors = 6
myst_enable_extensions = ["colon_fence"]
nb_custom_formats = {".nb.md": ["jupytext.reads", {"fmt": "markdown"}]}
nb_execution_mode = "cache"
nb_execution_timeout = 300  # seconds for one cell, on a busy machine
nb_execution_raise_on_error = True
nb_merge_streams = True

# Docstrings use single backticks for code; types are in the signatures.
default_role = "code"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autosummary_ignore_module_all = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Source", "notes_style")]

NAVIGATION = {
    "Start": ["docs/choosing", "docs/guide", "docs/comparison", "docs/faq"],
    "Tutorials": [
        "docs/tutorials/rank-candidates.nb",
        "docs/tutorials/search-space.nb",
        "docs/tutorials/phone-latency.nb",
        "docs/tutorials/reproduce-fgp.nb",
        "docs/tutorials/write-encoder.nb",
        "examples/README",
    ],
    "How to": [
        "docs/recipe",
        "docs/evaluate",
        "docs/choose",
        "docs/explain",
        "docs/explore",
        "docs/scale",
        "docs/service",
        "docs/experts",
        "docs/search",
        "docs/adapters",
        "docs/latency",
        "docs/labelling",
        "docs/importers",
        "docs/devices",
        "docs/python",
        "docs/extending",
    ],
    "Concepts": [
        "docs/architectures",
        "docs/spaces",
        "docs/features",
        "docs/predictor",
        "docs/encoders",
        "docs/encoders-flow",
        "docs/encoders-attention",
        "docs/carl",
        "docs/pretraining",
        "docs/flow-surrogate",
        "docs/arch2vec",
        "docs/zero-cost-proxies",
        "docs/latency-predictors",
        "docs/ledg-former",
        "docs/design",
        "docs/glossary",
    ],
    "Reference": [
        "docs/command-line",
        "docs/api",
        "docs/data",
        "docs/pretrained",
        "docs/model-cards",
        "docs/robustness",
        "docs/upgrading",
        "CHANGELOG",
        "CONTRIBUTING",
    ],
    "Results": ["docs/results", "docs/benchmarks", "docs/gallery.nb", "reproduce/README"],
}
"""Headings of the side bar, and the pages under each. A missing page is a warning, which ends the build."""


def add_navigation(app: Any, document: str, source: list[str]) -> None:
    """Append the side bar to the front page; the README on the repository's host has its own list of pages."""
    if document == root_doc:
        trees = (
            "\n".join(["", "```{toctree}", ":hidden:", f":caption: {heading}", "", *pages, "```", ""])
            for heading, pages in NAVIGATION.items()
        )
        source[0] += "".join(trees)


def as_restructured_text(app: Any, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Read docstrings as plain text: `|` is a bar, and what is indented after a colon and a blank line is a formula."""
    shown_deeper_than = None
    for number, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        if shown_deeper_than is not None and line and depth <= shown_deeper_than:
            shown_deeper_than = None
        if shown_deeper_than is None:
            words, *more = line.split("`"), *lines[number + 1 : number + 3]
            lines[number] = "`".join(word if odd % 2 else word.replace("|", r"\|") for odd, word in enumerate(words))
            if line.endswith(":") and len(more) == 2 and not more[0] and more[1].startswith(" " * (depth + 1)):
                lines[number] += ":"
                shown_deeper_than = depth


def is_of_scikit_learn(app: Any, what: str, name: str, found: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the methods that scikit-learn adds to an estimator; their docstrings link to its own pages."""
    return True if name.startswith("set_") and name.endswith("_request") else None


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", as_restructured_text, priority=400)  # before its sections are read
    app.connect("autodoc-skip-member", is_of_scikit_learn)
    app.add_lexer("csv", TextLexer)  # Pygments has none
    app.connect("source-read", add_navigation)
