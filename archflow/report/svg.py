"""Ground of every drawing: escaped SVG elements, text that fits, colours and the one style sheet.

Everything is a pure function from numbers and strings to a string of well-formed XML, so a report needs no
plotting library, no script and no network. Colours are CSS variables: the same drawing is readable on a
light page, on a dark page and on paper.
"""

from __future__ import annotations

import re
from html import escape as escape_markup

import numpy as np

FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Noto Sans','DejaVu Sans',sans-serif"
_LIGHT = (
    "--paper:#fff;--ink:#1b2027;--muted:#5a6472;--rule:#c9d0d9;--grid:#e9ecf0;--wash:#f5f7f9;--accent:#2b68b8;"
    "--c0:#2b6cbf;--c1:#d2571d;--c2:#26885c;--c3:#9447ae;--c4:#a87b00;--c5:#5a6472;"
    "--operation-fill:91%;--operation-line:46%"
)
_DARK = (
    "--paper:#14171c;--ink:#e7eaee;--muted:#a0a9b5;--rule:#475160;--grid:#272d36;--wash:#1c2027;--accent:#7db2f5;"
    "--c0:#6aaaf7;--c1:#f58c55;--c2:#5cc796;--c3:#cd8fe2;--c4:#e0b84c;--c5:#a0a9b5;"
    "--operation-fill:24%;--operation-line:62%"
)
STYLE = f"""
:root{{color-scheme:light dark;{_LIGHT}}}
@media screen and (prefers-color-scheme:dark){{:root{{{_DARK}}}}}
.chart{{font:12px {FONT};max-width:100%;height:auto;display:block}}
.chart text{{fill:var(--ink)}}
.chart .tick{{fill:var(--muted);font-size:11px;font-variant-numeric:tabular-nums}}
.chart .grid{{stroke:var(--grid);fill:none}}
.chart .axis{{stroke:var(--rule);fill:none}}
.chart .dots{{fill:none;stroke-linecap:round}}
.chart .line{{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}}
.chart .dashed{{stroke-dasharray:5 4}}
.chart .whisker{{stroke:var(--ink);stroke-width:1.5;fill:none}}
.chart .edge{{stroke:var(--muted);stroke-width:1.3;fill:none}}
.chart .arrow{{fill:var(--muted)}}
.chart .operation rect{{fill:hsl(var(--hue) 62% var(--operation-fill))}}
.chart .operation rect{{stroke:hsl(var(--hue) 48% var(--operation-line))}}
.chart .terminal rect{{fill:var(--wash);stroke:var(--muted)}}
.chart .none rect{{fill:none;stroke:var(--rule);stroke-dasharray:3 3}}
.chart .none text{{fill:var(--muted)}}
.chart .faint{{opacity:.3}}
.chart .ring{{fill:var(--paper);fill-opacity:.55;stroke-width:1.8}}
"""
SERIES_COLOURS = 6
# Near viridis, its darkest and palest ends left out: they vanish on a dark and on a light page.
_COLOUR_ANCHORS = np.array(
    [
        *((92, 68, 152), (74, 92, 160), (56, 116, 158), (40, 139, 149)),
        *((33, 162, 138), (55, 185, 120), (109, 205, 89), (180, 222, 44)),
    ]
)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(text: object) -> str:
    """The text as XML/HTML content or attribute value; characters that XML 1.0 forbids become U+FFFD."""
    return escape_markup(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", str(text)), quote=True)


def element(tag: str, content: str | None = None, **attributes: object) -> str:
    """One element around `content`, which is markup; without content it closes itself.

    Attribute values are escaped, None leaves one out; `class_` is written `class`, `stroke_width` `stroke-width`.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{number(value) if isinstance(value, float) else escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{written}/>" if content is None else f"<{tag}{written}>{content}</{tag}>"


def number(value: float) -> str:
    """A coordinate in pixels, to a tenth."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def text_width(text: str, size: float = 12.0) -> float:
    """Estimated width in pixels of a line of sans-serif text, rather too wide than too narrow."""
    ems = (0.36 if c in "iljtfr.,:;|!'()[] " else 0.95 if c in "mwMW@%" or ord(c) > 0x2E7F else 0.62 for c in text)
    return size * sum(ems)


def shorten(text: str, width: float, size: float = 12.0) -> str:
    """The text cut to `width` pixels, with an ellipsis where something is missing."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


def document(width: float, height: float, body: str, description: str) -> str:
    """An `<svg>` that scales down with its column; `description` is what a screen reader says."""
    return element(
        "svg",
        body,
        xmlns="http://www.w3.org/2000/svg",
        class_="chart",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=float(width),
        height=float(height),
        role="img",
        aria_label=description,
    )


def standalone(svg: str) -> str:
    """The same drawing as a file of its own: with the style sheet and a background inside."""
    head = f"<style>{STYLE}</style><rect width='100%' height='100%' style='fill:var(--paper)'/>"
    opening, rest = svg.split(">", 1)
    return f"{opening}>{head}{rest}\n"


def colour_at(fraction: float) -> str:
    """`#rrggbb` of the sequential colour scale at a fraction in [0, 1]; lightness grows with it."""
    position = fraction * (len(_COLOUR_ANCHORS) - 1)
    channels = [np.interp(position, np.arange(len(_COLOUR_ANCHORS)), channel) for channel in _COLOUR_ANCHORS.T]
    return "#" + "".join(f"{round(float(c)):02x}" for c in channels)


def series_colour(index: int) -> str:
    """CSS colour of the index-th data series; the six colours repeat."""
    return f"var(--c{index % SERIES_COLOURS})"
