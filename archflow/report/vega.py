"""The libraries of the extra `report`: altair writes Vega-Lite specifications, vl-convert draws them offline."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from archflow.errors import ArchflowError
from archflow.report.svg import readable

if TYPE_CHECKING:
    import altair

    Chart = altair.Chart | altair.LayerChart

Specification = dict[str, Any]

_MISSING = "figures need altair and vl-convert-python; install them: pip install 'archflow[report]'"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"


def _theme(ink: str, muted: str, rule: str, grid: str, paper: str, series: Sequence[str]) -> dict[str, Any]:
    return {
        "background": paper,
        "font": _FONT,
        "padding": 6,
        "view": {"stroke": None},
        "axis": {
            **{"domainColor": rule, "tickColor": rule, "gridColor": grid, "labelColor": muted, "titleColor": ink},
            **{"labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 8},
            **{"labelLimit": 200, "labelOverlap": True, "tickCount": 6},
        },
        "axisY": {"titleLimit": 320},
        "legend": {
            **{"labelColor": ink, "titleColor": muted, "labelFontSize": 12, "titleFontSize": 11, "labelLimit": 300},
            **{"titleFontWeight": "normal", "symbolStrokeWidth": 2},
        },
        "title": {"color": muted, "fontSize": 11, "fontWeight": "normal", "anchor": "start", "frame": "group"},
        "text": {"color": ink, "fontSize": 11},
        "mark": {"color": series[0]},
        "rule": {"color": ink},
        "tick": {"color": ink},
        "range": {"category": list(series)},
    }


THEMES = {
    "light": _theme(
        *("#1b2027", "#5a6472", "#c9d0d9", "#e9ecf0", "#ffffff"),
        ("#2b6cbf", "#d2571d", "#26885c", "#9447ae", "#a87b00", "#5a6472"),
    ),
    "dark": _theme(
        *("#e7eaee", "#a0a9b5", "#475160", "#272d36", "#14171c"),
        ("#6aaaf7", "#f58c55", "#5cc796", "#cd8fe2", "#e0b84c", "#a0a9b5"),
    ),
}
"""Vega-Lite configurations for everything that a figure does not style itself. Files use the light one."""


def require_altair() -> Any:
    """Import altair.

    Raises:
        ArchflowError: If altair or vl-convert-python is not installed.
    """
    try:
        import altair
        import vl_convert  # noqa: F401
    except ImportError:
        raise ArchflowError(_MISSING) from None
    return altair


def specification(chart: Chart) -> Specification:
    """The chart as a Vega-Lite specification in which every text can be written as XML."""
    return _readable(chart.to_dict())


def _readable(value: Any) -> Any:
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {key: _readable(inner) for key, inner in value.items()}
    return [_readable(inner) for inner in value] if isinstance(value, list) else value


@cache
def vega_bundle() -> str:
    """The JavaScript of Vega, Vega-Lite and Vega-Embed for a self-contained page; it defines `vegaEmbed`."""
    require_altair()
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
