"""A result that a verb printed with --json, in other formats: a page, a figure, tables in LaTeX, CSV or Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow.files import write_atomically
from archflow.report import html
from archflow.report.latex import latex_table
from archflow.report.markdown import markdown_table
from archflow.report.page import PICTURES, Figures, save_figure, write_page
from archflow.report.result_figures import result_figure
from archflow.report.result_tables import ResultTable, result_tables

TEXTS = ("tex", "csv", "md")
FORMATS = ("html", *PICTURES, *TEXTS)


def result_text(content: Mapping[str, Any], kind: str) -> str:
    """The tables of a result as text.

    Args:
        content: The result.
        kind: One of `TEXTS`.

    Raises:
        ArchflowError: If the result has no table.
    """
    tables = result_tables(content)
    return "\n".join(_AS[kind](each) for each in tables)


def write_result(path: Path, content: Mapping[str, Any], kind: str) -> None:
    """Write a result, whole or not at all.

    Args:
        path: The file.
        content: The result.
        kind: One of `FORMATS`.

    Raises:
        ArchflowError: If the result has no table or figure, the file cannot be written, or the extra `report` is
            missing.
    """
    if kind in TEXTS:
        with write_atomically(path) as temporary:
            temporary.write_text(result_text(content, kind), encoding="utf-8")
    elif kind == "html":
        _write_page(path, content)
    else:
        chart = result_figure(content)
        if chart is None:
            raise ArchflowError(
                f"there is no figure of such a result; write it as html, {', '.join(TEXTS[:-1])} or {TEXTS[-1]}"
            )
        save_figure(chart, path)


def _write_page(path: Path, content: Mapping[str, Any]) -> None:
    tables, figures, chart = result_tables(content), Figures(), result_figure(content)
    drawn = "" if chart is None else html.section("Figure", figures.show("result", chart))
    sentences = [html.paragraph(str(each)) for each in content.get("verdict", ())]
    shown = [html.section(each.caption, html.table(each.heads, each.rows())) for each in tables]
    write_page(path, tables[0].caption, *sentences, drawn, *shown, figures=figures)


def _csv(table: ResultTable) -> str:
    """The table with all digits, standard errors as columns of their own."""
    columns: dict[str, Any] = {}
    for column in table.columns:
        columns[column.name] = column.values
        if column.errors:
            columns[f"{column.name} error"] = column.errors
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _tex(table: ResultTable) -> str:
    return latex_table(table.caption, table.heads, table.rows())


def _md(table: ResultTable) -> str:
    rows = [[f"**{cell.text}**" if cell.best else cell.text for cell in row] for row in table.rows()]
    return f"{table.caption}:\n\n{markdown_table(table.heads, rows)}\n"


_AS = {"tex": _tex, "csv": _csv, "md": _md}
