"""The tables of a record for `archflow report`: those of the results page, the best value of each column marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from archflow.report.result_tables import Column, ResultTable
from archflow_reproduce.results.page import KINDS, checked
from archflow_reproduce.results.record import record_of

_HIGHER = re.compile(r"(Kendall( tau)?|tau)\b|Spearman|P@\d|\d+ (queries|trainings)$|within \d+ %$")
_LOWER = re.compile(r"(.* )?rank$|regret@|MAPE|after \d+$")
_TASKS = re.compile(r"Kendall tau, mean over runs|P@1 % by table|From \w|\d+ labels, sources|\d+ measurements, drawn")
"""Beginnings of captions of tables in which every column is a measure of rank on a task."""

_NEITHER = ("method", "published", "missing")


def record_tables(content: Mapping[str, Any]) -> list[ResultTable]:
    """The tables of a record, as the results page shows them.

    Args:
        content: A record as JSON values.

    Raises:
        ArchflowError: If it is no record of the current schema, or lacks what the page shows of it.
    """
    record = checked("RESULT", record_of("RESULT", content))
    kind = next(kind for kind in KINDS if kind.name == record.kind)
    return list(_tables(kind.markdown(Path("RESULT"), record, ""), kind.title))


def _tables(markdown: str, title: str) -> Iterator[ResultTable]:
    """The tables of a text in Markdown; a caption is the heading above and the first sentence of the text before."""
    heading, text = "", ""
    for paragraph in markdown.split("\n\n"):
        if paragraph.startswith("|"):
            yield _table(paragraph, ": ".join(filter(None, (heading, text))) or title)
        elif paragraph.startswith(("#", "**")):
            heading, text = _plain(paragraph.lstrip("# ")).partition(". ")[0], ""
        elif not paragraph.startswith(("!", "*", "```", "- ")):
            text = _plain(paragraph).partition(". ")[0].rstrip(".:")


def _table(text: str, caption: str) -> ResultTable:
    heads, _, *rows = ([_plain(cell.strip()) for cell in line.strip("|").split("|")] for line in text.splitlines())
    values = zip(*rows, strict=True)
    ranks = heads[0] == "rank"
    columns = [
        Column(head, column, -1 if ranks else _better(head, caption))
        for head, column in zip(heads, values, strict=True)
    ]
    return ResultTable(caption, columns)


def _better(head: str, caption: str) -> int:
    if _LOWER.match(head):
        return -1
    return 1 if _HIGHER.match(head) or (_TASKS.search(caption) and head not in _NEITHER) else 0


def _plain(markdown: str) -> str:
    """A line of Markdown without its marks."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(markdown.split()))
    return text.replace("`", "").replace("**", "")
