"""The shell of a report: one HTML page that needs no network and no script, readable on screen and on paper.

Functions take text and give markup; text is escaped here, so nothing that a user named can become markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archflow.report.svg import FONT, STYLE, element, escape

# Nothing may be loaded or run, whatever a name in the data says.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_PAGE_STYLE = f"""
*{{box-sizing:border-box}}
body{{margin:0 auto;max-width:1160px;padding:2.2rem 1.4rem 3rem;font:16px/1.55 {FONT}}}
body{{color:var(--ink);background:var(--paper)}}
h1{{font-size:1.75rem;line-height:1.2;margin:0 0 .8rem;overflow-wrap:anywhere}}
h2{{font-size:1.2rem;margin:2.4rem 0 .5rem;padding-top:1.1rem;border-top:1px solid var(--grid)}}
h3{{font-size:1rem;margin:0}}
p{{margin:.4rem 0 .9rem;max-width:75ch}}
.lead{{font-size:1.08rem}}
.tight{{margin:.1rem 0}}
.muted,figcaption,footer{{color:var(--muted);font-size:.875rem}}
figure{{margin:.6rem 0 1rem;min-width:0;overflow-x:auto}}
figure .chart{{min-width:430px}}
figcaption{{margin-top:.35rem;max-width:62ch}}
.columns{{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:.6rem 2rem}}
.cards{{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:1rem}}
.cards.wide{{grid-template-columns:100%}}
.card{{border:1px solid var(--grid);border-radius:10px;padding:.8rem .9rem;background:var(--paper);min-width:0}}
.card svg{{margin:.7rem auto .3rem}}
.terms{{margin:.9rem 0;font-size:.9rem}} .terms dt{{font-weight:600}} .terms dd{{margin:0 0 .55rem;color:var(--muted)}}
.facts{{display:flex;flex-wrap:wrap;gap:.7rem;margin:1.2rem 0 0;padding:0}}
.facts div{{background:var(--wash);border-radius:8px;padding:.5rem .85rem;min-width:0}}
.facts dt{{color:var(--muted);font-size:.8rem}}
.facts dd{{margin:0;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}}
.scroll{{overflow-x:auto;margin:.6rem 0 1rem}}
table{{border-collapse:collapse;font-size:.93rem;font-variant-numeric:tabular-nums}}
th,td{{padding:.38rem .9rem;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}}
th{{font-weight:600;border-bottom:1px solid var(--rule);vertical-align:bottom}}
th:first-child,td:first-child{{text-align:left;padding-left:.2rem}}
td.best{{font-weight:700;color:var(--accent)}}
code{{font:.8rem/1.4 ui-monospace,'SF Mono',Consolas,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}}
details{{margin:1rem 0}} summary{{cursor:pointer}}
footer{{margin-top:3rem;border-top:1px solid var(--grid);padding-top:.8rem}}
@media print{{body{{max-width:none;padding:0;font-size:11pt}}figure,.card,tr{{break-inside:avoid}}}}
"""


@dataclass(frozen=True)
class Cell:
    """A table cell; the best of its column is set bold."""

    text: str
    best: bool = False


def page(title: str, *content: str, footer: str) -> str:
    """A whole HTML document with `content` (markup) under the title."""
    head = (
        '<meta charset="utf-8"/><meta name="viewport" content="width=device-width,initial-scale=1"/>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>'
        f"<title>{escape(title)}</title><style>{STYLE}{_PAGE_STYLE}</style>"
    )
    body = element("h1", escape(title)) + "".join(content) + element("footer", escape(footer))
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def section(heading: str, *content: str) -> str:
    """A part of the page, or nothing when every piece of its content is empty."""
    return "\n" + element("section", element("h2", escape(heading)) + "".join(content)) if any(content) else ""


def paragraph(text: str, kind: str | None = None) -> str:
    """Running text; `kind` is "lead" (first and larger) or "muted"."""
    return element("p", escape(text), class_=kind) if text else ""


def figure(svg: str, caption: str) -> str:
    """A drawing and the sentence that says how to read it."""
    return element("figure", svg + (element("figcaption", escape(caption)) if caption else ""))


def group(kind: str, items: Sequence[str]) -> str:
    """Pieces side by side where the page is wide enough: "columns" (charts), "cards" (drawings) or "cards wide"."""
    shown = [item for item in items if item]
    return element("div", "\n".join(shown), class_=kind) if shown else ""


def facts(pairs: Sequence[tuple[str, object]]) -> str:
    """Small tiles of a label and its value."""
    tiles = (element("div", element("dt", escape(k)) + element("dd", escape(v) or "–")) for k, v in pairs)
    return element("dl", "".join(tiles), class_="facts") if pairs else ""


def terms(pairs: Sequence[tuple[str, str]]) -> str:
    """Words and what they mean."""
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
    """Content folded away behind one line."""
    return element("details", element("summary", escape(summary)) + content) if content else ""
