"""Recurrent layers: a step for each, whatever a library calls one operation."""

import pytest
import torch
from torch import nn

from archflow.importers.recurrent import put_recurrent
from archflow.importers.steps import Steps
from archflow.importers.torch_export import from_module
from tests.importers.test_patterns import Of


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("both", [False, True])
def test_every_layer_is_a_node_with_its_own_weights(kind, both):
    layer = kind(8, 6, num_layers=3, bidirectional=both)
    found = from_module(layer, (torch.zeros(5, 2, 8),))
    op = kind.__name__.lower()
    assert [each for each in found.architecture.ops if each == op] == [op] * 3
    place = [i for i, each in enumerate(found.architecture.ops) if each == op]
    of_layers = [sum(p.numel() for n, p in layer.named_parameters() if f"_l{i}" in n) for i in range(3)]
    assert [found.architecture.attributes["params"][i] for i in place] == of_layers
    matrices = [
        sum(p.numel() for n, p in layer.named_parameters() if f"weight_ih_l{i}" in n or f"weight_hh_l{i}" in n)
        for i in range(3)
    ]
    assert [found.architecture.attributes["macs"][i] for i in place] == [5 * 2 * size for size in matrices]
    assert [found.architecture.attributes["channels_out"][i] for i in place] == [6 * (1 + both)] * 3


def test_moves_around_a_layer_are_its_own():
    layer = nn.LSTM(8, 6)
    turned = Of(lambda me, x: me.layer(x.transpose(0, 1))[0].transpose(0, 1))
    turned.layer = layer
    found = from_module(turned, (torch.zeros(2, 5, 8),))
    assert found.architecture.ops == ("input", "lstm", "output")
    assert [found.architecture.attributes[f"shape_{axis}"][1] for axis in range(3)] == [2, 5, 6]


def test_a_sequence_of_unknown_shape_gives_one():
    steps = Steps()
    weights = [steps.weight(name, shape) for name, shape in (("ih", (12, 4)), ("hh", (12, 3)))]
    last = put_recurrent(steps, "lstm", steps.input(None), weights, [], (1, 1))
    assert steps[last].shape is None
    assert "macs" not in steps[last].numbers
