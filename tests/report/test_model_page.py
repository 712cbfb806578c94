"""The page of a model."""

import re

import numpy as np
import pytest

from archflow.graph import Architecture
from archflow.importers.blocks import Block
from archflow.importers.structure import blocks_of
from archflow.report.model_page import write_model_page
from archflow.report.page import is_page

NAN = float("nan")


def model(names=("params", "macs", "bytes")):
    costs = {name: (0.0, 10.0 * scale, NAN, 30.0 * scale, 0.0, 0.0) for scale, name in enumerate(names, 1)}
    numbers = {
        "kernel_height": (NAN, 3.0, *[NAN] * 4),
        "kernel_width": (NAN, 5.0, *[NAN] * 4),
        "stride": [NAN, 2.0, *[NAN] * 4],
    }
    numbers |= {"shape_0": [1.0] * 6, "shape_1": [8.0] * 6}
    ops = ("input", "conv2d", "relu", "conv2d", "add", "output")
    return Architecture(ops, ((0, 1), (1, 2), (2, 3), (3, 4), (1, 4), (4, 5)), costs | numbers)


def written(tmp_path, graph, facts=None, **more):
    path = tmp_path / "page.html"
    write_model_page(path, "a <model>", graph, blocks_of(graph), facts or {}, **more)
    assert is_page(path)
    return path.read_text("utf-8")


def test_blocks_with_their_costs_are_closed_at_first(tmp_path):
    text = written(tmp_path, model(), {"params": 40.0, "macs": 80.0, "bytes": NAN, "opaque": 2.0}, notes=["a & b"])
    assert "a &lt;model&gt;" in text
    assert "a &amp; b" in text
    assert "<details open" not in text
    assert text.count("<details") == 1  # the second block; all others are single operations
    assert "conv2d 3×5 stride 2" in text
    assert "25 %" in text
    assert "75 %" in text
    assert "opaque operations" in text
    links, ids = set(re.findall('href="#(b[^"]*)"', text)), set(re.findall('id="(b[^"]*)"', text))
    assert links
    assert links <= ids


def test_a_model_without_costs(tmp_path):
    text = written(tmp_path, Architecture(("input", "x", "output"), ((0, 1), (1, 2))))
    assert "–" in text
    assert "%</i>" not in text


def test_many_outputs_do_not_hide_the_map(tmp_path):
    ops = ("input", *["linear"] * 9, *["output"] * 9)
    edges = [(i, i + 1) for i in range(9)] + [(i, i + 9) for i in range(1, 10)]
    text = written(tmp_path, Architecture(ops, tuple(edges)))
    assert text.count('class="terminal"') == 2  # the input, and the last output


def test_large_drawings_are_left_out(tmp_path):
    count = 900
    edges = [(i, i + 1) for i in range(count)] + [(i, i + 2) for i in range(1, count - 2)]
    graph = Architecture(("input", *["relu"] * (count - 1), "output"), tuple(edges))
    text = written(tmp_path, graph)
    assert len(text) < 1_500_000
    assert text.count("relu") > count


def test_names_cannot_become_markup(tmp_path):
    graph = Architecture(("input", "<script>alert(1)</script>", "output"), ((0, 1), (1, 2)))
    block = [Block((0,), "input"), Block((1,), "<i>", name="<b>&"), Block((2,), "output")]
    write_model_page(tmp_path / "page.html", "x", graph, block, {})
    text = (tmp_path / "page.html").read_text("utf-8")
    assert "<script>alert" not in text
    assert "<b>&<" not in text


@pytest.mark.parametrize("order", [0, 1])
def test_numbering_does_not_count(tmp_path, order):
    graph = model()
    other = graph.relabelled(np.random.default_rng(order).permutation(6).tolist())
    rows = [sorted(re.findall(r'<span class="kind">(.*?)</span>', written(tmp_path, each))) for each in (graph, other)]
    assert rows[0] == rows[1]
