from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.etree.ElementTree import Element

import pytest

from archflow.errors import ArchflowError
from archflow.report.graph_drawing import as_data_uri, draw_architecture, layout, operation_hues
from archflow.report.svg import text_width

SVG = "{http://www.w3.org/2000/svg}"
Parse = Callable[[str], Element]
OPS = ["input", "conv_3x3", "none", "<script>alert('x')</script>", "conv_3x3", "output"]
EDGES = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 5), (4, 5)]


@dataclass(frozen=True)
class Graph:
    ops: Sequence[str]
    edges: Sequence[tuple[int, int]]
    attributes: Mapping[str, Sequence[float]] = field(default_factory=dict)


def test_every_operation_and_every_edge_is_drawn(parsed: Parse) -> None:
    root = parsed(draw_architecture(Graph(OPS, EDGES)))
    assert [node.text for node in root.iter(f"{SVG}title")] == OPS
    assert len([n for n in root.iter(f"{SVG}path") if n.get("class") == "edge"]) == len(EDGES)
    assert len([n for n in root.iter(f"{SVG}path") if n.get("class") == "arrow"]) == len(EDGES)


def test_same_operation_same_colour_and_none_is_faint(parsed: Parse) -> None:
    root = parsed(draw_architecture(Graph(OPS, EDGES)))
    boxes = {
        n.findtext(f"{SVG}title"): (n.get("class"), n.get("style"))
        for n in root.iter(f"{SVG}g")
        if n.find(f"{SVG}rect") is not None
    }
    assert boxes["input"] == boxes["output"] == ("terminal", None)
    assert boxes["none"] == ("none", None)
    assert boxes["conv_3x3"][0] == "operation"
    assert boxes["conv_3x3"][1] != boxes[OPS[3]][1]
    styles = [n.get("style") for n in root.iter(f"{SVG}g") if n.findtext(f"{SVG}title") == "conv_3x3"]
    assert len(styles) == 2
    assert len(set(styles)) == 1
    assert len([n for n in root.iter(f"{SVG}g") if n.get("class") == "faint"]) == 2


def test_hues_depend_on_the_set_of_names_only() -> None:
    hues = operation_hues(["b", "a", "input", "none", "b", "c"])
    assert hues == operation_hues(["c", "a", "b"])
    assert len(set(hues.values())) == 3


def test_boxes_hold_their_labels_and_long_names_are_cut(parsed: Parse) -> None:
    long = "a_very_long_operation_name_that_no_box_should_have_to_hold"
    ops = ["input", long, "W" * 12, "output"]
    edges = [(0, 1), (0, 2), (1, 3), (2, 3)]
    root = parsed(draw_architecture(Graph(ops, edges)))
    labels = [node.text or "" for node in root.iter(f"{SVG}text")]
    for label, width in zip(labels, layout(Graph(ops, edges)).boxes[:, 2], strict=True):
        assert text_width(label) <= width
    assert labels[1].endswith("…")
    assert long in [node.text for node in root.iter(f"{SVG}title")]


def test_one_operation_alone(parsed: Parse) -> None:
    assert [node.text for node in parsed(draw_architecture(Graph(["conv"], []))).iter(f"{SVG}text")] == ["conv"]


def test_bad_architectures_are_refused() -> None:
    with pytest.raises(ArchflowError, match="without operations"):
        draw_architecture(Graph([], []))
    with pytest.raises(ArchflowError, match="cycle"):
        draw_architecture(Graph(["a", "b"], [(0, 1), (1, 0)]))


def test_attributes_stand_beside_their_operation(parsed: Parse) -> None:
    graph = Graph(["input", "conv"], [(0, 1)], {"kernel": [float("nan"), 3.0], "rate": [float("nan"), 0.25]})
    root = parsed(draw_architecture(graph))
    assert [node.text for node in root.iter(f"{SVG}title")] == ["input", "conv, kernel 3, rate 0.25"]
    labels = [node.text or "" for node in root.iter(f"{SVG}text")]
    assert labels == ["input", "conv, kernel 3, rate …"] or labels[1].startswith("conv, kernel 3")


def test_an_image_of_its_own_holds_its_style(parsed: Parse) -> None:
    address = as_data_uri(draw_architecture(Graph(OPS, EDGES)))
    head, _, body = address.partition(",")
    assert head == "data:image/svg+xml"
    assert not set(body) & set('<>"#\n')
    root = parsed(unquote(body))
    assert [node.text for node in root.iter(f"{SVG}title")] == OPS
    assert ".drawing .edge" in (root.findtext(f"{SVG}style") or "")
