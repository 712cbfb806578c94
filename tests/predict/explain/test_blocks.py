"""Blocks: residual blocks with their addition, cells, and single nodes where there is no structure."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from archflow.graph import Architecture
from archflow.predict.explain.blocks import block_text, blocks_of
from archflow.spaces import DARTS, NASBench201
from tests.strategies import architectures

RESIDUAL = Architecture(
    ("input", "conv", "relu", "conv", "add", "relu", "conv", "add", "linear", "output"),
    ((0, 1), (1, 2), (2, 3), (3, 4), (1, 4), (4, 5), (5, 6), (6, 7), (5, 7), (7, 8), (8, 9)),
)


def test_residual_blocks_end_in_their_addition():
    assert blocks_of(RESIDUAL) == [(0, 1), (2, 3, 4), (5,), (6, 7), (8, 9)]
    assert block_text(RESIDUAL, (2, 3, 4)) == "nodes 2-4 (relu, conv, add)"
    assert block_text(RESIDUAL, (5,)) == "node 5 (relu)"


def test_a_constant_belongs_to_what_it_leads_to():
    ops = (*RESIDUAL.ops, "constant")
    assert (6, 7, 10) in blocks_of(Architecture(ops, (*RESIDUAL.edges, (10, 6))))


def test_cells_are_blocks_and_a_cell_alone_is_its_nodes():
    darts = DARTS().sample(1, np.random.default_rng(0))[0]
    assert blocks_of(darts) == [tuple(range(15)), tuple(range(15, 30))]
    cell = NASBench201().sample(1, np.random.default_rng(0))[0]
    assert sorted(blocks_of(cell)) == [(node,) for node in range(8)]


@given(architectures())
def test_every_node_is_in_one_block(one):
    assert sorted(node for block in blocks_of(one) for node in block) == list(range(len(one.ops)))
