import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.encoders.members import stack
from archflow.graph.batch import Batch
from archflow.search.surrogates.gin import MARGIN, UNITS, GINSurrogate, Network, NodeNorm, preparation_of
from tests.search.surrogates.contract import ARCHITECTURES, SurrogateContract, lesson


class TestGIN(SurrogateContract):
    def surrogate(self):
        return GINSurrogate(width=16, epochs=25)


class TestGaussianGIN(SurrogateContract):
    def surrogate(self):
        return GINSurrogate(variance=True, width=16, epochs=40)


def test_labels_are_inside_the_sigmoid():
    y = lesson().y
    scale = GINSurrogate()._scale(y)
    np.testing.assert_allclose([scale.down(y).min(), scale.down(y).max()], [MARGIN, 1 - MARGIN])


def test_only_the_gaussian_form_has_a_deviation():
    taught = lesson()
    assert (GINSurrogate(epochs=1).fit([taught])[0](ARCHITECTURES)[1] == 0).all()
    std = GINSurrogate(variance=True, epochs=1).fit([taught])[0](ARCHITECTURES)[1]
    assert (std >= 0.99 * np.exp(-0.5) * taught.y.std() / UNITS).all()


def test_the_gaussian_loss_is_the_likelihood():
    network = Network(3, 0, 4, 1, 4, gaussian=True)
    outputs = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])
    y = torch.tensor([[1.0, -1.0]])
    expected = -torch.distributions.Normal(outputs[..., 0], outputs[..., 1]).log_prob(y).mean(1)
    torch.testing.assert_close(network.loss(outputs, y), expected - 0.5 * np.log(2 * np.pi))


def test_messages_go_along_the_edges():
    prepare = preparation_of(lesson())
    network = Network(len(prepare.vocabulary), len(prepare.scales), 8, 1, 4, gaussian=False).eval()
    forward, backward = Batch(prepare(ARCHITECTURES)), Batch(prepare(ARCHITECTURES))
    backward.edges = forward.reversed_edges
    assert not torch.allclose(network(forward), network(backward))


def test_normalisation_is_torchs_of_each_member():
    batch = Batch(ARCHITECTURES, np.arange(8).reshape(2, 4))
    ours = stack([NodeNorm(5), NodeNorm(5)]).double().train()
    theirs = [torch.nn.BatchNorm1d(5).double() for _ in range(2)]
    x = torch.randn(len(batch.op), 5, dtype=torch.double, requires_grad=True)
    cut, weights = int(batch.node_ptr[4]), torch.randn(len(batch.op), 5, dtype=torch.double)
    expected = torch.cat([norm(part) for norm, part in zip(theirs, (x[:cut], x[cut:]), strict=True)])
    found = ours(x, batch)
    torch.testing.assert_close(found, expected)
    gradients = [torch.autograd.grad((y * weights).sum(), x)[0] for y in (found, expected)]
    torch.testing.assert_close(*gradients)
    after = ours.eval()(x, batch)
    torch.testing.assert_close(after, torch.cat([n.eval()(p) for n, p in zip(theirs, (x[:cut], x[cut:]), strict=True)]))


def test_published_epochs():
    assert [GINSurrogate(variance=each).training.epochs for each in (False, True)] == [300, 1000]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([7, 20]), st.integers(0, 99)), min_size=1, max_size=4), st.booleans())
def test_batch_mates_change_nothing(others: list[tuple[int, int]], variance: bool):
    surrogate = GINSurrogate(variance=variance, width=16, epochs=3)
    own = lesson(labels=20, seed=100)
    alone = surrogate.fit([own])[0](ARCHITECTURES)
    together = surrogate.fit([*(lesson(labels, seed) for labels, seed in others), own])[-1](ARCHITECTURES)
    for own_values, values in zip(alone, together, strict=True):  # equal to the bit on most processors
        np.testing.assert_allclose(values, own_values, rtol=1e-3, atol=0.05 * alone[0].std())
