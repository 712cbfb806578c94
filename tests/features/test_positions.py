"""Where operations lie."""

import numpy as np

from archflow.features.positions import Positions
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table


def test_distances_and_share_of_the_depth():
    one = Architecture(("in", "conv", "conv", "pool", "out"), ((0, 1), (1, 2), (2, 4), (0, 3), (3, 4)))
    other = Architecture(("in", "pool", "conv", "out"), ((0, 1), (1, 2), (2, 3)))
    table = Table(ArchitectureSet.from_architectures([one, other]))
    features = Positions.of(table)
    found = dict(zip(features.names, features(table).T.tolist(), strict=True))
    assert found["mean:from_input:conv"] == [1.5, 2]
    assert found["min:from_input:conv"] == [1, 2]
    assert found["max:to_output:conv"] == [2, 1]
    assert "max:from_input:conv" not in found, "it is constant"
    np.testing.assert_allclose(found["mean:depth_share:conv"], [0.5, 2 / 3], rtol=1e-6)


def test_no_such_node():
    graphs = [Architecture(("in", op, "out"), ((0, 1), (1, 2))) for op in ("conv", "pool")]
    features = Positions.of(Table(ArchitectureSet.from_architectures(graphs)))
    values = features(Table(ArchitectureSet.from_architectures(graphs[:1])))[0]
    found = dict(zip(features.names, values.tolist(), strict=True))
    assert found["mean:from_input:conv"] == 1
    assert np.isnan(found["mean:from_input:pool"])


def test_many_operations_have_a_bounded_number_of_columns():
    generator = np.random.default_rng(0)
    edges = tuple((i, i + 1) for i in range(19))
    graphs = [Architecture(tuple(f"op{i}" for i in generator.integers(200, size=20)), edges) for _ in range(50)]
    assert len(Positions.of(Table(ArchitectureSet.from_architectures(graphs))).names) <= 7 * 48
