"""Drawings of blocks."""

import re
from xml.etree import ElementTree

from archflow.report.block_drawing import Box, draw_blocks


def test_boxes_are_links_with_bars_and_are_escaped():
    boxes = [Box("in<put"), Box("block", "conv2d · 40 %", "all of it", 120.0, 0.4, "b1"), Box("w" * 90, hue=3.0)]
    drawn = draw_blocks(boxes, [(0, 1), (1, 2)])
    root = ElementTree.fromstring(drawn)
    assert "in&lt;put" in drawn
    assert '<a href="#b1">' in drawn
    assert drawn.count('class="bar"') == 1
    assert "…" in drawn
    assert len(re.findall('class="arrow"', drawn)) == 2
    assert root.attrib["aria-label"] == "graph of 3 boxes"


def test_no_box_is_a_drawing_too():
    assert draw_blocks([], []).startswith("<svg")
