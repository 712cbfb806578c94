"""The contract of a search space."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch

from archflow.graph import Architecture, ArchitectureSet
from archflow.spaces import NetworkSpace, SearchSpace, sample_classes
from archflow.testing.comparison import same_shape


def check_search_space(space: SearchSpace, seed: int = 0) -> None:
    """Check a search space against its contract. Raises AssertionError with the violated clause."""
    count = min(32, space.size)
    sample = space.sample(count, np.random.default_rng(seed))
    assert len(sample) == count, f"sample({count}) gives {len(sample)} architectures"
    assert sample.vocabulary == space.vocabulary, "a sample has another vocabulary than the space"
    assert sample.attribute_names == space.attribute_names, "a sample has other node attributes than the space"
    assert list(space.conform(sample)) == list(sample), "conform changes an architecture that the space gave"
    same = space.sample(count, np.random.default_rng(seed))
    assert list(same) == list(sample), "the same generator gives another sample"
    for architecture in sample:
        text = space.format(architecture)
        assert space.contains(architecture), f"the space does not contain its own sample: {text}"
        assert space.parse(text) == architecture, f"parse(format(a)) is not a: {text}"
        assert space.canonical(space.parse(text)) == space.canonical(architecture), f"canonical form unstable: {text}"
    few = sample.select(np.arange(min(4, count)))
    for architecture in few:
        _check_neighbours(space, architecture, seed)
    assert space.keys(sample) == [space.canonical(a) for a in sample], "keys are not the canonical forms"
    _check_digests(space, sample)
    for before, after in zip(few, space.mutants(few, np.random.default_rng(seed)), strict=True):
        assert after in list(space.neighbours(before)), f"a mutant of {space.format(before)} is not its neighbour"
    classes = sample_classes(space, count, np.random.default_rng(seed))
    assert len({space.canonical(a) for a in classes}) == count, "sample_classes gives two of one class"
    if space.size <= 20_000:
        texts = {space.format(a) for a in space.enumerate()}
        assert len(texts) == space.size, f"enumerate gives {len(texts)} different architectures, size is {space.size}"
        assert {space.format(a) for a in sample} <= texts, "a sample is not among the enumerated architectures"
    if isinstance(space, NetworkSpace):
        _check_network(space, sample)


def _check_digests(space: SearchSpace, sample: ArchitectureSet) -> None:
    twice = ArchitectureSet.concatenate([sample, sample])
    digests = [tuple(each) for each in space.digests(twice).tolist()]
    both = set(zip(digests, space.keys(twice), strict=True))
    assert len(both) == len(set(digests)) == len({key for _, key in both}), "digests do not agree with canonical forms"


def _check_neighbours(space: SearchSpace, architecture: Architecture, seed: int) -> None:
    text = space.format(architecture)
    around = [space.format(a) for a in space.neighbours(architecture)]
    assert text not in around, f"{text} is its own neighbour"
    assert len(set(around)) == len(around), f"{text} has a neighbour twice"
    for other in around[:3]:
        back = [space.format(a) for a in space.neighbours(space.parse(other))]
        assert text in back, f"{other} is a neighbour of {text}, but not the other way round"
    walk = [architecture]
    generator = np.random.default_rng(seed)
    for _ in range(5):
        walk.append(space.mutate(walk[-1], generator))
    for before, after in pairwise(walk):
        assert after in list(space.neighbours(before)), f"a mutant of {space.format(before)} is not its neighbour"


def _check_network(space: NetworkSpace, sample: ArchitectureSet) -> None:
    few = sample.select(np.arange(min(3, len(sample))))
    size = {"channels": 4, "cells_per_stage": 1, "classes": 3}
    costs = space.costs(few, **size, image_shape=(1, 16, 16))
    for row, architecture in enumerate(few):
        network = space.build(architecture, **size, image_channels=1, seed=0).eval()
        with torch.no_grad():
            scores = network(torch.zeros(2, 1, 16, 16))
        text = space.format(architecture)
        same_shape(scores, (2, 3), f"the network of {text} gives one score per class")
        parameters = sum(p.numel() for p in network.parameters())
        assert costs["params"][row] == parameters, (
            f"costs say {costs['params'][row]} parameters, {text} has {parameters}"
        )
        assert costs["flops"][row] > 0, f"costs say that {text} computes nothing"
