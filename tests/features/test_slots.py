"""What stands at which place of the table's order."""

import numpy as np
import pytest

from archflow.features.slots import Slots
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.spaces import NASBench101, NASBench201


def described(*graphs: Architecture) -> dict[str, list[float]]:
    table = Table(ArchitectureSet.from_architectures(graphs))
    features = Slots.of(table)
    return dict(zip(features.names, features(table).T.tolist(), strict=True))


def test_kinds_and_edges_by_slot():
    first = Architecture(("input", "conv", "pool", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    second = Architecture(("input", "conv", "conv", "output"), ((0, 1), (0, 2), (1, 2), (2, 3)))
    third = Architecture(("input", "pool", "pool", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    assert described(first, second, third) == {
        "slot1:conv": [1, 1, 0],
        "slot1:pool": [0, 0, 1],
        "slot2:conv": [0, 1, 0],
        "slot2:pool": [1, 0, 1],
    }


def test_isomorphic_architectures_differ():
    one = Architecture(("input", "conv", "pool", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    other = one.relabelled([0, 2, 1, 3])
    assert described(one, other)["slot1:conv"] == [1, 0]


def test_attributes_by_slot():
    def graph(channels: float) -> Architecture:
        edges = ((0, 1), (0, 2), (1, 3), (2, 3))
        return Architecture(("input", "conv", "conv", "output"), edges, {"channels": [np.nan, channels, 8, np.nan]})

    values = [float(2**i) for i in range(30)]  # more than are told apart as kinds
    assert described(*map(graph, values)) == {"channels:slot1": values}


def test_wiring_alone():
    table = Table(NASBench101().sample(200, np.random.default_rng(0)))
    assert any(name.startswith("edge:slot0-slot") for name in Slots.of(table).names)


@pytest.mark.parametrize("length", [5, 100])
def test_no_columns_where_others_say_the_same_or_places_do_not_repeat(length):
    generator = np.random.default_rng(0)
    edges = tuple((i, i + 1) for i in range(length - 1))
    chains = [Architecture(tuple(generator.choice(["conv", "pool"], length)), edges) for _ in range(10)]
    assert described(*chains) == {}
    assert (described(*(chain.relabelled(range(length)[::-1]) for chain in chains)) == {}) == (length > 64)


def test_columns_are_bounded():
    generator = np.random.default_rng(0)
    ops = [f"op{i}" for i in range(200)]
    edges = ((0, 1), (0, 2))
    table = ArchitectureSet.from_architectures(
        [Architecture(tuple(generator.choice(ops, 30)), edges) for _ in range(500)]
    )
    assert len(Slots.of(Table(table)).names) <= 1024


def test_larger_architectures_later():
    table = Table(NASBench201().sample(50, np.random.default_rng(0)))
    features = Slots.of(table)
    large = Architecture(("input", *("nor_conv_3x3",) * 98, "output"), tuple((i, i + 1) for i in range(99)))
    assert np.isfinite(features(Table(ArchitectureSet.from_architectures([large])))).all()
