"""Interventions: critical parts must keep their scores whatever redundant parts they are combined with."""

from __future__ import annotations

import torch
from torch import Tensor

from archflow.encoders.carl import CARL
from archflow.graph.batch import Batch
from archflow.predict.ranking_model import MODELS, ScoreLoss, ScoreModel
from archflow.seeding import generators


@MODELS.register("carl")
class CausalRankingModel(ScoreModel):
    """CARL's predictor (Ji et al., ICCV 2025), whose scores depend on the critical vectors alone.

    Training adds loss terms that keep the redundant vectors from mattering. With c_i, r_i the vectors of the i-th
    architecture, f the head and y the targets,

        loss = L(f(c_i), y_i) + uninformative * variance_i f(r_i) + intervened * L(f(c_i + r_j), y_i)

    where L is the loss of fine-tuning. The last term uses every critical vector `interventions` times, each time with
    the redundant vector of another architecture j of the same run's batch, drawn at random; all recombined vectors are
    compared in one L. (In a batch of one, the architecture is its own mate.)

    Source: CARL's losses are not known to us. This is the recipe of Causal Attention Learning (Sui et al., KDD 2022)
    with the weights of its released code and three differences. There, redundant parts must predict the uniform
    distribution over classes; scores have no classes, so here they must not vary within a batch. There, each term has
    its own head; here one head serves all, so that what it learns from interventions applies to the critical vectors
    that it scores. There, each architecture gets one mate; CARL's abstract has several, so here it gets four.
    """

    def __init__(
        self,
        encoder: CARL,
        n_metrics: int = 1,
        contexts: int = 0,
        interventions: int = 4,
        uninformative: float = 0.5,
        intervened: float = 0.5,
    ) -> None:
        super().__init__(encoder, n_metrics, contexts)
        self.interventions, self.uninformative, self.intervened = interventions, uninformative, intervened

    def loss(self, batch: Batch, targets: Tensor, score_loss: ScoreLoss) -> Tensor:
        """(K,) loss of each member; the model's own generator draws the mates."""
        assert isinstance(self.encoder, CARL)
        members = batch.members
        critical, redundant = (part.unflatten(0, (members, -1)) for part in self.encoder.split(batch))  # (K, n, d)
        mates = draw_mates(members, critical.shape[1], self.interventions, batch.device)
        run = torch.arange(members, device=batch.device)[:, None, None]
        recombined = critical[:, None] + redundant[run, mates]  # (K, m, n, d)

        def repeated(values: Tensor) -> Tensor:
            return values.view(members, 1, -1, values.shape[1]).expand(-1, self.interventions, -1, -1).flatten(0, 2)

        context = batch.context
        # Devices differ in level: without a context, only redundant parts contribute to the variance.
        no_context = None if context is None else torch.zeros_like(context)
        repeated_context = None if context is None else repeated(context)
        uninformed = self.head(redundant.flatten(0, 1), members, no_context)
        spread = uninformed.unflatten(0, (members, -1)).var(1, correction=0).sum(1)
        intervened = self.head(recombined.flatten(0, 2), members, repeated_context)
        return (
            score_loss(self.head(critical.flatten(0, 1), members, context), targets)
            + self.uninformative * spread
            + self.intervened * score_loss(intervened, repeated(targets))
        )


def draw_mates(members: int, size: int, interventions: int, device: torch.device | str = "cpu") -> Tensor:
    """Draw (K, interventions, n) mates: for each of the n architectures in a run, others of the same run, at random.

    No two interventions give an architecture the same mate, unless there are more interventions than other
    architectures in the run. In each intervention, every architecture is the mate of exactly one.
    """
    # In a random cyclic order, each mate is a fixed number of positions ahead, so never the architecture itself.
    drawn = [torch.rand(size, generator=generator, device=device) for generator in generators(members)]
    seat = torch.stack(drawn).argsort(1)
    guest = seat.argsort(1)
    distance = 1 + torch.arange(interventions, device=device) % max(1, size - 1)
    places = (seat[:, None] + distance[:, None]) % max(1, size)
    return guest.gather(1, places.flatten(1)).view(members, interventions, size)
