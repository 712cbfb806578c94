"""The page of an explanation, its drawings and its words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from archflow.report.explanation import explanation_report
from archflow.report.explanation_drawing import draw_attribution, placement
from archflow.report.explanation_facts import ExplanationFacts
from archflow.report.explanation_words import block_sentences, extremes, with_spread
from archflow.report.parts import connected_parts, layout_in_parts
from tests.report.pages import read_page
from tests.report.test_graph_drawing import SVG, Graph

NAN = math.nan


@dataclass(frozen=True)
class Effect:
    value: float
    std: float = 1.0


@dataclass(frozen=True)
class Change:
    text: str
    effect: Effect
    prediction: float = 1.0
    measured: float = NAN


@dataclass(frozen=True)
class Attribution:
    nodes: tuple[float, ...]
    edges: tuple[float, ...]
    about: str = "what it means"
    unit: str = "%"
    signed: bool = True


@dataclass(frozen=True)
class Block:
    nodes: tuple[int, ...]
    text: str
    removed: Effect
    best: int
    instead: str = ""


@dataclass(frozen=True)
class Explained:
    ops: tuple[str, ...] = ("input", "<b>conv</b>", "pool", "output")
    edges: tuple[tuple[int, int], ...] = ((0, 1), (0, 2), (1, 3), (2, 3))
    metric: str = "latency_ms"
    lower_is_better: bool = True
    unit: str = "%"
    prediction: float = 12.0
    std: float = 0.5
    valid: str = "any structurally valid graph"
    changes: tuple[Change, ...] = (
        Change("node 1: conv → skip", Effect(-18.04, 4.1), measured=-20.0),
        Change("edge <0> removed", Effect(3.0, NAN)),
    )
    attributions: dict[str, Attribution] = field(
        default_factory=lambda: {
            "counterfactual": Attribution((NAN, 31.0, -2.0, NAN), (NAN, 5.0, NAN, -5.0)),
            "critical": Attribution((0.1, 0.9, 0.2, 0.3), (0.5,) * 4, signed=False),
        }
    )
    blocks: tuple[Block, ...] = (Block((1,), "node 1 (conv)", Effect(-31.0, 3.0), 0),)
    notes: tuple[str, ...] = ("something to know",)


def test_the_page_holds_everything_and_loads_nothing(tmp_path: Path):
    found = Explained()
    explanation_report(tmp_path / "page.html", found, Graph(found.ops, found.edges), "<i>name</i>")
    page = read_page((tmp_path / "page.html").read_text())
    cells = page.texts("td")
    assert "node 1: conv → skip" in cells
    assert "-18.0 ± 4.1" in cells
    assert "-20" in cells
    assert "+3" in cells
    assert "Something to know." in page.texts("li")
    assert len(list(page.root.iter(f"{SVG}svg"))) == 2  # one for each method


def test_nodes_and_edges_have_the_colour_and_the_numbers_of_their_attribution(parsed):
    found = Explained()
    root = parsed(draw_attribution(Graph(found.ops, found.edges), "counterfactual", found.attributions))
    nodes = [each for each in root.iter(f"{SVG}g") if "shaded" in (each.get("class") or "")]
    assert [each.get("class") for each in nodes] == [
        f"shaded {kind}" for kind in ("unknown", "raises", "lowers", "unknown")
    ]
    assert nodes[1].get("style") == "--shade:80%"
    title = nodes[1].findtext(f"{SVG}title") or ""
    assert title.splitlines() == ["node 1: <b>conv</b>", "what changes: +31 %", "CARL's causal scores: 0.9 %"]
    edges = [each.get("class") for each in root.iter(f"{SVG}path") if "edge" in (each.get("class") or "")]
    assert edges == ["edge unknown", "edge raises", "edge unknown", "edge lowers"]


def test_a_block_is_put_into_words():
    found: ExplanationFacts = Explained()
    (sentence,) = block_sentences(found, 5)
    assert sentence == ("node 1 (conv): costs 31.0 ± 3.0 % of latency_ms; conv → skip saves 18.0 ± 4.1 %")
    better = Explained(
        metric="accuracy",
        lower_is_better=False,
        unit="",
        blocks=(Block((3,), "node 3 (conv)", Effect(-0.8, 0.2), 1, "skip"),),
    )
    assert block_sentences(better, 5) == [
        "node 3 (conv): with skip instead, accuracy falls by 0.80 ± 0.20; edge <0> removed adds 3"
    ]
    removal = Change("node 1 (conv) removed", Effect(0.5, 0.1))
    gone = replace(better, changes=(removal,), blocks=(Block((1,), "node 1 (conv)", removal.effect, 0),))
    assert block_sentences(gone, 5) == ["node 1 (conv): without it, accuracy rises by 0.50 ± 0.10"]
    assert block_sentences(Explained(blocks=(Block((0,), "node 0", Effect(NAN, NAN), -1),)), 5) == []


@pytest.mark.parametrize(
    ("value", "std", "text"),
    [
        (12.3456, 1.5, "+12.3 ± 1.5"),
        (-0.012, 0.0034, "-0.0120 ± 0.0034"),
        (1234.0, 99.0, "+1234 ± 99"),
        (5.0, NAN, "+5"),
        (5.0, 0.0, "+5"),
        (NAN, 1.0, "not known"),
    ],
)
def test_numbers_stand_with_their_deviation(value, std, text):
    assert with_spread(value, std, sign=True) == text


def test_the_best_and_the_worst_come_from_both_ends():
    assert extremes(Explained(), 5) == ([0], [1])
    assert extremes(Explained(changes=()), 5) == ([], [])


def test_parts_are_placed_apart():
    edges = [(0, 1), (2, 3)]
    assert connected_parts(5, edges) == [[0, 1], [2, 3], [4]]
    beside, below = layout_in_parts([50.0] * 5, edges), layout_in_parts([900.0] * 5, edges)
    for layout in (beside, below):
        boxes = layout.boxes
        for one in range(5):
            for other in range(one):
                apart = np.abs(boxes[one, :2] - boxes[other, :2]) >= (boxes[one, 2:] + boxes[other, 2:]) / 2
                assert apart.any()
        assert (boxes[:, 0] + boxes[:, 2]).max() <= layout.width
        assert [len(route) for route in layout.routes] == [2, 2]
    assert beside.width < 300 < 900 <= below.width < 1000


def test_more_than_a_hundred_nodes_are_drawn(parsed):
    count = 140
    ops = tuple(f"op{i % 7}" for i in range(count))
    edges = tuple((i, i + 1) for i in range(count - 1)) + tuple((i, i + 3) for i in range(0, count - 3, 4))
    numbers = Attribution(tuple(float(i - 70) for i in range(count)), (NAN,) * len(edges))
    graph = Graph(ops, edges)
    root = parsed(draw_attribution(graph, "counterfactual", {"counterfactual": numbers}))
    assert len([each for each in root.iter(f"{SVG}g") if "shaded" in (each.get("class") or "")]) == count
    assert placement(graph).height > 1000
