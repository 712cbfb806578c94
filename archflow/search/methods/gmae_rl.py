"""GMAE-RL: REINFORCE over operations and edges, with GMAE's predictor as a filter."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.search.base import SEARCHERS, Proposals
from archflow.search.candidates import Candidates
from archflow.search.lessons import Encoding
from archflow.search.methods.gmae import gmae_surrogate
from archflow.search.model_based import Model, ModelBased, Surrogate
from archflow.search.pool import POOL, pool_of, whole
from archflow.search.problem import Problem
from archflow.search.thompson import best_believed

Values = NDArray[np.float64]

ENCODINGS = ("slots", "chain", "counts")
"""What the policy sees: the operation of every node and the edges; for large architectures, only how many of each."""


@SEARCHERS.register("gmae_rl")
class GMAEReinforce(ModelBased):
    """Draws candidates from a policy and measures those that the predictor ranks highest.

    The policy draws an architecture `a` with a probability proportional to `exp(w · x(a))`, where `x(a)` marks its
    operation at every node and its edges. Where any operation may stand at any node, as in NAS-Bench-201, that is an
    independent choice for every node. After every round, one step of REINFORCE moves `w` towards the measured
    architectures if their mean is above a moving average of former rounds, or else away from them.

    The policy is a function of the history: it is trained from scratch on all finished rounds.

    Args:
        problem, seed: See `Searcher`.
        surrogate: The predictor; GMAE's with random initial weights if None (see `gmae_surrogate`).
        initial: Number of random initial architectures.
        each: Architectures measured per round.
        candidates: Distinct architectures drawn per round, none of them measured before.
        learning_rate: Learning rate of Adam.
        momentum: Weight of the past in the moving average of rewards.

    Source: Jing et al. (GMAE-NAS); `search.py` of the released code 7cb5ff4. Differences: rewards are standardised by
    the initial architectures, where the released code measures 200 more that its budget does not count; a candidate
    that was not measured can be drawn again; and the gradient is that of the distribution over valid architectures,
    where the released code ignores that it draws until one is valid.
    """

    bounds: ClassVar = {"initial": (2,), "each": (1,), "candidates": (1,), "momentum": (0, 0.999)}

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        surrogate: Surrogate | None = None,
        initial: int = 20,
        each: int = 10,
        candidates: int = 100,
        learning_rate: float = 0.01,
        momentum: float = 0.9,
    ) -> None:
        super().__init__(problem, seed, surrogate or gmae_surrogate(), initial, each)
        self.candidates, self.learning_rate, self.momentum = candidates, learning_rate, momentum
        self._valid: Values | None = None
        self._trained: tuple[int, Values] | None = None

    def choose(self, n: int, model: Model, generator: np.random.Generator) -> Proposals:
        pool = pool_of(self, generator)
        if len(pool) == 0:
            return Proposals(pool)
        # The largest of log-probabilities with Gumbel noise are draws without replacement.
        noisy = self._encode(pool) @ self.policy() + generator.gumbel(size=len(pool))
        found = Candidates(self)
        order = np.argsort(-noisy, kind="stable")[: max(self.candidates, n)]
        found.add(pool.select(order), "drawn from the policy")
        return best_believed(n, found, model)

    def policy(self) -> Values:
        """(F,) weights of the policy after all finished rounds."""
        rounds = max(len(self.history.done) - self.initial, 0) // self.each
        if self._trained is None or self._trained[0] != rounds:
            self._trained = (rounds, self._train(rounds))
        return self._trained[1]

    def _train(self, rounds: int) -> Values:
        valid, measured = self._reference(), self._encode(self.history.measured)
        fitness = self.history.fitness
        first = fitness[: self.initial]
        weights = torch.zeros(valid.shape[1], dtype=torch.float64)
        optimiser = torch.optim.Adam([weights], lr=self.learning_rate, maximize=True)
        average = MovingAverage(self.momentum)
        for number in range(rounds):
            rows = slice(self.initial + number * self.each, self.initial + (number + 1) * self.each)
            reward = (fitness[rows].mean() - first.mean()) / (first.std() or 1.0)
            advantage = reward - average.updated(reward)
            logits = valid @ weights.numpy()
            probability = np.exp(logits - logits.max())
            expected = probability @ valid / probability.sum()
            weights.grad = torch.from_numpy(advantage * (measured[rows].mean(0) - expected))
            optimiser.step()
        return weights.numpy()

    def _reference(self) -> Values:
        """(R, F) valid architectures, over which the policy is normalised: the whole space if it is small."""
        if self._valid is None:
            everything = whole(self)
            if everything is None:
                everything = self.space.sample(POOL, np.random.default_rng([self.seed, 7]))
            self._valid = self._encode(everything)
        return self._valid

    def _encode(self, architectures: ArchitectureSet) -> Values:
        return Encoding.of(self.space, ENCODINGS)(architectures).astype(np.float64)


class MovingAverage:
    """An exponential moving average without the bias of its start."""

    def __init__(self, momentum: float) -> None:
        self.momentum, self._sum, self._weight = momentum, 0.0, 0.0

    def updated(self, value: float) -> float:
        """Add a value; returns the average with it."""
        self._sum = self.momentum * self._sum + (1 - self.momentum) * value
        self._weight = self.momentum * self._weight + (1 - self.momentum)
        return self._sum / self._weight
