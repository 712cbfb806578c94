import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.report.layered import Layout, layered_layout, longest_path_layers


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[float], list[tuple[int, int]]]:
    """Random acyclic graphs, connected or not, their nodes not in topological order."""
    count = draw(st.integers(1, 14))
    pairs = [(i, j) for j in range(count) for i in range(j)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=30, unique=True)) if pairs else []
    names = draw(st.permutations(range(count)))
    widths = draw(st.lists(st.floats(20, 180), min_size=count, max_size=count))
    return widths, [(names[i], names[j]) for i, j in edges]


@settings(max_examples=80, deadline=None)
@given(graphs())
def test_edges_go_down_and_boxes_do_not_overlap(graph: tuple[list[float], list[tuple[int, int]]]) -> None:
    widths, edges = graph
    placed = layered_layout(widths, edges)
    left, top, width, height = placed.boxes.T
    assert np.allclose(width, widths)
    for (source, target), route in zip(edges, placed.routes, strict=True):
        assert len(route) % 2 == 0
        ys = [y for _, y in route]
        assert ys == sorted(ys)
        assert ys[0] == top[source] + height[source] < top[target] == ys[-1]
        assert left[source] <= route[0][0] <= left[source] + width[source]
        assert left[target] <= route[-1][0] <= left[target] + width[target]
    for i in range(len(widths)):
        for j in range(i):
            apart_x = max(left[i] - left[j] - width[j], left[j] - left[i] - width[i])
            apart_y = max(top[i] - top[j] - height[j], top[j] - top[i] - height[i])
            assert max(apart_x, apart_y) >= 13.99
    assert left.min() >= -1e-6
    assert (left + width).max() <= placed.width + 1e-6
    assert (top + height).max() == pytest.approx(placed.height)


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_long_edges_pass_beside_boxes(graph: tuple[list[float], list[tuple[int, int]]]) -> None:
    widths, edges = graph
    placed = layered_layout(widths, edges)
    for route in placed.routes:
        for (x, upper), (_, lower) in zip(route[1:-1:2], route[2:-1:2], strict=True):
            for left, top, width, height in placed.boxes:
                if top < lower and upper < top + height:
                    assert x < left or x > left + width


def test_layers_are_longest_paths() -> None:
    assert longest_path_layers(5, [(4, 0), (0, 1), (4, 1), (1, 3)]) == [1, 2, 0, 3, 0]
    assert longest_path_layers(0, []) == []


def _crossed(placed: Layout) -> bool:
    (a, b), (c, d) = ((route[0][0], route[-1][0]) for route in placed.routes)
    return (a - c) * (b - d) < 0


def test_an_avoidable_crossing_is_avoided() -> None:
    # Both orders of the lower nodes: one of them would cross if nodes stayed in the order given.
    assert not _crossed(layered_layout([40.0] * 4, [(0, 3), (1, 2)]))
    assert not _crossed(layered_layout([40.0] * 4, [(0, 2), (1, 3)]))


def test_a_chain_is_straight() -> None:
    boxes = layered_layout([40.0, 90.0, 60.0], [(0, 1), (1, 2)]).boxes
    assert np.allclose(boxes[:, 0] + boxes[:, 2] / 2, 45.0)


@pytest.mark.parametrize(
    ("edges", "told"),
    [([(0, 1), (1, 2), (2, 1)], "node 1 is on a cycle or depends on one"), ([(0, 3)], r"edge \(0, 3\)")],
)
def test_bad_graphs_are_refused(edges: list[tuple[int, int]], told: str) -> None:
    with pytest.raises(ArchflowError, match=told):
        layered_layout([40.0] * 3, edges)
