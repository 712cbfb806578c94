"""Interventions: who is paired with whom, what the loss is, and what training on it changes."""

import numpy as np
import pytest
import torch
from torch import Tensor

from archflow.encoders import CARL, GIN, stack, unstack
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.predict.causal_model import CausalRankingModel, draw_mates
from archflow.predict.metrics import kendall_tau
from archflow.predict.models import model_for
from archflow.predict.ranking_model import RankingModel, score
from archflow.pretext.ranking_loss import pairwise_hinge
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.predict.learnable import target


def hinge(members: int = 1):
    """The ranking loss of K runs, as fine-tuning has it."""

    def loss(scores: Tensor, labels: Tensor) -> Tensor:
        scores, labels = (x.view(members, -1, x.shape[1]).transpose(1, 2) for x in (scores, labels))
        return pairwise_hinge(scores, labels, 0.5).sum(1)

    return loss


def causal(architectures: ArchitectureSet, seed: int = 0, **options) -> CausalRankingModel:
    with seeded(seed):
        return CausalRankingModel(CARL(len(architectures.vocabulary), width=16, dropout=0.0), **options)


def labels_of(architectures: ArchitectureSet, rows) -> Tensor:
    return torch.from_numpy(target(architectures)[np.ravel(rows)]).float()[:, None]


@pytest.mark.parametrize(("members", "size", "interventions"), [(1, 2, 1), (3, 5, 4), (2, 16, 4), (1, 3, 5)])
def test_mates_are_others_of_the_same_run(members, size, interventions):
    with seeded(1):
        mates = draw_mates(members, size, interventions)
    assert mates.shape == (members, interventions, size)
    assert not (mates == torch.arange(size)).any()
    assert (mates.sort(2).values == torch.arange(size)).all(), "everyone is the mate of one"
    if interventions < size:
        assert (mates.sort(1).values.diff(dim=1) != 0).all(), "another mate in every intervention"


def test_mates_follow_from_the_seed_and_every_other_is_drawn():
    drawn = []
    for seed in (1, 1, 2):
        with seeded(seed):
            drawn.append(draw_mates(2, 12, 3))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0][0], drawn[0][1]), "runs have mates of their own"
    with seeded(0):
        first = torch.cat([draw_mates(1, 5, 1)[0, :, 0] for _ in range(400)])
    assert (torch.bincount(first, minlength=5)[1:] > 60).all()


def test_alone_an_architecture_is_its_own_mate():
    assert draw_mates(2, 1, 3).unique().tolist() == [0]
    assert draw_mates(1, 0, 3).shape == (1, 3, 0)


@torch.no_grad()
def test_the_loss_is_its_three_parts(architectures):
    model, rows = causal(architectures, n_metrics=2, uninformative=0.3, intervened=0.7), np.arange(9)
    batch = Batch(architectures, rows)
    labels = torch.cat([labels_of(architectures, rows), -labels_of(architectures, rows).square()], 1)
    with seeded(5):
        loss = model.loss(batch, labels, hinge())
    with seeded(5):
        mates = draw_mates(1, 9, 4)[0]
    c, r = model.encoder.split(batch)  # type: ignore[operator]
    of_redundant = model.head(r, 1)
    recombined = torch.cat([model.head(torch.stack([c[i] + r[j] for i, j in enumerate(row)]), 1) for row in mates])
    expected = (
        hinge()(model.head(c, 1), labels)
        + 0.3 * (of_redundant - of_redundant.mean(0)).square().mean(0).sum()
        + 0.7 * hinge()(recombined, labels.repeat(4, 1))
    )
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-6)


@torch.no_grad()
def test_runs_together_are_the_runs_alone(architectures, monkeypatch):
    alone = [causal(architectures, k) for k in range(2)]
    together, rows = stack(alone), np.arange(20).reshape(2, 10)
    with seeded(7):
        mates = draw_mates(2, 10, 4)
    drawn = "archflow.predict.causal_model.draw_mates"
    monkeypatch.setattr(drawn, lambda *_: mates)
    losses = together.loss(Batch(architectures, rows), labels_of(architectures, rows), hinge(2))
    for k, model in enumerate(alone):
        monkeypatch.setattr(drawn, lambda *_, k=k: mates[k : k + 1])
        loss = model.loss(Batch(architectures, rows[k]), labels_of(architectures, rows[k]), hinge())
        torch.testing.assert_close(losses[k : k + 1], loss, rtol=1e-4, atol=1e-5)
    assert all(isinstance(member, CausalRankingModel) for member in unstack(together))


def trained(model: RankingModel, architectures: ArchitectureSet, epochs: int = 25) -> RankingModel:
    """On the first 48 architectures, in batches of 16."""
    optimiser = torch.optim.AdamW(model.train().parameters(), lr=3e-3)
    labels = labels_of(architectures, np.arange(48))
    for epoch in range(epochs):
        with seeded(0, epoch):
            for rows in torch.randperm(48).view(3, 16).numpy():
                optimiser.zero_grad()
                model.loss(Batch(architectures, rows), labels[rows], hinge()).sum().backward()
                optimiser.step()
    return model.eval()


@torch.no_grad()
def disturbance(model: RankingModel, architectures: ArchitectureSet) -> float:
    """How far others' redundant vectors move a score, as a share of the scores' own spread."""
    c, r = model.encoder.split(Batch(architectures))  # type: ignore[operator]
    with seeded(3):
        moved = torch.stack([model.head(c + r[mates], 1) for mates in draw_mates(1, len(c), 12)[0]])
    return float(moved.std(0).mean() / model.head(c, 1).std())


def test_training_ranks_and_makes_redundant_parts_matter_less():
    """Against the same model, trained in the same loop without interventions."""
    architectures = random_architectures(150, seed=7, max_nodes=8)
    architectures = architectures.select(architectures.node_counts > 4)  # a few nodes leave little to split
    plain = trained(causal(architectures, uninformative=0.0, intervened=0.0), architectures)
    taught = trained(causal(architectures), architectures)
    assert disturbance(taught, architectures) < 0.5 * disturbance(plain, architectures)
    for model in (plain, taught):
        assert kendall_tau(score(model, architectures)[:48, 0], target(architectures)[:48]) > 0.6


def test_without_additional_terms_it_is_the_plain_loss(architectures):
    bare, rows = causal(architectures, uninformative=0.0, intervened=0.0), np.arange(12)
    plain = RankingModel(bare.encoder)
    plain.load_state_dict(bare.state_dict())
    batch, labels = Batch(architectures, rows), labels_of(architectures, rows)
    loss = plain.loss(batch, labels, hinge())
    torch.testing.assert_close(bare.loss(batch, labels, hinge()), loss)
    assert torch.equal(loss, hinge()(plain(batch), labels))
    assert torch.equal(bare(batch), plain(batch))


def test_an_encoder_has_its_model(architectures):
    n_ops = len(architectures.vocabulary)
    assert type(model_for(CARL(n_ops, width=8), 2)) is CausalRankingModel
    assert type(model_for(GIN(n_ops, width=8))) is RankingModel
    assert model_for(CARL(n_ops, width=8), 2).head.out.weight.shape[-1] == 2
