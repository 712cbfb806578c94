"""HTML for notebooks: architectures as drawn graphs, sets and tables with their first rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from archflow.report.graph_drawing import Drawable, as_data_uri, draw_architecture, operation_hues
from archflow.report.svg import escape

LARGEST = 60
"""The maximum number of nodes of an architecture that is drawn."""

DRAWN, ROWS, COLUMNS = 6, 5, 8
"""The maximum number of architectures that are drawn for a set, and of rows and columns that are shown of a table."""


def one(architecture: Drawable) -> str:
    """Draw one architecture."""
    return f"<figure>{_drawn(architecture, None)}</figure>"


def several(architectures: Sequence[Drawable], caption: str) -> str:
    """Draw architectures side by side, with one colour for each operation."""
    hues = _hues(architectures)
    drawings = (
        f'<span style="display:inline-block;margin:0 1em">{_drawn(each, hues)}</span>' for each in architectures
    )
    return f"<figure>{''.join(drawings)}<figcaption>{escape(caption)}</figcaption></figure>"


def rows(architectures: Sequence[Drawable], columns: Mapping[str, Sequence[str | None]], caption: str) -> str:
    """Make a table with one row per architecture: its drawing, and its entries in some columns."""
    hues = _hues(architectures)
    heads = _cells("th", ["", "architecture", *map(escape, columns)])
    body = "".join(
        _cells("td", [str(row), _drawn(each, hues), *(escape(entries[row] or "") for entries in columns.values())])
        for row, each in enumerate(architectures)
    )
    return f"<table><caption>{escape(caption)}</caption><thead>{heads}</thead><tbody>{body}</tbody></table>"


def named(names: Sequence[str], most: int = COLUMNS) -> str:
    """List the first names, and say how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def counted(count: int, what: str) -> str:
    """Say how many there are: `1 node`, `2,000 nodes`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _hues(architectures: Sequence[Drawable]) -> dict[str, float]:
    return operation_hues([op for each in architectures for op in each.ops])


def _drawn(architecture: Drawable, hues: Mapping[str, float] | None) -> str:
    if len(architecture.ops) > LARGEST:
        return f"{len(architecture.ops):,} nodes"
    return f'<img alt="" src="{as_data_uri(draw_architecture(architecture, hues))}">'


def _cells(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"
