from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.report import svg

SVG = "{http://www.w3.org/2000/svg}"


@given(st.text())
def test_any_text_survives_as_content_and_as_attribute(text: str) -> None:
    root = ElementTree.fromstring(svg.element("a", svg.escape(text), note=text))
    readable = "".join(c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd" for c in text)
    readable = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in readable)
    assert (root.text or "") == readable.replace("\r\n", "\n").replace("\r", "\n")
    assert root.get("note") == " ".join(
        readable.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "\n").split("\n")
    )


def test_element_writes_names_the_way_svg_spells_them() -> None:
    written = svg.element("rect", class_="bar", stroke_width=1.25, x=-0.04, rx=None)
    assert written == '<rect class="bar" stroke-width="1.2" x="0"/>'
    assert svg.element("td", "") == "<td></td>"  # HTML has no self-closing cells


@given(st.text(max_size=60), st.floats(10, 400))
def test_shortened_text_fits(text: str, width: float) -> None:
    short = svg.shorten(text, width)
    assert svg.text_width(short) <= max(width, svg.text_width("…"))
    assert short == text or short == text[: len(short) - 1] + "…"


def test_colour_scale_grows_lighter_from_end_to_end() -> None:
    colours = [svg.colour_at(i / 20) for i in range(21)]
    lightness = [0.2126 * int(c[1:3], 16) + 0.7152 * int(c[3:5], 16) + 0.0722 * int(c[5:7], 16) for c in colours]
    assert lightness == sorted(lightness)
    assert len(set(colours)) == 21
    assert colours[0] == "#5c4498"


def test_standalone_drawing_brings_its_style() -> None:
    drawing = svg.document(20, 10, svg.element("path", d="M0 0h5", class_="line"), "a <line>")
    root = ElementTree.fromstring(svg.standalone(drawing))
    assert root.get("aria-label") == "a <line>"
    style = root.find(f"{SVG}style")
    assert style is not None
    assert "prefers-color-scheme:dark" in (style.text or "")
    assert ".chart .line" in (style.text or "")


@pytest.mark.parametrize(("index", "colour"), [(0, "var(--c0)"), (5, "var(--c5)"), (6, "var(--c0)")])
def test_series_colours_repeat(index: int, colour: str) -> None:
    assert svg.series_colour(index) == colour
    assert f"--c{index % svg.SERIES_COLOURS}:" in svg.STYLE
