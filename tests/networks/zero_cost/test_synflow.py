"""Synaptic flow, by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.networks.zero_cost.small import value


def test_synflow_by_hand_on_a_chain() -> None:
    # A chain of weights w1 w2 of one path each: R = sum over hidden units |w2| |w1| 1 + |w2| |b1| + |b2|.
    network = nn.Sequential(nn.Flatten(), nn.Linear(2, 2), nn.BatchNorm1d(2), nn.ReLU(), nn.Linear(2, 2))
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor([[1.0, -2.0], [3.0, 0.5]]))
        network[1].bias.copy_(torch.tensor([-1.0, 2.0]))
        network[4].weight.copy_(torch.tensor([[2.0, -1.0], [-1.0, 4.0]]))
    images, labels = torch.zeros(4, 2, 1, 1), torch.arange(4) % 2
    columns = np.array([2 + 1, 1 + 4])  # of |w2|: how much of a hidden unit the scores take
    hidden_of_weights = np.array([1 + 2, 3 + 0.5])
    hidden = hidden_of_weights + np.array([1, 2])
    expected = math.log(columns @ hidden_of_weights + columns @ hidden)
    assert value("synflow", network, images, labels) == pytest.approx(expected)
