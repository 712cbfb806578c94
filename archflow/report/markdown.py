"""Markdown tables that are also aligned as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"(?:\*\*)?[-–+]?\.?\d|–?$")


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with numeric columns aligned right; the first column and columns that contain text are aligned left."""
    lines = [heads, *rows]
    widths = [max(4, *(len(line[i]) for line in lines)) for i in range(len(heads))]
    right = [i > 0 and all(_NUMBER.match(row[i]) for row in rows) for i in range(len(heads))]
    rule = ["-" * (w - 1) + ":" if r else ":" + "-" * (w - 1) for w, r in zip(widths, right, strict=True)]
    aligned = [
        [text.rjust(w) if r else text.ljust(w) for text, w, r in zip(line, widths, right, strict=True)]
        for line in (heads, rule, *rows)
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in aligned)
