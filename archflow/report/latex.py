"""Tables in LaTeX, for the package booktabs; the best value of a column is set bold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from archflow.report.html import Cell

_SPECIAL = {
    **{each: f"\\{each}" for each in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
    "±": r"$\pm$",
}
_NUMBER = re.compile(r"[-+]?[\d.,]+(?:e[-+]?\d+)?(?: \([\d.]+\))?|–?")


def latex_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table with its caption: columns of numbers are aligned right, others left."""
    right = [bool(rows) and all(_NUMBER.fullmatch(row[i].text) for row in rows) for i in range(len(heads))]
    lines = [[latex(head) for head in heads]]
    lines += [[rf"\textbf{{{latex(cell.text)}}}" if cell.best else latex(cell.text) for cell in row] for row in rows]
    head, *body = (" & ".join(line) + r" \\" for line in lines)
    parts = (
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex(caption)}}}",
        rf"\begin{{tabular}}{{{''.join('r' if each else 'l' for each in right)}}}",
        r"\toprule",
        head,
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    )
    return "\n".join(parts) + "\n"


def latex(text: str) -> str:
    """Plain text as LaTeX."""
    return "".join(_SPECIAL.get(each, each) for each in text)
