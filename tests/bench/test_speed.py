"""The speed benchmark counts what it says it counts."""

import numpy as np
import pytest
import torch

from archflow.bench.machine import matmul_gflops
from archflow.bench.speed import _parts_used, matmul_flops
from archflow.encoders import ENCODERS, GatedGCN, OperationMLP
from archflow.graph.batch import Batch
from archflow.spaces import NASBench201


@pytest.fixture(scope="module")
def batch() -> Batch:
    return Batch(NASBench201().sample(16, np.random.default_rng(0)))


def test_matmul_flops_counts_the_products_of_the_layers(batch):
    nodes, ops, width = 16 * 8, 7, 32
    mlp = OperationMLP(ops, width=width).eval()
    assert matmul_flops(mlp, batch) == 2 * nodes * (ops * width + 2 * width * width)
    gated = GatedGCN(ops, width=width).eval()
    # The first convolution is computed for the operations, the other two for the nodes.
    assert matmul_flops(gated, batch) == 2 * (ops + 2 * nodes) * width * 4 * width


def test_parts_of_the_batch_that_an_encoder_uses(batch):
    with torch.inference_mode():
        used = {name: _parts_used(ENCODERS.get(name)(n_ops=7, width=16).eval(), Batch(batch._architectures))
                for name in ENCODERS.names()}  # fmt: skip
    assert used["gated_gcn"] == used["gin"] == ["undirected", "uniform_size"]
    assert used["mlp"] == ["uniform_size"]
    assert "level" in used["transformer"]
    assert {"leveled", "connected"} <= set(used["flowerformer"])


def test_matmul_rate_is_plausible():
    assert 0.1 < matmul_gflops(64, 64, 64, seconds=0.05) < 100_000
