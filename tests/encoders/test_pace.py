"""PACE against its equations, one graph at a time."""

import math

import pytest
import torch
from torch import Tensor

from archflow.encoders import PACE
from archflow.encoders.pace import AncestorLayer, PlaceEncoding
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import layer_norm, linear, norms_moved, perceptron, reaches, self_attend


def sinusoid(label: int, dim: int) -> Tensor:
    angles = [label / 10_000 ** (2 * i / dim) for i in range(dim // 2)]
    return torch.tensor([math.sin(angle) for angle in angles] + [math.cos(angle) for angle in angles])


def reference_places(place: PlaceEncoding, architecture: Architecture, labels: list[int]) -> Tensor:
    rows = []
    for node, label in enumerate(labels):
        hidden = linear(place.own, sinusoid(label, place.dim))
        for source, target in architecture.edges:
            if target == node:
                hidden = hidden + linear(place.neighbour, sinusoid(labels[source], place.dim))
        rows.append(linear(place.out, torch.relu(hidden)))
    return torch.stack(rows)


def reference_layer(layer: AncestorLayer, x: Tensor, architecture: Architecture) -> Tensor:
    hears = reaches(architecture).T | torch.eye(len(x), dtype=torch.bool)
    x = layer_norm(layer.behind_attention, x + linear(layer.mix, self_attend(layer.attention, x, hears)))
    return layer_norm(layer.behind_perceptron, x + perceptron(layer.perceptron, x))


def reference(encoder: PACE, architecture: Architecture, op: Tensor, labels: list[int]) -> Tensor:
    operation = torch.relu(encoder.operations.weight[0][op] + encoder.operations.bias[0])  # type: ignore[index]
    x = torch.cat([operation, reference_places(encoder.place, architecture, labels)], 1)
    for layer in encoder.layers:
        assert isinstance(layer, AncestorLayer)
        x = reference_layer(layer, x, architecture)
    return x


def made(n_ops: int, width: int = 16, **options) -> PACE:
    with seeded(3):
        return norms_moved(PACE(n_ops, width, heads=4, **options)).eval()


def test_the_whole_encoder_is_its_equations():
    architectures = random_architectures(24, seed=1)
    encoder, batch = made(len(architectures.vocabulary)), Batch(architectures)
    sizes = batch.sizes.tolist()
    with torch.no_grad():
        expected = [
            reference(encoder, a, op, labels.tolist())
            for a, op, labels in zip(
                architectures, batch.op.split(sizes), batch.canonical_label.split(sizes), strict=True
            )
        ]
        torch.testing.assert_close(encoder(batch), torch.cat(expected), rtol=1e-5, atol=1e-5)
        whole = torch.stack([nodes.mean(0) for nodes in expected])
        torch.testing.assert_close(encoder.embed(batch), whole, rtol=1e-5, atol=1e-5)


def test_places_tell_graphs_apart_that_the_mask_cannot():
    """An edge that a path doubles changes nobody's ancestors."""
    ops = ("a", "b", "c")
    graphs = [Architecture(ops, ((0, 1), (1, 2))), Architecture(ops, ((0, 1), (1, 2), (0, 2)))]
    batch = Batch(ArchitectureSet.from_architectures(graphs, Vocabulary(ops)))
    assert torch.equal(*batch.reachable)
    with torch.no_grad():
        first, second = made(3).embed(batch)
    assert (first - second).abs().max() > 1e-3


def test_places_of_all_small_neighbourhoods_differ():
    """The sums of codes of different sets of labels differ, by far more than they are rounded."""
    codes = torch.stack([sinusoid(label, 16) for label in range(10)])
    sets = ((torch.arange(1024)[:, None] >> torch.arange(10)) & 1).float()
    distances = torch.cdist(sets @ codes, sets @ codes) + 10 * torch.eye(1024)
    assert distances.min() > 1e-3


def test_dropout_acts_in_training_only():
    architectures = random_architectures(10, seed=2)
    encoder, batch = made(len(architectures.vocabulary), dropout=0.5), Batch(architectures)
    with torch.no_grad():
        assert torch.equal(encoder(batch), encoder(batch))
        assert not torch.allclose(encoder.train()(batch), encoder(batch))


@pytest.mark.parametrize("options", [{"width": 20}, {"width": 6, "heads": 3}])
def test_widths_that_do_not_divide_are_refused(options):
    with pytest.raises(ArchflowError, match=r"pace: width \d+ must be a multiple of its \d heads and of 4"):
        PACE(5, **options)
