"""A map of many coloured dots as an image of pixels, for places that show no SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont

from archflow.files import write_atomically
from archflow.report.axes import MINUS, Axis
from archflow.report.svg import STYLE

SERIES = [colour for _, colour in re.findall(r"--c(\d):(#[0-9a-f]{6})", STYLE)][:6]
"""The colours of series on a light page."""

_FINE = 2
"""Pixels drawn for one pixel kept, each way: smooth edges."""


def write_map(
    path: str | Path,
    x: ArrayLike,
    y: ArrayLike,
    colours: Sequence[str],
    keys: Sequence[tuple[str, str | None]],
    *,
    x_label: str,
    y_label: str,
    width: int = 1000,
    height: int = 700,
) -> None:
    """Write a PNG of dots at `x`, `y` (both `(N,)`), whole or not at all.

    colours: `#rrggbb` of every dot; they are drawn in the order given. keys: name and colour of every entry of the
    legend, no colour for a mere text. Dots that are not finite are left out.
    """
    image = Image.new("RGB", (width * _FINE, height * _FINE), "#ffffff")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(13 * _FINE)
    left, right, top, bottom = 60 * _FINE, (width - 20) * _FINE, 44 * _FINE, (height - 52) * _FINE
    across, up = Axis.over(x).placed(left, right), Axis.over(y).placed(bottom, top)
    for tick, label in zip(across.ticks, _plain(across.labels), strict=True):
        pen.line((across.pixel(tick), top, across.pixel(tick), bottom), "#e9ecf0", _FINE)
        pen.text((across.pixel(tick), bottom + 6 * _FINE), label, "#5a6472", font, anchor="ma")
    for tick, label in zip(up.ticks, _plain(up.labels), strict=True):
        pen.line((left, up.pixel(tick), right, up.pixel(tick)), "#e9ecf0", _FINE)
        pen.text((left - 6 * _FINE, up.pixel(tick)), label, "#5a6472", font, anchor="rm")
    for px, py, colour in zip(across.at(x).tolist(), up.at(y).tolist(), colours, strict=True):
        if np.isfinite(px) and np.isfinite(py):
            pen.circle((px, py), 1.6 * _FINE, colour)
    pen.text(((left + right) / 2, (height - 24) * _FINE), x_label, "#1b2027", font, anchor="ma")
    sideways = Image.new("RGB", (bottom - top, 20 * _FINE), "#ffffff")
    ImageDraw.Draw(sideways).text((sideways.width / 2, 0), y_label, "#1b2027", font, anchor="ma")
    image.paste(sideways.rotate(90, expand=True), (4 * _FINE, top))
    at = float(left)
    for name, colour in keys:
        if colour is not None:
            pen.circle((at + 6 * _FINE, 22 * _FINE), 5 * _FINE, colour)
            at += 16 * _FINE
        pen.text((at, 22 * _FINE), name, "#1b2027", font, anchor="lm")
        at += 18 * _FINE + pen.textlength(name, font)
    with write_atomically(path) as temporary:
        image.resize((width, height), Image.Resampling.LANCZOS).save(temporary, format="PNG")


def _plain(labels: Sequence[str]) -> list[str]:
    """With hyphens for minus signs: Pillow's own font has no others."""
    return [label.replace(MINUS, "-") for label in labels]
