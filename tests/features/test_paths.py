"""Sequences of operations along paths."""

import numpy as np
from hypothesis import given

from archflow.features import paths
from archflow.features.paths import Paths
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.spaces import NASBench201
from tests.features.paths_by_hand import all_paths
from tests.strategies import sets


def sequences(architecture: Architecture) -> set[tuple[str, ...]]:
    return {tuple(architecture.ops[node] for node in path) for path in all_paths(architecture)}


@given(sets(min_size=2, max_size=12))
def test_sequences_are_those_of_all_paths(architectures):
    features = Paths.of(Table(architectures))
    own = [sequences(each) for each in architectures]
    there = {each: sum(each in some for some in own) for each in set().union(*own)}
    telling = {each for each, count in there.items() if 1 < count < len(own)}
    ops = architectures.vocabulary.ops
    found = [tuple(ops[kind] for kind in sequence) for sequence in features.sequences]
    assert set(found) <= telling
    columns = {tuple(each in some for some in own) for each in telling}
    assert len(found) == len(columns), "one for all that occur in the same architectures"
    np.testing.assert_array_equal(features(Table(architectures)), [[each in some for each in found] for some in own])


def test_all_paths_of_cells():
    cells = NASBench201().sample(3000, np.random.default_rng(0))
    assert len(Paths.of(Table(cells)).names) == 5 + 25 + 125


def test_the_most_frequent_sequences_are_kept(monkeypatch):
    cells = Table(NASBench201().sample(200, np.random.default_rng(0)))
    every = Paths.of(cells)
    monkeypatch.setattr(paths, "BOUND", 10)
    some = Paths.of(cells)
    assert len(some.names) == 10
    frequent = np.sort(every(cells).sum(0))[::-1][:10]
    np.testing.assert_array_equal(np.sort(some(cells).sum(0))[::-1], frequent)


def test_exponentially_many_paths_take_no_longer(monkeypatch):
    monkeypatch.setattr(paths, "_AT_ONCE", 1 << 12)
    generator = np.random.default_rng(0)
    size = 60  # more than 2 ** 50 paths
    edges = tuple((a, b) for a in range(size) for b in (a + 1, a + 2) if b < size)
    graphs = [Architecture(tuple(generator.choice(["conv", "pool"], size)), edges) for _ in range(10)]
    table = Table(ArchitectureSet.from_architectures(graphs))
    features = Paths.of(table)
    assert features(table).shape == (10, len(features.names))


def test_sequences_longer_than_the_bound_have_no_column():
    def chain(length: int, last: str) -> Architecture:
        return Architecture(("conv",) * length + (last,), tuple((i, i + 1) for i in range(length)))

    graphs = [chain(length, last) for length in (3, 80) for last in ("pool", "output") for _ in range(2)]
    features = Paths.of(Table(ArchitectureSet.from_architectures(graphs)))
    assert {name.count(">") for name in features.names} == {3}
