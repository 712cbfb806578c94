"""arch2vec's encoder against its equations, one graph at a time."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from archflow.encoders import Arch2Vec
from archflow.encoders.arch2vec import VariationalLayer
from archflow.graph import Architecture
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import adjacency, batch_norm, graph_by_graph, linear, norms_moved


def reference(encoder: Arch2Vec, ids: Tensor, architecture: Architecture) -> Tensor:
    edges, x = adjacency(architecture), F.one_hot(ids, encoder.n_ops).float()
    for layer in encoder.layers:
        assert isinstance(layer, VariationalLayer)
        y = (1 + layer.epsilon[0]) * x + (edges + edges.T) @ x
        hidden = torch.relu(batch_norm(layer.norm_hidden, linear(layer.hidden, y)))
        x = torch.relu(batch_norm(layer.norm, linear(layer.out, hidden)))
    return linear(encoder.mean, x)


@torch.no_grad()
def test_the_whole_encoder_is_its_equations():
    architectures = random_architectures(24, seed=1)
    with seeded(3):
        encoder = norms_moved(Arch2Vec(len(architectures.vocabulary), 16, 3, dim=4)).eval()
        for layer in encoder.layers:
            layer.epsilon.normal_()  # type: ignore[union-attr]
    expected = graph_by_graph(architectures, partial(reference, encoder))
    assert expected.shape == (len(architectures.op), 4)
    torch.testing.assert_close(encoder(Batch(architectures)), expected, rtol=1e-4, atol=1e-4)


def test_statistics_are_those_of_real_nodes(architectures):
    """In training, padding counts for nothing: the first layer's mean is over the nodes of the batch."""
    encoder = Arch2Vec(len(architectures.vocabulary), 16, 1)
    first, batch = encoder.layers[0], Batch(architectures)
    assert isinstance(first, VariationalLayer)
    assert not batch.padded.is_full
    with torch.no_grad():
        encoder.train()(batch)
        hidden = graph_by_graph(
            architectures,
            lambda ids, a: linear(
                first.hidden, (torch.eye(len(ids)) + adjacency(a) + adjacency(a).T) @ F.one_hot(ids, 5).float()
            ),
        )
    torch.testing.assert_close(first.norm_hidden.running_mean[0], 0.1 * hidden.mean(0))
    torch.testing.assert_close(first.norm_hidden.running_var[0], 0.9 + 0.1 * hidden.var(0))
