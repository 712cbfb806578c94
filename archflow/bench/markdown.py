"""Tables in Markdown that align as plain text too."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column to the left, the others to the right."""
    lines = [heads, *rows]
    widths = [max(4, *(len(line[i]) for line in lines)) for i in range(len(heads))]
    rule = [":" + "-" * (widths[0] - 1)] + ["-" * (w - 1) + ":" for w in widths[1:]]
    aligned = [
        [text.ljust(w) if i == 0 else text.rjust(w) for i, (text, w) in enumerate(zip(line, widths, strict=True))]
        for line in (heads, rule, *rows)
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in aligned)
