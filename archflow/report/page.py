"""A report as one HTML page: its figures with everything that draws them, so that it loads nothing.

The page's policy lets only its own script run, named by its hash, and lets nothing make code from text: a name in the
data cannot become a program, however it is written.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from archflow.errors import ArchflowError
from archflow.files import write_atomically
from archflow.report.graph_drawing import drawing_style
from archflow.report.html import figure
from archflow.report.svg import element, escape
from archflow.report.vega import THEMES, require_altair, specification, vega_bundle

if TYPE_CHECKING:
    from archflow.report.vega import Chart

PICTURES = ("png", "svg", "pdf")
FOOTER = "Written by archflow. This page is one file: it loads nothing."


class Figures:
    """The figures of one report, by name, in the order in which they were shown."""

    def __init__(self) -> None:
        self.charts: dict[str, Chart] = {}

    def show(self, name: str, chart: Chart, caption: str = "") -> str:
        """Markup of the place where the page draws the chart.

        Args:
            name: The name of the figure and of its files: letters, digits and hyphens, once in a report.
            chart: The figure.
            caption: How to read it.
        """
        assert name not in self.charts, f"two figures are called {name}"
        self.charts[name] = chart
        return figure(element("div", "", id=name), caption)

    def save(self, folder: str | Path) -> None:
        """Write every figure into a folder as PNG, SVG and PDF.

        Raises:
            ArchflowError: If the folder cannot be written to.
        """
        for name, chart in self.charts.items():
            for ending in PICTURES:
                save_figure(chart, Path(folder) / f"{name}.{ending}")

    def data(self) -> str:
        """JSON of all specifications, each data set once, that can stand in an HTML element."""
        datasets, drawn = {}, {}
        for name, chart in self.charts.items():
            spec = specification(chart)
            own = spec.pop("datasets", {})
            datasets |= own
            drawn[name] = {**spec, "data_sets": list(own)}
        content = {"figures": drawn, "datasets": datasets, "themes": THEMES}
        return json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def write_page(
    path: str | Path,
    title: str,
    *content: str,
    figures: Figures,
    figures_folder: str | Path | None = None,
    parts: Sequence[str] = (),
) -> None:
    """Write a report, whole or not at all.

    Args:
        path: The file (.html).
        title: Its heading.
        content: Markup under it, from `archflow.report.html` and `Figures.show`.
        figures: Those that the content shows.
        figures_folder: Where every figure goes as PNG, SVG and PDF too.
        parts: Names of a style sheet NAME.css and script NAME.js of this folder that the page needs as well.

    Raises:
        ArchflowError: If a file cannot be written, or the extra `report` is missing.
    """
    text = page(title, *content, figures=figures, parts=parts)
    with write_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    if figures_folder is not None:
        figures.save(figures_folder)


def is_page(path: Path) -> bool:
    """Whether a file is a page that `write_page` wrote."""
    try:
        return FOOTER in path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def save_figure(chart: Chart, path: str | Path) -> None:
    """Write a chart as a file, whole or not at all.

    Args:
        chart: From `archflow.report.figures` or made with altair.
        path: Its ending says what is written: .html (interactive), .svg, .png, .pdf, or .json for the specification.

    Raises:
        ArchflowError: If the ending is another one, the file cannot be written, or the extra `report` is missing.
    """
    require_altair()
    import vl_convert

    path = Path(path)
    match path.suffix.lower():
        case ".svg":
            content = vl_convert.vegalite_to_svg(specification(chart), config=THEMES["light"]).encode()
        case ".png":
            content = vl_convert.vegalite_to_png(specification(chart), config=THEMES["light"], scale=2)
        case ".pdf":
            content = vl_convert.vegalite_to_pdf(specification(chart), config=THEMES["light"])
        case ".json":
            content = json.dumps(specification(chart), allow_nan=False).encode()
        case ".html":
            figures = Figures()
            content = page(path.stem, figures.show("figure", chart), figures=figures).encode()
        case ending:
            raise ArchflowError(
                f"{path}: a figure is not written as {ending!r}; end it .html, .svg, .png, .pdf or .json"
            )
    with write_atomically(path) as temporary:
        temporary.write_bytes(content)


def page(title: str, *content: str, figures: Figures, parts: Sequence[str] = ()) -> str:
    """A whole HTML document; see `write_page`."""
    scripts = [_safe(_text(f"{name}.js")) for name in parts]
    data = ""
    if figures.charts:
        scripts.append(_script())
        data = element("script", figures.data(), type="application/json", id="figure-data") + "\n"
    allowed = " ".join(map(_digest, scripts)) or "'none'"
    policy = f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:"
    style = "".join(map(_text, ("page.css", *(f"{name}.css" for name in parts)))) + drawing_style()
    head = (
        '<meta charset="utf-8"/><meta name="viewport" content="width=device-width,initial-scale=1"/>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"/>'
        f"<title>{escape(title)}</title><style>{style}</style>"
    )
    body = element("h1", escape(title)) + "".join(content) + element("footer", escape(FOOTER))
    body += data + "".join(element("script", script) for script in scripts)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def _digest(script: str) -> str:
    """What the policy calls a script that may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _safe(script: str) -> str:
    return script.replace("</script", "<\\/script")


@cache
def _script() -> str:
    """Vega and what draws the figures with it."""
    return _safe(f"\n{vega_bundle()}\n{_text('page.js')}")


def _text(name: str) -> str:
    return (files("archflow.report") / name).read_text(encoding="utf-8")
