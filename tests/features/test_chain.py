"""What stands where along a path."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archflow.features.chain import Chain
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.spaces import NASBench201, NASBenchMacro


def path(*ops: str, channels: list[float] | None = None) -> Architecture:
    attributes = {} if channels is None else {"channels": channels}
    return Architecture(ops, tuple((i, i + 1) for i in range(len(ops) - 1)), attributes)


def described(*graphs: Architecture) -> dict[str, list[float]]:
    table = Table(ArchitectureSet.from_architectures(graphs))
    features = Chain.of(table)
    return dict(zip(features.names, features(table).T.tolist(), strict=True))


def test_paths_of_one_length_have_places_from_the_beginning():
    assert described(path("input", "conv", "output"), path("input", "pool", "output")) == {
        "place2:conv": [1, 0],
        "place2:pool": [0, 1],
    }


def test_paths_of_several_lengths_have_places_from_both_ends():
    found = described(path("a", "conv", "conv", "b"), path("a", "pool", "b"), path("a", "conv", "pool", "b"))
    assert found["place2:conv"] == [1, 0, 1]
    assert found["place-2:pool"] == [0, 1, 1]


def test_attributes_by_place():
    graphs = [path("a", "conv", "b", channels=[np.nan, 2.0**i, 8]) for i in range(30)]
    assert described(*graphs) == {"channels:place2": [2.0**i for i in range(30)]}


@given(st.permutations(range(10)))
def test_the_order_of_the_nodes_does_not_matter(order):
    table = Table(NASBenchMacro().sample(20, np.random.default_rng(0)))
    features = Chain.of(table)
    other = ArchitectureSet.from_architectures([each.relabelled(order) for each in table.architectures])
    np.testing.assert_array_equal(features(Table(other)), features(table))


def test_other_architectures_have_no_places():
    cells = NASBench201().sample(5, np.random.default_rng(0))
    assert Chain.of(Table(cells)).names == ()
    features = Chain.of(Table(ArchitectureSet.from_architectures([path("a", "conv", "b"), path("a", "pool", "b")])))
    fork = Architecture(("a", "conv", "pool", "b"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    assert np.isnan(features(Table(ArchitectureSet.from_architectures([fork])))).all()


def test_places_beyond_the_bound_have_no_columns():
    generator = np.random.default_rng(0)
    found = described(*(path(*generator.choice(["conv", "pool"], 200)) for _ in range(20)))
    assert {name.split(":")[0] for name in found} <= {f"place{i}" for i in range(1, 65)} | {
        f"place-{i}" for i in range(1, 65)
    }
