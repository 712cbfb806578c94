"""Bayesian optimisation with BoTorch (the extra `botorch`): a Gaussian process on frozen embeddings."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archflow.errors import ArchflowError
from archflow.predict.pareto import fronts
from archflow.search.base import Proposals, Searcher
from archflow.search.embeddings import Embed
from archflow.search.pool import pool_of
from archflow.search.problem import Problem
from archflow.seeding import seeded

Ints = NDArray[np.int64]
Values = NDArray[np.float64]

SCORED = 64
"""Candidates per batch when the acquisition function is computed."""

NUGGET = 1e-6
"""Variance added to every architecture, so that equal embeddings have a non-degenerate joint distribution."""

_MISSING = "qlogei and qlognehvi need BoTorch 0.18 or later; install it: pip install 'archflow[botorch]'"


class Measured(NamedTuple):
    """The data a Gaussian process is fitted to.

    Attributes:
        x: (D, d) embeddings, scaled to the unit cube.
        y: (D, M + C) standardised values: the objectives, better when higher, then the constrained metrics.
        limits: (C,) upper bounds of the constrained columns.
    """

    x: Tensor
    y: Tensor
    limits: Tensor

    @property
    def kept(self) -> Tensor:
        """(D,) whether each row satisfies all constraints."""
        return (self.y[:, self.y.shape[1] - len(self.limits) :] <= self.limits).all(1)


class BoTorchSearch(Searcher):
    """Bayesian optimisation in batches; after the initial random architectures, it fits a Gaussian process per metric.

    The processes have BoTorch's default kernel and priors and are fitted to all results. A batch is chosen greedily by
    a Monte-Carlo acquisition function, conditioned on the architectures already in the batch and on all pending ones.

    Subclasses implement `acquisition`.

    Args:
        problem, seed: See `Searcher`.
        embed: Architectures -> embeddings; by default an encoder that is pre-trained on the space.
        initial: Number of random initial architectures.
        each: Architectures per batch.
        shortlist: Number of candidates for which the acquisition function is computed: those with the highest mean + 2
            standard deviations or, for several objectives, the first Pareto fronts of these; candidates expected to
            break a constraint come last.
        samples: Samples of the process per acquisition value.

    Raises:
        ArchflowError: If BoTorch is not installed.
    """

    given = ("problem", "seed", "embed")
    bounds: ClassVar = {"initial": (2,), "each": (1,), "shortlist": (1,), "samples": (1,)}

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        embed: Embed | None = None,
        initial: int = 10,
        each: int = 5,
        shortlist: int = 300,
        samples: int = 64,
    ) -> None:
        super().__init__(problem, seed)
        require_botorch()
        self.embed = embed or Embed()
        self.initial, self.each, self.shortlist, self.samples = initial, each, shortlist, samples

    @abstractmethod
    def acquisition(self, model: Any, measured: Measured, sampler: Any, constraints: list[Any] | None) -> Any:
        """Return BoTorch's acquisition function.

        Args:
            model: The process of all columns of `measured.y`.
            measured: The data it was fitted to.
            sampler: Draws from the model.
            constraints: One function per constraint: draws (..., M + C) -> by how much the constraint is broken.
        """

    @property
    def batch(self) -> int:
        return max(self.initial - len(self.history), 0) or self.each

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        if len(self.history) < self.initial or len(self.history.done) < 2:
            return Proposals(self.fresh(n, generator), "random")
        pool = pool_of(self, generator, self.embed)
        if len(pool) == 0:
            return Proposals(pool)
        asked = self.embed(self.problem, self.history.architectures)
        candidates = self.embed(self.problem, pool)
        low = np.minimum(asked.min(0), candidates.min(0))
        span = np.maximum(asked.max(0), candidates.max(0)) - low
        span[span == 0] = 1.0
        x, seen = (torch.from_numpy((each - low) / span) for each in (candidates, asked))
        measured, scale = self._measured(seen)
        with seeded(self.seed, len(self.history)):
            rows, mean, std = self._chosen(n, x, measured, seen[self.history.pending])
        beliefs = np.stack([mean * scale[1] + scale[0], std * scale[1]], 1)
        return Proposals(pool.select(rows), "acquisition", beliefs)

    def _measured(self, seen: Tensor) -> tuple[Measured, tuple[float, float]]:
        """The measured data, and the mean and standard deviation of the first objective."""
        trials = [self.history.trials[number].metrics or {} for number in self.history.done]
        columns = [*self.history.rising.T]
        for each in self.problem.constraints:
            gap = np.array([metrics[each.metric] for metrics in trials]) - each.bound
            columns.append(gap if each.most else -gap)
        y = np.stack(columns, 1)
        centre, spread = y.mean(0), y.std(0)
        spread[spread == 0] = 1.0
        limits = (-centre / spread)[self.history.rising.shape[1] :]
        x = seen[self.history.done]
        found = Measured(x, torch.from_numpy((y - centre) / spread), torch.from_numpy(limits))
        return found, (float(centre[0]), float(spread[0]))

    def _chosen(self, n: int, x: Tensor, measured: Measured, pending: Tensor) -> tuple[Ints, Values, Values]:
        """Choose n rows of x (N, d) by the acquisition function.

        Also returns the first objective's predicted mean (n,) and standard deviation (n,) there.
        """
        from botorch.sampling import SobolQMCNormalSampler  # pyright: ignore[reportMissingImports]

        model = _fitted(measured)
        objectives = len(self.problem.objectives)
        with torch.no_grad():
            posterior = [model.posterior(part) for part in x.split(512)]
            mean = torch.cat([each.mean for each in posterior]).numpy()
            std = torch.cat([each.variance for each in posterior]).sqrt().numpy()
            hopes = (mean + 2 * std)[:, :objectives]
            rank = -hopes[:, 0] if objectives == 1 else fronts(hopes)
            broken = np.maximum(mean[:, objectives:] - measured.limits.numpy(), 0).sum(1)
            order = np.lexsort((rank, broken))
            short = order[: max(self.shortlist, n)]
            limits = [
                (lambda draws, column=objectives + place, limit=limit: draws[..., column] - limit)
                for place, limit in enumerate(measured.limits)
            ]
            sampler = SobolQMCNormalSampler(torch.Size([self.samples]), seed=self.seed)
            acquisition = self.acquisition(model, measured, sampler, limits or None)
            chosen: list[int] = []
            for _ in range(min(n, len(short))):
                before = torch.cat([pending, x[short[chosen]]])
                acquisition.set_X_pending(before if len(before) else None)
                gains = torch.cat([acquisition(part[:, None]) for part in x[short].split(SCORED)])
                gains[chosen] = -torch.inf
                chosen.append(int(gains.argmax()))
        rows = short[chosen]
        return rows, mean[rows, 0], std[rows, 0]


def require_botorch() -> None:
    """Raises ArchflowError if BoTorch is not installed."""
    try:
        import botorch.models  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ArchflowError(_MISSING) from None


def _fitted(measured: Measured) -> Any:
    """Fit BoTorch's Gaussian processes, one independent process per column."""
    from botorch import settings  # pyright: ignore[reportMissingImports]
    from botorch.fit import fit_gpytorch_mll  # pyright: ignore[reportMissingImports]
    from botorch.models import SingleTaskGP  # pyright: ignore[reportMissingImports]
    from gpytorch.distributions import MultivariateNormal  # pyright: ignore[reportMissingImports]
    from gpytorch.mlls import ExactMarginalLogLikelihood  # pyright: ignore[reportMissingImports]

    class Process(SingleTaskGP):
        def forward(self, x: Tensor) -> Any:
            found = super().forward(x)
            return MultivariateNormal(
                found.mean, found.covariance_matrix + NUGGET * torch.eye(x.shape[-2], dtype=x.dtype)
            )

    with settings.validate_input_scaling(False):  # equal values cannot be standardised
        model = Process(measured.x, measured.y, outcome_transform=None)
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    return model.eval()
