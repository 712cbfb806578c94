"""Read-outs, against loops over architectures and over all encoders."""

import pytest
import torch

from archflow.encoders import ENCODERS, GIN, PathMLP
from archflow.encoders.readout import Attention, Mean, NodeReadout, Outputs, Sum, WithPredecessor
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import check_encoder, random_architectures
from tests.cell_pairs import paired

SOME = random_architectures(30, seed=3)
NODES = ["mean", "sum", "outputs", "attention"]
OWN = {"nnlp", "nn_former_latency", "nar_former_v2_latency"}
"""Latency predictors, which were published with a read-out of their own."""
OF_NODES = sorted({*ENCODERS.names()} - {"adjacency_mlp", "path_mlp"} - OWN)


def by_loop(pool: NodeReadout, x: torch.Tensor) -> torch.Tensor:
    found, first = [], 0
    for architecture in SOME:
        count = len(architecture.ops)
        own = x[first : first + count]
        first += count
        nodes = range(count)
        if isinstance(pool, Sum):
            found.append(own.sum(0))
        elif isinstance(pool, Attention):
            found.append(torch.softmax(own @ pool.score.weight[0, :, 0], 0) @ own)
        else:
            if isinstance(pool, Outputs):
                nodes = sorted(set(nodes) - {source for source, _ in architecture.edges})
            if isinstance(pool, WithPredecessor):
                nodes = sorted({target for _, target in architecture.edges}) or nodes
            found.append(own[list(nodes)].mean(0))
    return torch.stack(found)


@pytest.mark.parametrize(
    "pool", [Mean(), Sum(), Outputs(), WithPredecessor(), Attention(6)], ids=lambda p: type(p).__name__
)
def test_pooling_is_that_of_a_loop(pool):
    x = torch.randn(len(SOME.op), 6)
    with torch.no_grad():
        torch.testing.assert_close(pool.pool(x, Batch(SOME)), by_loop(pool, x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("readout", NODES)
@pytest.mark.parametrize("name", OF_NODES)
def test_every_encoder_takes_every_readout(name, readout):
    architectures = paired(SOME) if ENCODERS.get(name).reads_pairs else SOME
    with seeded(0):
        encoder = ENCODERS.get(name)(5, width=16, readout=readout).eval()
    assert encoder.config["readout"] == readout
    batch = Batch(architectures)
    with torch.no_grad():
        pooled = encoder.readout.pool(encoder.states(batch), batch)  # type: ignore[union-attr]
        assert torch.equal(encoder.embed(batch), pooled)
        assert pooled.shape == (len(architectures), encoder.dim)
    encoder.embed(batch).square().sum().backward()
    if readout != "outputs":  # outputs do not depend on all of the last layer
        assert all(p.grad is not None and p.grad.any() for p in encoder.parameters())


@pytest.mark.parametrize("readout", ["sum", "outputs", "attention"])
def test_an_encoder_keeps_its_contract_with_every_readout(readout):
    with seeded(0):
        check_encoder(GIN(5, width=16, readout=readout), SOME)


def test_the_sum_sees_how_many_nodes_there_are():
    """Two graphs of equal nodes without edges: their means are the same."""
    from archflow.graph import Architecture, ArchitectureSet

    batch = Batch(ArchitectureSet.from_architectures([Architecture(("pool",) * n, ()) for n in (2, 5)]))
    with torch.no_grad():
        mean, total = (GIN(1, width=8, readout=readout).eval().embed(batch) for readout in ("mean", "sum"))
    torch.testing.assert_close(mean[0], mean[1])
    torch.testing.assert_close(2.5 * total[0], total[1])


def test_what_has_no_nodes_refuses_another_readout():
    with pytest.raises(ArchflowError, match="readout 'mean': this encoding has no node states"):
        PathMLP(5, readout="mean")
