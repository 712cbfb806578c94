"""Genotypes to test the DARTS space with."""

import numpy as np
from hypothesis import strategies as st

from archflow.graph import Architecture, ArchitectureSet
from archflow.spaces.darts import DARTS
from archflow.spaces.darts.graph import CELLS, OPERATIONS, REACH, STEPS, graphs

SPACE = DARTS()
JSON = (
    '{"normal": [["sep_conv_3x3", 0], ["sep_conv_3x3", 1], ["sep_conv_3x3", 0], ["sep_conv_3x3", 1], '
    '["sep_conv_3x3", 1], ["skip_connect", 0], ["skip_connect", 0], ["dil_conv_3x3", 2]], '
    '"reduce": [["max_pool_3x3", 0], ["max_pool_3x3", 1], ["skip_connect", 2], ["max_pool_3x3", 1], '
    '["max_pool_3x3", 0], ["skip_connect", 2], ["skip_connect", 2], ["max_pool_3x3", 1]]}'
)
"""The cells of the DARTS paper (second order)."""

GENOTYPE = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], "
    "reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), "
    "('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"
)
COMPACT = (
    "(((0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)), "
    "((0, 0), (1, 0), (2, 2), (1, 0), (0, 0), (2, 2), (2, 2), (1, 0)))"
)
PAPER = {"channels": 36, "cells_per_stage": 6, "affine": True}
"""The network that the DARTS paper trains after the search."""


def genotypes(operations: range = range(len(OPERATIONS))) -> st.SearchStrategy[Architecture]:
    """Any genotype, two operations on one feature map included."""
    steps = [st.tuples(st.integers(0, reach - 1), st.sampled_from(operations)) for reach in REACH.tolist()] * CELLS
    return st.tuples(*steps).map(lambda drawn: graphs(np.array(drawn).reshape(1, CELLS, STEPS, 2))[0])


def samples() -> st.SearchStrategy[Architecture]:
    """Genotypes of the space, without what is only read."""
    return st.integers(0, 2**32).map(lambda seed: SPACE.sample(1, np.random.default_rng(seed))[0])


def packed(*architectures: Architecture) -> ArchitectureSet:
    """A set over the vocabulary of the space."""
    return ArchitectureSet.from_architectures(architectures, SPACE.vocabulary)
