from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from archflow.report import svg


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
