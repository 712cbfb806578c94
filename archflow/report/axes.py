"""Axes with round ticks, and the frame of a chart: grid, labels and a legend around a plotting area."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.report.svg import document, element, escape, number, shorten, text_width

MINUS = "\N{MINUS SIGN}"
LIMIT = 1e150  # larger values are drawn here, so that differences and squares stay finite


def bounded(values: ArrayLike) -> NDArray[np.float64]:
    """The values, same shape, held within ±`LIMIT`; NaN for what is not finite."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(array), np.clip(array, -LIMIT, LIMIT), np.nan)


def finite(values: ArrayLike) -> NDArray[np.float64]:
    """The finite values, flat, held within ±`LIMIT`."""
    array = bounded(values).ravel()
    return array[~np.isnan(array)]


def nice_ticks(low: float, high: float, count: int = 6) -> list[float]:
    """About `count` round numbers (1, 2, 2.5 or 5 times a power of ten apart) inside [low, high]."""
    rough = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(m for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten inside [low, high]; powers of ten alone over more than three decades."""
    multiples = (1, 2, 5) if high / low < 1e3 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    stride = 1 + len(powers) // 9
    return [m * 10.0**p for p in powers[::stride] for m in multiples if low <= m * 10.0**p <= high * (1 + 1e-9)]


def _whole_where(values: NDArray[np.float64], ticks: list[float]) -> list[float]:
    """Only whole ticks where all data are whole: there is no epoch 1.5."""
    whole = [t for t in ticks if t == round(t)]
    return whole if whole and bool((values == np.round(values)).all()) else ticks


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Labels with as many digits as it takes to read each tick off exactly, and no more."""
    largest = max((abs(t) for t in ticks), default=0.0)
    step = min((b - a for a, b in pairwise(ticks) if b > a), default=largest)
    forms = [f",.{decimals}f" for decimals in range(9)] if largest < 1e7 else []
    for form in [*forms, *(f".{digits}g" for digits in range(1, 17))]:
        labels = [format(t + 0.0, form) for t in ticks]
        if all(abs(float(label.replace(",", "")) - t) <= 1e-3 * step for label, t in zip(labels, ticks, strict=True)):
            return [label.replace("-", MINUS) for label in labels]
    return [repr(t) for t in ticks]


@dataclass(frozen=True)
class Axis:
    """A range of values with its ticks, and the pixels that it is drawn on (`start` is where `low` lies)."""

    low: float
    high: float
    ticks: Sequence[float]
    labels: Sequence[str]
    log: bool = False
    start: float = 0.0
    end: float = 1.0

    @classmethod
    def over(cls, values: ArrayLike, *, log: bool = False, include: Sequence[float] = (), count: int = 6) -> Axis:
        """Just wider than the finite values, and wide enough to show every value in `include`.

        Constant data get a range around them, no data [0, 1]. A logarithmic axis shows positive values only.
        """
        shown = np.append(finite(values), include)
        if log:
            shown = shown[shown > 0]
            low, high = (float(shown.min()), float(shown.max())) if len(shown) else (1.0, 10.0)
            low, high = (low, high) if high > low * 1.01 else (low / 2, high * 2)
            axis_ticks = log_ticks(low, high)
            axis_ticks = axis_ticks if len(axis_ticks) > 1 else nice_ticks(low, high, 4)
            axis_ticks = _whole_where(shown, axis_ticks)
            return cls(low, high, axis_ticks, tick_labels(axis_ticks), log=True)
        low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0)
        if high - low <= 1e-9 * max(abs(low), abs(high)):
            half = 0.05 * abs(low) or 0.5
            low, high = low - half, high + half
        pad = 0.04 * (high - low)
        # A bound that was asked for (say 0, or a share of 1) is a true edge: no air beyond it.
        low, high = (low if low in include else low - pad), (high if high in include else high + pad)
        axis_ticks = _whole_where(shown, nice_ticks(low, high, count))
        return cls(low, high, axis_ticks, tick_labels(axis_ticks))

    @classmethod
    def of_categories(cls, names: Sequence[str]) -> Axis:
        """One unit of room for each name, centred at 0, 1, 2, ..."""
        return cls(-0.5, max(len(names), 1) - 0.5, [float(i) for i in range(len(names))], list(names))

    def placed(self, start: float, end: float) -> Axis:
        """The same axis drawn from pixel `start` to pixel `end`."""
        return replace(self, start=start, end=end)

    def at(self, values: ArrayLike) -> NDArray[np.float64]:
        """Pixels of the values, same shape; NaN where not finite, or not positive on a log axis."""
        array, low, high = bounded(values), self.low, self.high
        if self.log:
            array, low, high = np.log(np.where(array > 0, array, np.nan)), math.log(low), math.log(high)
        return self.start + (array - low) / (high - low) * (self.end - self.start)

    def pixel(self, value: float) -> float:
        """Pixel of one value."""
        return float(self.at(value))


