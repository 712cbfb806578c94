"""The results page: every committed record as tables, with the command that measured it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from archflow.described import parse
from archflow.errors import ArchflowError
from archflow_reproduce.results.headlines import search_headline, travel_headline
from archflow_reproduce.results.record import Record, read_record
from archflow_reproduce.results.sections.across import ACROSS
from archflow_reproduce.results.sections.arch2vec import ARCH2VEC
from archflow_reproduce.results.sections.choices import CHOICES
from archflow_reproduce.results.sections.compiled import COMPILED
from archflow_reproduce.results.sections.devices import DEVICES
from archflow_reproduce.results.sections.encoders import ENCODERS
from archflow_reproduce.results.sections.experts import EXPERTS
from archflow_reproduce.results.sections.explain import EXPLAIN
from archflow_reproduce.results.sections.few import FEW
from archflow_reproduce.results.sections.hierarchical import HIERARCHICAL
from archflow_reproduce.results.sections.imports import IMPORT
from archflow_reproduce.results.sections.latency import LATENCY
from archflow_reproduce.results.sections.neusight import NEUSIGHT
from archflow_reproduce.results.sections.pretext import PRETEXT
from archflow_reproduce.results.sections.protocol import FGP, protocol_headline, protocol_summary
from archflow_reproduce.results.sections.scale import SCALE
from archflow_reproduce.results.sections.search import SEARCH
from archflow_reproduce.results.sections.section import paragraphs
from archflow_reproduce.results.sections.soak import SOAK
from archflow_reproduce.results.sections.speed import AGAINST, SPEED, speed_summary
from archflow_reproduce.results.sections.travel import TRAVEL
from archflow_reproduce.results.sections.widths import WIDTHS
from archflow_reproduce.results.sections.workers import WORKERS
from archflow_reproduce.results.sections.zero_cost import PROXIES

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
"""The text between them in the README is the summary."""

KINDS = (
    *(TRAVEL, CHOICES, EXPERTS, LATENCY, NEUSIGHT, DEVICES, FEW, EXPLAIN, SEARCH, HIERARCHICAL, FGP, ENCODERS, PRETEXT),
    *(ACROSS, ARCH2VEC, SPEED, SCALE, WORKERS, COMPILED, AGAINST, SOAK, PROXIES, WIDTHS, IMPORT),
)
"""Kinds of results, in the order of the page."""

MADE_BY = "Made by `archflow bench page`"
"""The sentence that marks a page as generated."""


def results_page(folder: str | Path, page: str | Path) -> str:
    """Markdown of all records in a folder.

    Args:
        folder: The folder of the .json files.
        page: The path of the page, from which they are linked.

    Raises:
        ArchflowError: If a file is not a record of the current schema; the message names it.
    """
    place = Path(os.path.relpath(folder, Path(page).parent)).as_posix()
    parts = [
        "# Results",
        f"{MADE_BY} from the records that `archflow bench` wrote; do not edit it by hand. "
        "[Benchmarks](benchmarks.md) explains what is measured, and what *runs*, *epochs* and *published* mean.",
    ]
    records = _read(folder)
    for kind in KINDS:
        shown = [(path, record) for path, record in records if record.kind == kind.name]
        if not shown and not kind.expected:
            continue
        missing = f"No result of `archflow bench {kind.name}` is there yet."
        parts += [f"## {kind.title}", kind.lead if shown else missing]
        for path, record in shown:
            parts.append(kind.markdown(path, record, place))
    return paragraphs(*parts) + "\n"


def is_page(path: Path) -> bool:
    """Whether a file is a page of results."""
    try:
        return MADE_BY in path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def results_summary(folder: str | Path) -> str:
    """The few lines of Markdown that the README shows.

    Raises:
        ArchflowError: As `results_page` does.
    """
    by_kind: dict[str, list[Record]] = {kind.name: [] for kind in KINDS}
    for _, record in _read(folder):
        by_kind[record.kind].append(record)
    protocol = [record for record in with_most_runs(by_kind["fgp"]) if _is_random(record)]
    parts = [
        _fitting(travel_headline, by_kind["travel"]),
        _fitting(search_headline, by_kind["search"]),
        protocol_headline(protocol),
        *(protocol_summary(record) for record in protocol),
    ]
    parts += [speed_summary(record) for record in by_kind["speed"]]
    return paragraphs(*parts) or "No result file is there yet."


def _fitting(headline: Callable[[list[Record]], str], records: list[Record]) -> str:
    """The headline of records. Raises ArchflowError if parts of one do not fit together."""
    try:
        return headline(records)
    except (LookupError, ValueError) as error:
        raise ArchflowError(
            f"records of kind {records[0].kind}: parts of one do not fit together ({error}); measure again"
        ) from error


def with_most_runs(records: Iterable[Record]) -> list[Record]:
    """Of records that measure the same (data, metric, encoder, labels), the one with the most runs."""
    found: dict[tuple, Record] = {}
    for record in records:
        what = tuple(record.config[key] for key in ("data", "metric", "encoder", "labels", "split_by"))
        if what not in found or record.config["runs"] > found[what].config["runs"]:
            found[what] = record
    return list(found.values())


def _is_random(record: Record) -> bool:
    return record.result["splits"]["by"] == "random"


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


def _read(folder: str | Path) -> list[tuple[Path, Record]]:
    """Every record of a folder with its path, by name. Raises ArchflowError if one lacks what the page shows of it."""
    return [(path, checked(path, read_record(path))) for path in sorted(Path(folder).glob("*.json"))]


def checked(path: str | Path, record: Record) -> Record:
    """A record that holds what the page shows of it. Raises ArchflowError if it does not; the message names `path`."""
    shape = next(kind.shape for kind in KINDS if kind.name == record.kind)
    what = f"{path}: not what a record of kind {record.kind} holds"
    parse(shape, record.content, what, "measure again, or delete the file", more=True)
    return record
