"""The results page: every committed result file as tables, with the command that makes it again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from archflow.errors import ArchflowError
from archflow.files import read_json
from archflow_reproduce.results.sections.arch2vec import RECONSTRUCTIONS
from archflow_reproduce.results.sections.encoders import COMPARISONS
from archflow_reproduce.results.sections.pretext import MATRICES
from archflow_reproduce.results.sections.protocol import PROTOCOLS, protocol_summary
from archflow_reproduce.results.sections.recipe import RECIPES, recipes_summary
from archflow_reproduce.results.sections.section import Kind, Result, paragraphs
from archflow_reproduce.results.sections.speed import SPEEDS, speed_summary
from archflow_reproduce.results.sections.zero_cost import PROXIES

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
"""What lies between them in the README is the summary."""

KINDS = (PROTOCOLS, COMPARISONS, MATRICES, RECIPES, RECONSTRUCTIONS, SPEEDS, PROXIES)
"""In the order of the page."""

Results = list[tuple[str, Result]]
"""(file name, content) of every result of a kind, by name."""


def results_page(folder: str | Path, page: str | Path) -> str:
    """Markdown of all results in `folder`. page: where it will lie, so that it can link the files.

    Raises ArchflowError, naming the file, for a JSON file that `archflow bench` did not write.
    """
    place = Path(os.path.relpath(folder, Path(page).parent)).as_posix()
    parts = [
        "# Results",
        "Made by `archflow bench page` from the files that `archflow bench` wrote; not by hand. "
        "[Benchmarks](benchmarks.md) explains what is measured.",
    ]
    for kind, results in _read(folder).items():
        if results or kind.command:
            parts += [f"## {kind.title}", *([kind.lead] if kind.lead else [])]
            parts += [kind.section(name, result, place) for name, result in results]
        if not results and kind.command:
            parts.append(f"No result of `archflow bench {kind.command}` is there yet.")
    return paragraphs(*parts) + "\n"


def results_summary(folder: str | Path) -> str:
    """The few lines of Markdown that the README shows.

    Raises ArchflowError as `results_page` does.
    """
    found = _read(folder)
    parts = [protocol_summary(result) for _, result in found[PROTOCOLS] if result["splits"]["by"] == "random"]
    recipes = [result for _, result in found[RECIPES] if result["splits"]["by"] == "random"]
    if recipes:
        parts.append(recipes_summary(recipes))
    parts += filter(None, (speed_summary(result) for _, result in found[SPEEDS]))
    return paragraphs(*parts or ["No result file is there yet."])


def with_summary(path: str | Path, summary: str) -> str:
    """The text of a file with `summary` between its markers.

    Raises ArchflowError if the file cannot be read or does not have both markers once, in order.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArchflowError(f"{path}: cannot be read as text ({error}); name the README") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise ArchflowError(f"{path}: the summary goes between the lines {BEGIN} and {END}; give it both, once")
    return f"{before}{BEGIN}\n\n{summary}\n\n{END}{after}"


def _read(folder: str | Path) -> dict[Kind, Results]:
    """The results of every kind."""
    found: dict[Kind, Results] = {kind: [] for kind in KINDS}
    for path in sorted(Path(folder).glob("*.json")):
        result = read_json(path)
        keys = result.keys() if isinstance(result, Mapping) else set()
        kind = next((kind for kind in KINDS if kind.keys <= keys), None)
        if kind is None:
            raise ArchflowError(f"{path}: no result of `archflow bench`; make it anew or move it elsewhere")
        found[kind].append((path.name, result))
    return found
