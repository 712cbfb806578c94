from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.flow import FlowSurrogate
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import read_table
from tests.strategies import VOCABULARY, relabellings, sets

surrogates = st.builds(
    FlowSurrogate,
    seed=st.integers(0, 3),
    dim=st.integers(1, 6),
    sigma=st.sampled_from([0.1, 1.0]),
    alpha=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    rounds=st.integers(1, 3),
    pooling=st.sampled_from(["sum", "mean", "max"]),
    direction=st.sampled_from(["both", "forward", "backward"]),
    draws=st.integers(1, 2),
)


def reference(flow: FlowSurrogate, architecture: Architecture, ops: tuple[str, ...]) -> np.ndarray:
    """The formulas of the paper, one node after the other, in float64."""
    if flow.draws > 1:
        drawn = [replace(flow, seed=flow.seed + i, draws=1) for i in range(flow.draws)]
        return np.concatenate([reference(one, architecture, ops) for one in drawn])
    r, embedding, weight = (tensor.double().numpy() for tensor in flow.draw(len(ops)))
    nodes = range(len(architecture.ops))
    before = {i: [a for a, b in architecture.edges if b == i] for i in nodes}
    behind = {i: [b for a, b in architecture.edges if a == i] for i in nodes}

    def order(i: int) -> int:
        """Kahn peeling: the round in which a node has no predecessor left."""
        return 1 + max((order(j) for j in before[i]), default=0)

    last = max(order(i) for i in nodes)
    pool = {"sum": np.sum, "mean": np.mean, "max": np.max}[flow.pooling]

    def update(i: int, received: list[np.ndarray]) -> np.ndarray:
        m = pool(received, axis=0) if received else np.zeros(flow.dim)
        h = embedding[ops.index(architecture.ops[i])]
        return flow.alpha * m + (1 - flow.alpha) * np.maximum(np.concatenate([h, m]) @ weight, 0)

    sources, sinks = [i for i in nodes if order(i) == 1], [i for i in nodes if order(i) == last]
    state = dict.fromkeys(sinks if flow.direction == "backward" else sources, r)
    passes = []
    for _ in range(flow.rounds):
        if flow.direction != "backward":
            f: dict[int, np.ndarray] = {}
            for i in sorted(nodes, key=order):
                f[i] = state[i] if order(i) == 1 else update(i, [f[j] for j in before[i]])
            state = f
        if flow.direction != "forward":
            b: dict[int, np.ndarray] = {}
            for i in sorted(nodes, key=order, reverse=True):
                b[i] = state[i] if order(i) == last else update(i, [b[j] for j in behind[i]])
            state = b
        passes.append(sum(state[i] for i in (sinks if flow.direction == "forward" else sources)))
    return np.concatenate(passes)


def assert_close(found: torch.Tensor, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found.double().numpy(), expected, rtol=1e-5, atol=1e-5 * max(1, np.abs(expected).max()))


@given(surrogates, sets())
def test_the_surrogate_is_what_the_formulas_say(flow, some):
    expected = np.stack([reference(flow, architecture, some.vocabulary.ops) for architecture in some])
    assert expected.shape == (len(some), flow.size)
    assert_close(flow(some), expected)


@given(surrogates, relabellings())
def test_renumbering_nodes_changes_nothing(flow, case):
    old, new, _ = case
    some = ArchitectureSet.from_architectures([old, new], VOCABULARY)
    first, second = flow(some)
    assert_close(first, second.double().numpy())


@given(surrogates, sets(min_size=2))
def test_the_other_architectures_of_a_set_do_not_matter(flow, some):
    together = flow(some)
    for row in range(len(some)):
        assert_close(together[row : row + 1], flow(some.select([row])).double().numpy())


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(architectures):
    assert torch.equal(FlowSurrogate(seed=3)(architectures), FlowSurrogate(seed=3)(architectures))
    assert not torch.allclose(FlowSurrogate(seed=3)(architectures), FlowSurrogate(seed=4)(architectures))


def test_the_drawn_objects_have_the_stated_distributions():
    start, embedding, weight = FlowSurrogate(dim=300, sigma=0.1).draw(200)
    assert (start.shape, embedding.shape, weight.shape) == ((300,), (200, 300), (600, 300))
    assert 0 <= start.min() < 0.02 < 0.98 < start.max() <= 1
    for drawn in (embedding, weight):
        assert abs(float(drawn.std()) - 0.1) < 1e-3
        assert abs(float(drawn.mean())) < 1e-3


def test_the_empty_set_has_no_surrogate(architectures):
    assert FlowSurrogate(dim=5, rounds=2)(architectures.select([])).shape == (0, 10)


def test_real_cells_agree_with_the_formulas(data_folder):
    for name in ("nasbench101", "nasbench201"):
        cells = read_table(data_folder / f"{name}.parquet").architectures
        rows = np.random.default_rng(0).choice(len(cells), 30, replace=False)
        flow = FlowSurrogate(dim=4, sigma=1.0)
        expected = np.stack([reference(flow, cells[int(row)], cells.vocabulary.ops) for row in rows])
        assert_close(flow(cells)[rows], expected)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"dim": 0}, "dim 0"),
        ({"rounds": 0}, "rounds 0"),
        ({"sigma": 0.0}, "sigma 0.0 must be above 0"),
        ({"sigma": float("nan")}, "sigma nan"),
        ({"alpha": 1.5}, "alpha 1.5 in 0..1"),
        ({"pooling": "median"}, "'median' is not sum, mean or max"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ArchflowError, match=message):
        FlowSurrogate(**setting)
