"""Statistics of node attributes."""

import numpy as np
import pytest

from archflow.features.attributes import AttributeStatistics
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.positions import with_positions
from archflow.graph.table import Table


def graph(ops: list[str], **attributes: list[float]) -> Architecture:
    return Architecture(tuple(ops), (), attributes)


def described(*graphs: Architecture) -> dict[str, list[float]]:
    table = Table(ArchitectureSet.from_architectures(graphs))
    features = AttributeStatistics.of(table)
    return dict(zip(features.names, features(table).T.tolist(), strict=True))


def test_over_all_nodes_and_by_operation():
    found = described(
        graph(["conv", "conv", "pool", "x"], kernel=[1, 5, 2, np.nan]),
        graph(["conv", "pool", "pool", "x"], kernel=[3, 7, 3, np.nan]),
    )
    assert found["sum:kernel"] == [8, 13]
    assert found["mean:kernel"] == pytest.approx([8 / 3, 13 / 3])
    assert found["min:kernel"] == [1, 3]
    assert found["max:kernel"] == [5, 7]
    assert found["sum:kernel:conv"] == [6, 3]
    assert "mean:kernel:conv" not in found, "it is constant"
    assert found["max:kernel:pool"] == [2, 7]


def test_nothing_to_take_statistics_of():
    found = described(graph(["conv", "pool"], kernel=[3, np.nan]), graph(["conv", "pool"]))
    assert found["sum:kernel"] == [3, 0]
    np.testing.assert_array_equal(found["min:kernel"] if "min:kernel" in found else found["mean:kernel"], [3, np.nan])


def test_logarithms_where_values_span_decades():
    found = described(graph(["a", "b"], width=[1, 1000]), graph(["a", "b"], width=[10, 10]))
    assert found["log_sum:width"] == pytest.approx([np.log(1000), np.log(100)])
    assert not any("log" in name for name in described(graph(["a"], width=[1.0]), graph(["a"], width=[50.0])))
    assert not any("log" in name for name in described(graph(["a"], width=[0.0]), graph(["a"], width=[500.0])))


def test_values_beyond_float32_are_bounded():
    huge = float(np.finfo(np.float32).max)
    assert np.isfinite(described(graph(["a", "a"], x=[huge, huge]), graph(["a"], x=[1.0]))["sum:x"]).all()


def test_positions_are_not_attributes():
    graphs = ArchitectureSet.from_architectures([Architecture(("a", "b"), ((0, 1),)), graph(["a", "b", "a"])])
    assert AttributeStatistics.of(Table(with_positions(graphs))).names == ()


def test_a_table_without_the_attribute():
    table = Table(ArchitectureSet.from_architectures([graph(["a"], x=[1.0]), graph(["a"], x=[2.0])]))
    features = AttributeStatistics.of(table)
    other = Table(ArchitectureSet.from_architectures([graph(["a"])]))
    found = dict(zip(features.names, features(other)[0].tolist(), strict=True))
    assert found["sum:x"] == 0


def test_groups_are_bounded():
    generator = np.random.default_rng(0)
    names = [f"x{i}" for i in range(20)]
    ops = [f"op{i}" for i in range(10)]
    graphs = [
        Architecture(tuple(ops), (), {name: generator.normal(size=10).tolist() for name in names}) for _ in range(30)
    ]
    assert len(described(*graphs)) <= (20 + 64) * 5
