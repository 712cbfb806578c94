"""The charts of a report: scatter, lines, bars and strips of dots, each a pure function from data to one SVG string.

Data that cannot be drawn (NaN, infinite, not positive on a logarithmic axis) are left out, never moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.report.axes import Axis, Key, Plot, bounded, finite, tick_labels
from archflow.report.svg import colour_at, element, escape, number, series_colour

COLOUR_LEVELS = 32
LOG_NOTE = " (log scale)"
MAX_DOTS = 20_000  # drawn at most; a denser cloud shows nothing more and makes a heavy file


@dataclass(frozen=True)
class Line:
    """A curve through `x`, `y` (both `(n,)`), optionally with a band from `low` to `high` (both `(n,)`)."""

    name: str
    x: ArrayLike
    y: ArrayLike
    colour: int = 0
    dashed: bool = False
    low: ArrayLike | None = None
    high: ArrayLike | None = None


@dataclass(frozen=True)
class Bars:
    """One bar per category: `values` `(n,)` and, where known, `errors` `(n,)`, the half-length of each whisker."""

    name: str
    values: ArrayLike
    errors: ArrayLike | None = None
    colour: int = 0


@dataclass(frozen=True)
class Strip:
    """All runs of one method, `(n,)`, and a `reference` to compare their mean with (say, the published figure)."""

    name: str
    values: ArrayLike
    reference: float | None = None
    colour: int = 0


def scatter(
    x: ArrayLike,
    y: ArrayLike,
    *,
    x_label: str,
    y_label: str,
    colour: ArrayLike | None = None,
    colour_label: str = "",
    marked: Mapping[str, ArrayLike] | None = None,
    noted: Sequence[tuple[float, float, str]] = (),
    noted_name: str = "",
    guides: Sequence[Line] = (),
    log: bool = False,
    width: float = 520,
    height: float = 400,
) -> str:
    """Dots at `x`, `y` (both `(N,)`); of more than `MAX_DOTS`, an even share is drawn, as the x axis then says.

    `colour` `(N,)` colours the dots by the *rank* of their value, because accuracies crowd near the best one:
    the bar at the right shows which values stand at the quartiles. Dots without a finite value are grey, and better
    ones lie on top. `marked` names boolean masks `(N,)` whose dots are drawn larger in a colour of their own; `noted`
    are single points with a text shown on hover, named `noted_name` in the legend. `guides` are
    lines to compare the dots with; `log` makes both axes logarithmic.
    """
    x, y = np.asarray(x, dtype=np.float64).ravel(), np.asarray(y, dtype=np.float64).ravel()
    points = int((np.isfinite(x) & np.isfinite(y)).sum())
    x_label += f" ({MAX_DOTS:,} of {points:,} points drawn)" if points > MAX_DOTS else ""
    masks = {name: np.asarray(mask, dtype=bool).ravel() for name, mask in (marked or {}).items()}
    keys = [Key(name, series_colour(1 + i)) for i, name in enumerate(masks) if masks[name].any()]
    keys += [Key(noted_name, "var(--ink)", shape="ring")] if noted_name and noted else []
    keys += [Key(line.name, series_colour(line.colour), line.dashed, "line") for line in guides]
    bar = colour is not None and len(finite(colour)) > 0
    plot = Plot.around(
        Axis.over(_joined([x, [note[0] for note in noted], *(line.x for line in guides)]), log=log),
        Axis.over(_joined([y, [note[1] for note in noted], *(line.y for line in guides)]), log=log),
        x_label=x_label + LOG_NOTE * log, y_label=y_label + LOG_NOTE * log, keys=keys,
        width=width, height=height, right=92 if bar else 16,
    )  # fmt: skip
    px, py = plot.x.at(x), plot.y.at(y)
    shown = np.flatnonzero(np.isfinite(px) & np.isfinite(py))
    shown = shown[np.linspace(0, len(shown) - 1, min(len(shown), MAX_DOTS)).astype(np.int64)] if len(shown) else shown
    size = 2.4 if len(shown) > 2000 else 3.6 if len(shown) > 200 else 5.5
    marks = []
    if bar:
        values = np.asarray(colour, dtype=np.float64).ravel()
        fractions = rank_fraction(values)[shown]
        blank = shown[np.isnan(fractions)]
        marks.append(dots(px[blank], py[blank], "var(--rule)", size, 0.8))
        levels = np.where(np.isnan(fractions), -1, np.round(np.nan_to_num(fractions) * (COLOUR_LEVELS - 1)))
        for level in range(COLOUR_LEVELS):
            rows = shown[levels == level]
            marks.append(dots(px[rows], py[rows], colour_at(level / (COLOUR_LEVELS - 1)), size, 0.85))
        marks.append(_colour_bar(finite(values), colour_label, plot))
    else:
        # Dots of one path do not add up where they overlap, those of several do: density becomes visible.
        layers = 8 if len(shown) > 200 else 1
        for layer in range(layers):
            rows = shown[layer::layers]
            marks.append(dots(px[rows], py[rows], series_colour(0), size, 0.35 if layers > 1 else 0.75))
    for i, mask in enumerate(masks.values()):
        rows = np.flatnonzero(mask & np.isfinite(px) & np.isfinite(py))[:MAX_DOTS]
        marks.append(dots(px[rows], py[rows], series_colour(1 + i), max(size, 4.2), 0.95))
    marks += [_curve(line, plot) for line in guides]
    for a, b, text in noted:
        if np.isfinite(a) and np.isfinite(b):
            title = element("title", escape(text))
            place = {"cx": plot.x.pixel(a), "cy": plot.y.pixel(b)}
            marks.append(element("circle", title, r=4.5, class_="ring", stroke="var(--ink)", **place))
    return plot.draw("".join(marks), f"{y_label} against {x_label}, {len(shown)} points")


def lines(
    series: Sequence[Line], *, x_label: str, y_label: str, log_x: bool = False, log_y: bool = False,
    include_y: Sequence[float] = (), width: float = 520, height: float = 340,
) -> str:  # fmt: skip
    """Curves over one pair of axes; `include_y` are values that the vertical axis must show (say, 0)."""
    edges = [edge for s in series for edge in (s.y, s.low, s.high) if edge is not None]
    plot = Plot.around(
        Axis.over(_joined([s.x for s in series]), log=log_x),
        Axis.over(_joined(edges), log=log_y, include=include_y),
        x_label=x_label + LOG_NOTE * log_x,
        y_label=y_label + LOG_NOTE * log_y,
        keys=[Key(s.name, series_colour(s.colour), s.dashed, "line") for s in series], width=width, height=height,
    )  # fmt: skip
    marks = []
    for s in series:
        px, colour = plot.x.at(np.asarray(s.x).ravel()), series_colour(s.colour)
        if s.low is not None and s.high is not None:
            low, high = plot.y.at(np.asarray(s.low).ravel()), plot.y.at(np.asarray(s.high).ravel())
            known = np.isfinite(px) & np.isfinite(low) & np.isfinite(high)
            outline = _path(np.append(px[known], px[known][::-1]), np.append(high[known], low[known][::-1]))
            marks.append(element("path", d=outline + "Z", fill=colour, fill_opacity=0.16) if outline else "")
    marks += [_curve(s, plot) for s in series]
    return plot.draw("".join(marks), f"{y_label} against {x_label}: " + ", ".join(s.name for s in series))


def bars(
    categories: Sequence[str], series: Sequence[Bars], *, y_label: str, width: float = 520, height: float = 300
) -> str:
    """Groups of bars from zero, one group a category and one bar a series; a value that is not finite leaves a gap."""
    values = [bounded(s.values).ravel() for s in series]
    errors = [
        np.nan_to_num(bounded(np.zeros(len(v)) if s.errors is None else s.errors))
        for s, v in zip(series, values, strict=True)
    ]
    reach = _joined([v + sign * e for v, e in zip(values, errors, strict=True) for sign in (-1, 1)])
    keys = [Key(s.name, series_colour(s.colour), shape="box") for s in series]
    y_axis, x_axis = Axis.over(reach, include=(0.0,)), Axis.of_categories(categories)
    plot = Plot.around(x_axis, y_axis, x_label="", y_label=y_label, keys=keys, width=width, height=height)
    step = 0.76 / max(len(series), 1)
    thickness = abs(plot.x.pixel(step) - plot.x.pixel(0.0)) - 2
    zero, marks = plot.y.pixel(0.0), []
    for i, s in enumerate(series):
        for category, (value, error) in enumerate(zip(values[i], errors[i], strict=True)):
            if not np.isfinite(value):
                continue
            middle, end = plot.x.pixel(category - 0.38 + (i + 0.5) * step), plot.y.pixel(value)
            box = {"y": min(zero, end), "height": abs(end - zero), "width": max(thickness, 1.0)}
            spread = f" ± {error:.2g}" if error > 0 else ""
            text = element("title", escape(f"{s.name}, {categories[category]}: {value:.4g}{spread}"))
            marks.append(element("rect", text, x=middle - thickness / 2, fill=series_colour(s.colour), **box))
            if error > 0:
                low, high = plot.y.pixel(value - error), plot.y.pixel(value + error)
                ends = "".join(f"M{number(middle - 3)} {number(at)}h6" for at in (low, high))
                marks.append(
                    element("path", d=f"{ends}M{number(middle)} {number(low)}V{number(high)}", class_="whisker")
                )
    marks.append(element("path", d=f"M{number(plot.x.start)} {number(zero)}H{number(plot.x.end)}", class_="axis"))
    return plot.draw("".join(marks), f"{y_label}: " + ", ".join(s.name for s in series))


def strips(series: Sequence[Strip], *, x_label: str, reference_name: str = "published", width: float = 520) -> str:
    """One row a method: every run a dot, mean and population standard deviation below them, the reference a ring."""
    runs = [finite(s.values) for s in series]
    references = [s.reference for s in series if s.reference is not None]
    y_axis = Axis.of_categories([s.name for s in series][::-1])
    keys = [Key("one run", "var(--muted)"), Key("mean ± std", "var(--ink)", shape="line")]
    keys += [Key(reference_name, "var(--ink)", shape="ring")] if references else []
    plot = Plot.around(
        Axis.over(_joined([*runs, references])), y_axis, x_label=x_label, y_label="", keys=keys, width=width,
        height=84 + 46 * max(len(series), 1),
    )  # fmt: skip
    marks = []
    for row, (s, values) in enumerate(zip(series, runs, strict=True)):
        middle = plot.y.pixel(len(series) - 1 - row)
        # A fixed zigzag keeps equal runs apart, the same way every time.
        zigzag = middle - 8 + 5.0 * ((np.arange(len(values)) % 3) - 1)
        marks.append(dots(plot.x.at(values), zigzag, series_colour(s.colour), 7, 0.8))
        if len(values):
            low, mean, high = plot.x.at(values.mean() + np.array([-1, 0, 1]) * values.std())
            cross = f"M{number(low)} {number(middle + 9)}H{number(high)}M{number(mean)} {number(middle + 4)}v10"
            text = element("title", escape(f"{s.name}: {values.mean():.4f} ± {values.std():.4f}, {len(values)} runs"))
            marks.append(element("path", text, d=cross, class_="whisker"))
        if s.reference is not None and np.isfinite(s.reference):
            text = element("title", escape(f"{reference_name}: {s.reference:.4g}"))
            place = {"cx": plot.x.pixel(s.reference), "cy": middle + 9}
            marks.append(element("circle", text, r=4.5, class_="ring", stroke="var(--ink)", **place))
    return plot.draw("".join(marks), f"{x_label} of every run: " + ", ".join(s.name for s in series))


def _joined(parts: Sequence[ArrayLike]) -> NDArray[np.float64]:
    return np.concatenate([finite(part) for part in parts]) if len(parts) else np.empty(0)


def dots(px: NDArray[np.float64], py: NDArray[np.floating], colour: str, size: float, opacity: float) -> str:
    """All dots as one path of zero-length strokes with round caps: a tenth of the bytes of as many circles."""
    if not len(px):
        return ""
    d = "".join(f"M{number(a)} {number(b)}h0" for a, b in zip(px.tolist(), py.tolist(), strict=True))
    return element("path", d=d, class_="dots", stroke=colour, stroke_width=size, stroke_opacity=f"{opacity:g}")


def _curve(line: Line, plot: Plot) -> str:
    """The line through its known points; a dot where there is only one."""
    px, py = plot.x.at(np.asarray(line.x).ravel()), plot.y.at(np.asarray(line.y).ravel())
    known, colour = np.isfinite(px) & np.isfinite(py), series_colour(line.colour)
    if known.sum() < 2:
        return dots(px[known], py[known], colour, 6, 1.0)
    kind = f"line{' dashed' * line.dashed}"
    return element("path", d=_path(px[known], py[known]), class_=kind, stroke=colour)


def _path(px: NDArray[np.float64], py: NDArray[np.float64]) -> str:
    """A polyline; consecutive points within the same half pixel are drawn once."""
    grid = np.stack([np.round(px * 2), np.round(py * 2)])
    kept = np.append(True, (np.diff(grid) != 0).any(axis=0)) if len(px) else np.empty(0, dtype=bool)
    points = zip(px[kept].tolist(), py[kept].tolist(), strict=True)
    return "M" + "L".join(f"{number(a)} {number(b)}" for a, b in points) if len(px) else ""


def rank_fraction(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the finite values that lie below each value, equal values sharing the middle; NaN where not finite."""
    known, values = np.sort(finite(values)), bounded(values)
    low, high = np.searchsorted(known, values, side="left"), np.searchsorted(known, values, side="right") - 1
    fractions = (low + high) / 2 / max(len(known) - 1, 1)
    return np.where(np.isfinite(values), fractions, np.nan)


def _colour_bar(values: NDArray[np.float64], label: str, plot: Plot) -> str:
    """The scale beside the plot, with the values that stand at the quartiles."""
    left, top, bottom = plot.x.end + 16, plot.y.end + 18, plot.y.start
    quartiles = np.quantile(values, [0, 0.25, 0.5, 0.75, 1]).tolist()
    step = (bottom - top) / COLOUR_LEVELS
    parts = []
    for level in range(COLOUR_LEVELS):
        fill = colour_at(level / (COLOUR_LEVELS - 1))
        parts.append(element("rect", x=left, y=bottom - (level + 1) * step, width=12, height=step + 0.5, fill=fill))
    digits = tick_labels([float(f"{q:.4g}") for q in quartiles])
    for i, text in enumerate(digits):
        place = {"x": left + 17, "y": bottom - i / 4 * (bottom - top) + 4, "class_": "tick"}
        parts.append(element("text", escape(text), **place))
    end = plot.width - 4
    parts.append(element("text", escape(label), x=end, y=plot.y.end + 4, class_="tick", text_anchor="end"))
    return "".join(parts)
