"""Neural graph features."""

import numpy as np
import pytest
from hypothesis import given, settings

from archflow.features.graf import Graf
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.spaces import DARTS, NASBench201
from tests.features.paths_by_hand import all_paths
from tests.strategies import sets


def by_hand(architecture: Architecture, alone: list[str], frame: list[str]) -> dict[str, float]:
    """What columns with the names of `alone` say, by looking at all paths and all neighbours."""
    ops, edges = architecture.ops, architecture.edges
    nodes = range(len(ops))
    paths = [path for path in all_paths(architecture) if len(path) > 1]
    ends = sorted({path[-1] for path in paths})
    sources, targets = {a for a, _ in edges}, {b for _, b in edges}
    found = {}
    for op in alone:
        allowed = [path for path in paths if all(ops[node] in (op, *frame) for node in path)]
        to_end = [[path for path in allowed if path[-1] == end] for end in ends]
        shortest = [min((len(path) - 1 for path in some), default=len(ops)) for some in to_end]
        most = [max((sum(ops[n] == op for n in path) for path in some), default=-1) for some in to_end]
        degree_in = [sum(ops[a] == op for a, b in edges if b == node) for node in nodes]
        degree_out = [sum(ops[b] == op for a, b in edges if a == node) for node in nodes]
        anywhere = max(sum(ops[n] == op for n in path) for path in all_paths(architecture))
        found |= {
            f"shortest_least:{op}": min(shortest, default=len(ops)),
            f"shortest_greatest:{op}": max(shortest, default=len(ops)),
            f"most_least:{op}": min(most, default=-1),
            f"most_greatest:{op}": max(most, default=-1),
            f"mean_in:{op}": np.mean(degree_in),
            f"mean_out:{op}": np.mean(degree_out),
            f"max_in:{op}": max(degree_in),
            f"max_out:{op}": max(degree_out),
            f"input_out:{op}": sum(degree_out[n] for n in nodes if n not in targets),
            f"output_in:{op}": sum(degree_in[n] for n in nodes if n not in sources),
            f"most_on_any:{op}": anywhere,
        }
    return found


@settings(max_examples=60)
@given(sets(min_size=2, max_size=8))
def test_values_are_those_of_all_paths(architectures):
    features = Graf.of(Table(architectures))
    alone = [features.kinds.names[kind] for kind in features.alone]
    frame = [features.kinds.names[kind] for kind in features.frame]
    every = [by_hand(each, alone, frame) for each in architectures]
    values = features(Table(architectures))
    for column, name in enumerate(features.names):
        if name in every[0]:
            np.testing.assert_allclose(values[:, column], [each[name] for each in every], rtol=1e-6, err_msg=name)


def test_what_all_have_equally_many_of_is_the_frame():
    features = Graf.of(Table(DARTS().sample(50, np.random.default_rng(0))))
    assert {features.kinds.names[kind] for kind in features.frame} == {"c_k-2", "c_k-1", "add", "concat", "none"}
    assert not any("add" in name.split(":")[1].split(", ") for name in features.names)


def cell(*ops: str) -> ArchitectureSet:
    space = NASBench201()
    return ArchitectureSet.from_architectures([space.parse("|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|".format(*ops))])


@pytest.mark.parametrize(
    ("ops", "shortest", "most"),
    [
        # edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3; nodes of operations between an input and an output
        (("nor_conv_3x3", "none", "nor_conv_3x3", "none", "none", "nor_conv_3x3"), 4, 3),
        (("none",) * 3 + ("nor_conv_3x3", "none", "none"), 2, 1),
        (("none",) * 6, 8, -1),
        (("nor_conv_3x3",) * 6, 2, 3),
    ],
)
def test_cells_as_known(ops, shortest, most):
    features = Graf.of(Table(NASBench201().sample(500, np.random.default_rng(0))))
    found = dict(zip(features.names, features(Table(cell(*ops)))[0].tolist(), strict=True))
    assert found["shortest_least:nor_conv_3x3"] == shortest
    assert found["most_least:nor_conv_3x3"] == most


def test_all_subsets_of_few_kinds():
    features = Graf.of(Table(NASBench201().sample(2000, np.random.default_rng(0))))
    assert len(features.sets) == 32
    shortest = [name for name in features.names if name.startswith("shortest_least:")]
    assert len(shortest) == 30, "of none and of all it is constant"
    assert "shortest_least:all but none" in shortest


def test_many_kinds_have_a_bounded_number_of_columns():
    generator = np.random.default_rng(0)
    ops = [f"op{i}" for i in range(60)]
    edges = ((0, 1), (1, 2), (0, 3), (3, 2))
    graphs = [Architecture(tuple(generator.choice(ops, 4)), edges) for _ in range(300)]
    features = Graf.of(Table(ArchitectureSet.from_architectures(graphs)))
    assert len(features.sets) == 34
    assert len(features.names) <= 34 * 10 + 16