@dataclass(frozen=True)
class Key:
    """One entry of a legend: a name, its CSS colour and how it is drawn."""

    name: str
    colour: str
    dashed: bool = False
    shape: str = "dot"  # "dot", "line", "box" or "ring"

    def swatch(self, x: float, y: float) -> str:
        match self.shape:
            case "line":
                return element(
                    "path",
                    d=f"M{number(x)} {number(y)}h16",
                    class_=f"line{' dashed' * self.dashed}",
                    stroke=self.colour,
                )
            case "box":
                return element("rect", x=x + 2, y=y - 5, width=10, height=10, rx=2, fill=self.colour)
            case "ring":
                return element("circle", cx=x + 8, cy=y, r=4, class_="ring", stroke=self.colour)
            case _:
                return element("circle", cx=x + 8, cy=y, r=3.5, fill=self.colour)


@dataclass(frozen=True)
class Plot:
    """Two axes placed on a canvas of `width` x `height` pixels, with their labels and a legend above."""

    x: Axis
    y: Axis
    width: float
    height: float
    furniture: str = field(repr=False)

    @classmethod
    def around(
        cls,
        x: Axis,
        y: Axis,
        *,
        x_label: str,
        y_label: str,
        keys: Sequence[Key] = (),
        width: float = 520,
        height: float = 360,
        right: float = 16,
    ) -> Plot:
        """Place the axes, leaving the room that labels and legend need (and `right` pixels for a colour bar)."""
        left = 14 + max((text_width(label, 11) for label in y.labels), default=0) + (20 if y_label else 0)
        legend, top = _legend(keys, left, width - 8)
        x, y = x.placed(left, width - right), y.placed(height - (46 if x_label else 28), top)
        return cls(x, y, width, height, legend + _axes(x, y, x_label, y_label))

    def draw(self, marks: str, description: str) -> str:
        """The finished `<svg>`: grid and axes below, marks above."""
        return document(self.width, self.height, self.furniture + marks, description)


def _legend(keys: Sequence[Key], left: float, right: float) -> tuple[str, float]:
    """Rows of swatches and names, and the height where the plot can begin."""
    parts, x, y = [], left, 12.0
    for key in keys:
        name = shorten(key.name, right - left - 24)
        needed = 22 + text_width(name)
        if x > left and x + needed > right:
            x, y = left, y + 18
        parts += [key.swatch(x, y), element("text", escape(name), x=x + 21, y=y + 4)]
        x += needed + 14
    return "".join(parts), (y + 18 if keys else 12.0)


def _axes(x: Axis, y: Axis, x_label: str, y_label: str) -> str:
    left, right, bottom, top = x.start, x.end, y.start, y.end
    slot = (right - left) / max(len(x.ticks), 1) - 6
    grid = "".join(f"M{number(left)} {number(y.pixel(t))}H{number(right)}" for t in y.ticks)
    grid += "".join(f"M{number(x.pixel(t))} {number(bottom)}V{number(top)}" for t in x.ticks)
    parts = [element("path", d=grid, class_="grid") if grid else ""]
    parts += [element("path", d=f"M{number(left)} {number(top)}V{number(bottom)}H{number(right)}", class_="axis")]
    for tick, label in zip(x.ticks, x.labels, strict=True):
        parts.append(
            element(
                "text",
                escape(shorten(label, max(slot, 24), 11)),
                x=x.pixel(tick),
                y=bottom + 16,
                class_="tick",
                text_anchor="middle",
            )
        )
    for tick, label in zip(y.ticks, y.labels, strict=True):
        parts.append(element("text", escape(label), x=left - 7, y=y.pixel(tick) + 4, class_="tick", text_anchor="end"))
    parts.append(element("text", escape(x_label), x=(left + right) / 2, y=bottom + 37, text_anchor="middle"))
    if y_label:
        middle = f"translate(13 {number((top + bottom) / 2)}) rotate(-90)"
        parts.append(element("text", escape(shorten(y_label, bottom - top)), transform=middle, text_anchor="middle"))
    return "".join(parts)
