"""The read-out of latency predictors by its equation."""

import numpy as np
import torch

from archflow.encoders import NNLP, NARFormerV2Latency, NNFormerLatency
from archflow.encoders.nnlp import SageConvolution
from archflow.encoders.readout import make_readout
from archflow.encoders.summed import SumAndTotals
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures

NAMES = ("macs", "params")
SOME = random_architectures(12, seed=3, attributes=NAMES)


class Fixed(torch.nn.Module):
    """An encoder whose states are given."""

    def __init__(self, states: torch.Tensor) -> None:
        super().__init__()
        self.given = states

    def states(self, batch: Batch) -> torch.Tensor:
        return self.given


@torch.no_grad()
def test_sum_and_totals_is_its_equation():
    with seeded(0):
        readout = SumAndTotals(4, 2)
    batch = Batch(SOME)
    x = torch.randn(len(SOME.op), 4)
    found = readout(Fixed(x), batch)
    assert readout.totals is not None
    assert readout.of_totals is not None
    for row in range(len(SOME)):
        nodes = slice(int(SOME.node_ptr[row]), int(SOME.node_ptr[row + 1]))
        values = torch.tensor(SOME.attributes[nodes])  # type: ignore[index]
        told = torch.cat([values.nan_to_num(), values.isnan()], 1).mean(0)
        hidden = torch.relu(told @ readout.totals.weight[0] + readout.totals.bias[0])  # type: ignore[index]
        summed = x[nodes].sum(0) @ readout.of_sum.weight[0] + readout.of_sum.bias[0]  # type: ignore[index]
        torch.testing.assert_close(found[row], summed + hidden @ readout.of_totals.weight[0], rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_convolution_is_its_equation():
    with seeded(0):
        layer = SageConvolution(4)
    batch = Batch(SOME.select(np.array([0])))
    graph, x = SOME[0], torch.randn(len(SOME[0].ops), 4)
    found = layer(x, batch)
    for node in range(len(graph.ops)):
        before = [source for source, target in graph.edges if target == node]
        mean = x[before].mean(0) if before else torch.zeros(4)
        y = mean @ layer.neighbours.weight[0] + layer.neighbours.bias[0] + x[node] @ layer.own.weight[0]  # type: ignore[index]
        torch.testing.assert_close(found[node], y / y.norm(), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_log_sum_adds_up_costs():
    readout, x = make_readout("log_sum", 4), torch.randn(len(SOME.op), 4)
    found = readout(Fixed(x), Batch(SOME))  # type: ignore[arg-type]
    first = slice(0, int(SOME.node_ptr[1]))
    torch.testing.assert_close(found[0].exp(), torch.nn.functional.softplus(x[first]).sum(0))


def test_defaults_are_the_published_ones():
    for encoder in (NNLP, NARFormerV2Latency, NNFormerLatency):
        assert {"width": 512, "depth": 2, "dropout": 0.05}.items() <= encoder(5).config.items()
