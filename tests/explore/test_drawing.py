"""An architecture as elements of Cytoscape."""

import numpy as np

from archflow.explore.drawing import elements, in_words
from archflow.explore.edits import edited, former_nodes
from archflow.graph import Architecture
from archflow.predict.explain.explanation import Attribution

BYPASS = Architecture(("input", "conv", "none", "output"), ((0, 1), (1, 2), (2, 3), (0, 3)))


def by_id(found):
    return {each["data"]["id"]: each for each in found}


def test_nodes_are_in_layers():
    found = by_id(elements(BYPASS))
    assert set(found) == {"n0", "n1", "n2", "n3", "e0-1", "e1-2", "e2-3", "e0-3"}
    heights = [found[f"n{node}"]["position"]["y"] for node in range(4)]
    assert heights == sorted(heights)
    assert len(set(heights)) == 4
    assert found["n2"]["classes"] == "none"
    assert "faint" in found["e1-2"]["classes"]


def test_an_edge_that_skips_layers_bends_around_boxes():
    found = by_id(elements(BYPASS))
    assert "weights" not in found["e0-1"]["data"]
    data = found["e0-3"]["data"]
    along, beside = (np.array(data[name].split(), float) for name in ("weights", "distances"))
    assert (np.diff(along) > 0).all()
    start, end = (np.array([found[name]["position"][axis] for axis in "xy"]) for name in ("n0", "n3"))
    way = end - start
    across = np.array([-way[1], way[0]]) / np.hypot(*way)
    bends = start + along[:, None] * way + beside[:, None] * across
    for node in ("n1", "n2"):  # no bend is within a box
        box = found[node]
        away = np.abs(bends[:, 0] - box["position"]["x"]) - box["data"]["width"] / 2
        assert (away > 0).all()


def test_attributions_are_colours():
    nan = float("nan")
    shown = Attribution("counterfactual", "", "", True, (nan, 2.0, -1.0, nan), (nan, nan, nan, 2.0))
    found = by_id(elements(BYPASS, shown))
    assert found["n0"]["data"]["fill"] == "#ffffff"
    red, _, blue = (int(part) for part in found["n1"]["data"]["fill"][4:-1].split(","))
    assert red > blue
    red, _, blue = (int(part) for part in found["n2"]["data"]["fill"][4:-1].split(","))
    assert red < blue
    assert found["e0-3"]["data"]["width"] > found["e0-1"]["data"]["width"]


def test_edits_are_marked():
    after = edited(BYPASS, {"kind": "operation", "node": 1, "op": "pool"})
    marked = {
        name
        for name, each in by_id(elements(after, before=BYPASS, former=range(4))).items()
        if "changed" in each["classes"]
    }
    assert marked == {"n1"}


def test_a_new_node_is_marked_and_what_it_feeds():
    edit = {"kind": "add", "op": "pool", "sources": [0], "targets": [3], "attributes": {}}
    after, former = edited(BYPASS, edit), former_nodes(BYPASS, edit)
    marked = {
        name for name, each in by_id(elements(after, None, BYPASS, former)).items() if "changed" in each["classes"]
    }
    assert marked == {"n1", "n4"}
    assert former == [0, -1, 1, 2, 3]
    edit = {"kind": "remove", "node": 2}
    gone = elements(edited(BYPASS, edit), None, BYPASS, former_nodes(BYPASS, edit))
    assert {name for name, each in by_id(gone).items() if "changed" in each["classes"]} == {"n2"}


def test_words_say_the_graph():
    assert in_words(BYPASS) == "Graph of 4 nodes: 0 input; 1 conv from 0; 2 none from 1; 3 output from 0, 2."
