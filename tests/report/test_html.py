from collections.abc import Callable
from xml.etree.ElementTree import Element

from archflow.report import html

Parse = Callable[[str], Element]
HOSTILE = "<script>alert(1)</script>&\"'\x00"
READ = HOSTILE.replace("\x00", "\ufffd")


def test_whatever_is_named_stays_text(parsed: Parse) -> None:
    parts = [
        html.paragraph(HOSTILE, "lead"),
        html.section(HOSTILE, html.facts([(HOSTILE, HOSTILE)]), html.terms([(HOSTILE, HOSTILE)])),
        html.section("t", html.table([HOSTILE, "b"], [[html.Cell(HOSTILE, best=True), html.Cell("")]], HOSTILE)),
        html.details(HOSTILE, html.figure("<svg/>", HOSTILE)),
    ]
    root = parsed(html.element("body", "".join(parts)))
    for tag in ("h2", "dt", "dd", "th", "td", "summary", "figcaption"):
        assert (node := root.find(f".//{tag}")) is not None
        assert node.text == READ
    assert {node.text for node in root.iter("p")} == {READ}


def test_empty_parts_leave_nothing_behind() -> None:
    assert html.section("heading", "", "") == ""
    assert html.group("cards", ["", ""]) == ""
    assert (
        html.table(["a"], []) == html.paragraph("") == html.facts([]) == html.terms([]) == html.details("a", "") == ""
    )


def test_table_marks_the_best(parsed: Parse) -> None:
    root = parsed(
        html.table(["m", "tau"], [[html.Cell("a"), html.Cell("0.7")], [html.Cell("b"), html.Cell("0.8", True)]])
    )
    assert [(n.text, n.get("class")) for n in root.iter("td")] == [
        ("a", None),
        ("0.7", None),
        ("b", None),
        ("0.8", "best"),
    ]
