"""arch2vec's reinforcement learning (REINFORCE) over embeddings."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from archflow.errors import ArchflowError
from archflow.search.base import SEARCHERS, Proposals, Searcher
from archflow.search.embeddings import Embed
from archflow.search.pool import pool_of
from archflow.search.problem import Problem
from archflow.seeding import seeded

Values = NDArray[np.float64]


@SEARCHERS.register("arch2vec_rl")
class Arch2vecRL(Searcher):
    """REINFORCE with a recurrent policy over the embedding space.

    The policy proposes a point of the embedding space, and the nearest new architecture is measured.

    The measured value is the reward. The policy is a function of the history: at the start of every episode it is
    trained from scratch on all finished episodes.

    Args:
        problem, seed: See `Searcher`.
        embed: Architectures -> embeddings; by default an encoder that is pre-trained on the space.
        steps: Architectures per episode; the policy is updated after each episode.
        width: Width of the LSTM cell.
        learning_rate: Learning rate of Adam.
        baseline: Baseline of the rewards: a number, as published (0.95 for accuracies of NAS-Bench-101, 0.4 for
            NAS-Bench-201, as fractions), or None for the running mean, with rewards in standard deviations.

    Source: arch2vec, NeurIPS 2020, with the released settings; the discount there is computed but not used. Differences
    from the released code: the gradient uses the density of the architecture that was measured, which the history
    contains, instead of that of the sampled target, which it does not; the random architecture at the start is measured
    like any other; and for NAS-Bench-201 the nearest architecture is taken, where the released code always skips to the
    second nearest.
    """

    given = ("problem", "seed", "embed")
    bounds: ClassVar = {"steps": (1,), "width": (1,)}

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        embed: Embed | None = None,
        steps: int = 16,
        width: int = 128,
        learning_rate: float = 0.01,
        baseline: float | None = None,
    ) -> None:
        super().__init__(problem, seed)
        self.embed = embed or Embed()
        self.steps, self.width, self.learning_rate, self.baseline = steps, width, learning_rate, baseline
        self._trained: tuple[int, _Policy] | None = None

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        if len(self.history.done) == 0:
            return Proposals(self.fresh(n, generator), "random")
        pool = pool_of(self, generator, self.embed)
        if len(pool) == 0:
            return Proposals(pool)
        candidates = self.embed(self.problem, pool)
        measured = self._measured()
        policy = self._policy(measured)
        begun = len(self.history.done) // self.steps * self.steps
        targets = policy.targets(measured[max(begun - 1, 0) :], n, generator)
        found: list[int] = []
        for target in targets:
            distance = np.square(candidates - target).sum(1)
            distance[found] = np.inf
            if len(found) < len(candidates):
                found.append(int(distance.argmin()))
        return Proposals(pool.select(np.array(found, np.int64)), "nearest to the policy's target")

    def _measured(self) -> Values:
        """(D, d) embeddings of the measured architectures."""
        return self.embed(self.problem, self.history.measured)

    def _policy(self, measured: Values) -> _Policy:
        """The policy, trained on the finished episodes."""
        episodes = len(self.history.done) // self.steps
        if self._trained is None or self._trained[0] != episodes:
            with seeded(self.seed, 7):
                policy = _Policy(measured.shape[1], self.width)
            policy.train(self._episodes(measured, episodes), self.learning_rate)
            self._trained = (episodes, policy)
        return self._trained[1]

    def _episodes(self, measured: Values, count: int) -> list[tuple[Values, Values, Values]]:
        """Per episode: (steps, d) states before each step, (steps, d) measured embeddings, (steps,) advantages."""
        fitness, found = self.history.fitness, []
        for episode in range(count):
            rows = np.arange(episode * self.steps, (episode + 1) * self.steps)
            until = fitness[: rows[-1] + 1]
            if self.baseline is None:
                advantage = (fitness[rows] - until.mean()) / (until.std() or 1.0)
            else:
                advantage = fitness[rows] - self.baseline
            if not np.isfinite(advantage).all():
                raise ArchflowError("arch2vec_rl: a reward is not finite")
            found.append((measured[np.maximum(rows - 1, 0)], measured[rows], advantage))
        return found


class _Policy(nn.Module):
    """An LSTM cell and a linear layer.

    They map the embeddings measured so far to the mean of a normal distribution, with standard deviation 1, over the
    next target embedding.
    """

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.cell, self.head = nn.LSTMCell(dim, width), nn.Linear(width, dim)

    def means(self, states: Values) -> torch.Tensor:
        """Process states (steps, d) in order; returns the (steps, d) means."""
        hidden, found = None, []
        for state in torch.from_numpy(states.astype(np.float32)):
            hidden = self.cell(state[None], hidden)
            found.append(self.head(hidden[0])[0])
        return torch.stack(found)

    def train(self, episodes: list[tuple[Values, Values, Values]], learning_rate: float) -> None:  # pyright: ignore
        """Take one Adam step on the policy gradient per episode."""
        optimiser = torch.optim.Adam(self.parameters(), lr=learning_rate)
        for states, found, advantage in episodes:
            gap = torch.from_numpy(found.astype(np.float32)) - self.means(states)
            loss = (0.5 * gap.square().sum(1) * torch.from_numpy(advantage.astype(np.float32))).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    def targets(self, states: Values, n: int, generator: np.random.Generator) -> Values:
        """Draw n target embeddings (n, d) that follow these states."""
        with torch.no_grad():
            mean = self.means(states)[-1].double().numpy()
        return mean + generator.normal(size=(n, len(mean)))
