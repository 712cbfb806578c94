"""What nodes of NeuSight's traced models compute and move, and predictors of devices."""

import numpy as np
import pytest

from archflow_reproduce.latency.neusight import LAUNCH_MS, METHODS, Device, Nodes, _node, nodes_of

SHEET = Device(peak=10_000, bandwidth=500, processors=50, cache=4)


@pytest.mark.parametrize(
    ("op", "operands", "out", "expected"),
    [
        ("call_module:h.0.mlp.fc", [[8, 16]], [8, 4], ("linear", 2 * 32 * 16, 4 * (128 + 32 + 64))),
        ("call_function:addmm", [[4], [8, 16], [16, 4]], [8, 4], ("linear", 2 * 32 * 16, 4 * (128 + 64 + 32))),
        ("call_function:matmul", [[2, 8, 16], [2, 16, 4]], [2, 8, 4], ("matmul", 2 * 64 * 16, 4 * (256 + 128 + 64))),
        ("call_module:ln_f", [[8, 16]], [8, 16], ("layer norm", 0, 4 * 256)),
        ("call_module:wte", [[1, 8]], [1, 8, 16], ("embedding", 0, 8 * 128)),
        ("call_function:add", [[8, 16], [8, 16]], [8, 16], ("add", 0, 4 * 384)),
        ("call_method:view", [[8, 16]], [16, 8], ("view", 0, 0)),
        ("get_attr:weight", [], [768], ("none", 0, 0)),
    ],
)
def test_what_a_node_does(op, operands, out, expected):
    assert _node(op, operands, out) == expected


def test_the_nodes_of_a_layer_count_as_often_as_there_are_layers():
    graph = {
        "ops": [
            "placeholder:x",
            "call_module:t.h.0.fc",
            "call_method:contiguous",
            "call_module:t.h.0.ln_1",
            "output:o",
        ],
        "edge_src": [0, 1, 2, 3],
        "edge_dst": [1, 2, 3, 4],
        "in_shapes": ["[]", "[[8, 16]]", "[[8, 4]]", "[[8, 4]]", "[[8, 4]]"],
        "out_shape": ["(8, 16)", "(8, 4)", "(8, 4)", "(8, 4)", "(8, 4)"],
    }
    nodes = nodes_of(graph, layers=12)
    assert nodes.repeats.tolist() == [1, 12, 12, 12, 1]
    assert nodes.kind[2] == "view"  # nothing was turned before it


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_method_predicts_every_node(method):
    rng = np.random.default_rng(0)
    moved = rng.uniform(1e7, 1e8, 20)
    nodes = Nodes(["add"] * 20, np.zeros(20), moved, np.ones(20))
    times = 1.5 * SHEET.roofline(nodes)
    predicted = METHODS[method]([(nodes, SHEET, times)])(nodes, SHEET)
    assert (predicted >= 0.9 * LAUNCH_MS).all()
    if method != "roofline":
        assert predicted == pytest.approx(times, rel=0.05)
