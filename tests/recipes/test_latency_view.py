"""Imported models in the view of the graphs that were learnt from."""

import numpy as np
import torch
from torch import nn

from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.importers.model import table_of
from archflow.importers.torch_export import from_module
from archflow.recipes.latency_data import COSTS
from archflow.recipes.latency_view import as_learnt, unlike


def block() -> Table:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    return table_of([from_module(network, (torch.zeros(1, 3, 8, 8),))])


def learnt(*ops: str) -> Table:
    chain = Architecture(ops, tuple((node, node + 1) for node in range(len(ops) - 1)))
    return Table(ArchitectureSet.from_architectures([chain]), {name: np.ones(1) for name in COSTS})


def test_normalisation_is_folded_where_the_graphs_learnt_from_have_none():
    whole = block()
    found = as_learnt(whole, learnt("input", "conv2d", "relu", "output"))
    assert found.architectures[0].ops == ("input", "conv2d", "relu", "output")
    assert found.metric("nodes") == whole.metric("nodes") - 1
    assert found.metric("bytes") < whole.metric("bytes")
    assert found.metric("macs") == whole.metric("macs")
    assert found.called(0) == whole.called(0)


def test_graphs_as_they_run_stay():
    whole = block()
    for other in (learnt("input", "conv2d", "batch_norm", "output"), None):
        assert as_learnt(whole, other) is whole
    plain = as_learnt(whole, learnt("input", "conv2d", "output"))
    assert as_learnt(plain, learnt("input", "conv2d", "output")) is plain


def test_what_no_learnt_network_has_is_said():
    notes = unlike(block(), learnt("input", "conv2d", "output"))
    assert len(notes) == len(COSTS) + 1
    assert "params is 120, and the networks learnt from have 1 to 1" in notes[0]
    assert notes[-1] == "no network learnt from has batch_norm, relu"
