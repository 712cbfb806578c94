"""The parts of a report as HTML: headings, text, tables, tiles.

Functions take plain text and return markup; text is escaped here, so nothing that a user named can become markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archflow.report.svg import element, escape


@dataclass(frozen=True)
class Cell:
    """A table cell; the best of its column is set bold."""

    text: str
    best: bool = False


def section(heading: str, *content: str) -> str:
    """A part of the page, or nothing when every piece of its content is empty."""
    return "\n" + element("section", element("h2", escape(heading)) + "".join(content)) if any(content) else ""


def paragraph(text: str, kind: str | None = None) -> str:
    """Running text; `kind` is "lead" (first and larger) or "muted"."""
    return element("p", escape(text), class_=kind) if text else ""


def figure(content: str, caption: str) -> str:
    """A drawing with its caption."""
    return element("figure", content + (element("figcaption", escape(caption)) if caption else ""))


def group(kind: str, items: Sequence[str]) -> str:
    """Pieces side by side where the page is wide enough: "columns" (charts), "cards" (drawings) or "cards wide"."""
    shown = [item for item in items if item]
    return element("div", "\n".join(shown), class_=kind) if shown else ""


def facts(pairs: Sequence[tuple[str, object]]) -> str:
    """Small tiles with a label and a value."""
    tiles = (element("div", element("dt", escape(k)) + element("dd", escape(v) or "–")) for k, v in pairs)
    return element("dl", "".join(tiles), class_="facts") if pairs else ""


def terms(pairs: Sequence[tuple[str, str]]) -> str:
    """A list of terms and their definitions."""
    listed = "".join(element("dt", escape(word)) + element("dd", escape(meaning)) for word, meaning in pairs)
    return element("dl", listed, class_="terms") if listed else ""


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]], caption: str = "") -> str:
    """Numbers aligned at the right, the first column at the left; scrolls sideways where it is too wide."""
    head = element("tr", "".join(element("th", escape(c), scope="col") for c in columns))
    lines = (
        element("tr", "".join(element("td", escape(c.text), class_="best" if c.best else None) for c in row))
        for row in rows
    )
    body = element("table", element("thead", head) + element("tbody", "\n".join(lines)))
    return element("div", body, class_="scroll") + paragraph(caption, "muted") if rows else ""


def details(summary: str, content: str) -> str:
    """Content folded behind one line."""
    return element("details", element("summary", escape(summary)) + content) if content else ""
