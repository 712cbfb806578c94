from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.networks.counting import count_flops, count_parameters
from archflow.spaces.base import SPACES
from archflow.spaces.darts import DARTS
from archflow.spaces.darts.graph import CELLS, REACH, STEPS, choices_of
from archflow.testing import check_search_space
from tests.spaces.darts_genotypes import JSON, SPACE, genotypes, packed, samples


def test_space_keeps_the_contract() -> None:
    assert SPACES.get("darts") is DARTS
    check_search_space(SPACE)


def test_size_counts_pairs_of_feature_maps_and_operations() -> None:
    # Two different ones of 2, 3, 4 and 5 feature maps; seven operations for each of eight steps; two cells.
    assert SPACE.size == (1 * 3 * 6 * 10 * 7**8) ** 2
    with pytest.raises(ArchflowError, match=r"darts has 1.1e\+18 architectures, too many"):
        SPACE.enumerate()


def test_samples_are_uniform_over_different_predecessors_and_seven_operations() -> None:
    count = 4000
    choices = choices_of(SPACE.sample(count, np.random.default_rng(3)))
    for cell, step in product(range(CELLS), range(0, STEPS, 2)):
        first, second = choices[:, cell, step : step + 2, 0].T
        assert (first < second).all()
        _assert_uniform(first * 5 + second, REACH[step] * (REACH[step] - 1) // 2)
        _assert_uniform(choices[:, cell, step, 1] * 8 + choices[:, cell, step + 1, 1], 49)
    assert choices[..., 1].min() == 1
    assert len(SPACE.sample(0, np.random.default_rng(0))) == 0


def _assert_uniform(values: NDArray, kinds: int) -> None:
    _, counts = np.unique(values, return_counts=True)
    expected = len(values) / kinds
    assert len(counts) == kinds
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()


@settings(max_examples=20)
@given(samples())
def test_neighbours_differ_in_one_operation_or_one_predecessor(genotype: Architecture) -> None:
    around = SPACE.neighbours(genotype)
    own, others = choices_of(packed(genotype)), choices_of(around)
    differing = own != others
    assert differing.sum(axis=(1, 2, 3)).tolist() == [1] * 120
    assert differing[..., 1].sum() == CELLS * STEPS * 6
    assert (others[..., 1] > 0).all()
    assert (others[:, :, ::2, 0] != others[:, :, 1::2, 0]).all()
    assert len({SPACE.canonical(other) for other in around} | {SPACE.canonical(genotype)}) > 60


def test_neighbours_leave_what_is_only_read() -> None:
    steps = [["none", 1], ["none", 1]] * 4
    genotype = SPACE.parse(str({"normal": steps, "reduce": steps}).replace("'", '"'))
    others = choices_of(SPACE.neighbours(genotype))
    # Seven other operations of each step; 1, 2, 3 and 4 other feature maps for each of the two steps of a node.
    assert len(others) == CELLS * (STEPS * 7 + 2 * (1 + 2 + 3 + 4))
    assert ((others[..., 1] == 0).sum(axis=(1, 2)) >= CELLS * STEPS - 1).all()
    with_none = others[(others[..., 1] == 0).sum(axis=(1, 2)) == CELLS * STEPS]
    assert ((with_none[:, :, ::2, 0] != with_none[:, :, 1::2, 0]).sum(axis=(1, 2)) == 1).all()


def test_mutation_reaches_every_neighbour() -> None:
    genotype, generator = SPACE.parse(JSON), np.random.default_rng(0)
    mutants = {SPACE.format(SPACE.mutate(genotype, generator)) for _ in range(1200)}
    assert mutants == {SPACE.format(other) for other in SPACE.neighbours(genotype)}


@settings(max_examples=12, deadline=None)
@given(
    genotypes(),
    st.integers(1, 4),
    st.integers(1, 2),
    st.integers(1, 3),
    st.integers(2, 12),
    st.tuples(st.integers(1, 3), st.integers(4, 11), st.integers(4, 11)),
    st.booleans(),
)
def test_costs_agree_with_built_networks(
    genotype: Architecture,
    channels: int,
    cells_per_stage: int,
    stages: int,
    classes: int,
    image_shape: tuple[int, int, int],
    affine: bool,
) -> None:
    size = {"channels": channels, "cells_per_stage": cells_per_stage, "stages": stages, "classes": classes}
    network = SPACE.build(genotype, **size, image_channels=image_shape[0], affine=affine)
    # Over another vocabulary than the space's, as a table may be.
    architectures = ArchitectureSet.from_architectures([genotype])
    costs = SPACE.costs(architectures, **size, image_shape=image_shape, affine=affine)
    assert costs["params"] == [count_parameters(network)]
    assert costs["flops"] == [count_flops(network, image_shape)]


def test_costs_refuse_sizes_below_one() -> None:
    with pytest.raises(ArchflowError, match="a network with 0 cells per stage cannot be built"):
        SPACE.costs(packed(SPACE.parse(JSON)), cells_per_stage=0)
