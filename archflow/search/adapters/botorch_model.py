"""archflow's predictors and its Gaussian process as BoTorch models (the extra `botorch`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from archflow.bounds import whole
from archflow.encoders.embedder import Architectures
from archflow.errors import ArchflowError
from archflow.memory import check_memory
from archflow.predict.network_predictor import NetworkPredictor
from archflow.predict.stacked import StackedPredictor
from archflow.search.posterior import Posterior

try:
    from botorch.models.ensemble import EnsembleModel  # pyright: ignore[reportMissingImports]
    from botorch.sampling.index_sampler import IndexSampler  # pyright: ignore[reportMissingImports]
except ImportError:
    raise ArchflowError("a model of BoTorch needs botorch; install it: pip install 'archflow[botorch]'") from None

Ints = NDArray[np.int64]
Values = NDArray[np.float64]

MEMBERS = 128
"""Draws, where members are drawn."""


class ArchitectureEnsemble(EnsembleModel):
    """Predictions of S ensemble members for N architectures, as a model for BoTorch's acquisition functions.

    An input is the row index of an architecture, so that d is 1: `choices` holds all of them, and
    `optimize_acqf_discrete` finds the best. Outputs are better when higher, with mean about 0 and variance about 1. The
    model has no gradient with respect to its input, so functions that need one, such as `optimize_acqf`, are refused.

    `sampler` uses every member exactly once. BoTorch's own sampler would draw different members for every input of a
    batch, and so compare architectures by different members.

    Args:
        values: (S, N, m) predictions of m metrics.

    Raises:
        ArchflowError: If `values` has another shape or is not finite.
    """

    def __init__(self, values: ArrayLike | Tensor) -> None:
        super().__init__()
        given = torch.as_tensor(values, dtype=torch.float64)
        if given.ndim != 3 or 0 in given.shape or not given.isfinite().all():
            raise ArchflowError(
                f"ensemble: values {tuple(given.shape)}; give finite ones of (members, architectures, metrics)"
            )
        self.register_buffer("values", given)
        self._num_outputs = given.shape[2]

    @classmethod
    def of_networks(cls, predictor: NetworkPredictor, architectures: Architectures) -> Self:
        """The scores of a fitted predictor's networks, standardised per network over the architectures."""
        scores = predictor.scores(architectures)
        return cls((scores - scores.mean(1, keepdims=True)) / _positive(scores.std(1, keepdims=True)))

    @classmethod
    def of_stack(
        cls, predictor: StackedPredictor, architectures: Architectures, members: int = MEMBERS, seed: int = 0
    ) -> Self:
        """Independent draws from the predictions of a fitted predictor.

        Their deviations are the predictor's errors on held-out labels.

        Architectures are drawn independently of each other, as in `StackedPredictor.top_probability`.
        """
        stack, guesses = predictor.fitted.counted, predictor.guesses(architectures)
        means, deviations = stack.blend([guesses[component.name] for component, _ in stack.parts])
        sigma = deviations * stack.blend.conformal.one_sigma
        draws = np.random.default_rng(seed).normal(means.mean(0), sigma, (whole("members", members, 1), len(sigma)))
        return cls(draws[..., None])

    @classmethod
    def of_process(
        cls, columns: Sequence[Values], measured: Ints, rising: ArrayLike, members: int = MEMBERS, seed: int = 0
    ) -> Self:
        """Joint draws from Gaussian processes, one per metric, for all architectures.

        Args:
            columns: (N, Q) standardised columns of each part, such as those of `Known`.
            measured: (n,) row indices of the measured architectures.
            rising: (n,) or (n, m) measured values, better when higher.
            members: Number of draws.
            seed: Seed of the draws.

        Raises:
            ArchflowError: If fewer than two architectures are measured, or the covariance matrix of N architectures
                does not fit into memory.
        """
        labels = np.asarray(rising, np.float64).reshape(len(measured), -1)
        if len(labels) < 2:
            raise ArchflowError(f"ensemble: {len(labels)} measured architectures; a process needs at least 2")
        count, members = len(columns[0]), whole("members", members, 1)
        check_memory(f"ensemble: draws of {count} architectures together", 3 * 8 * count**2)
        targets = (labels - labels.mean(0)) / _positive(labels.std(0))
        generator, known = np.random.default_rng(seed), [part[measured] for part in columns]
        draws = [Posterior(known, each).draws(list(columns), members, generator) for each in targets.T]
        return cls(np.stack(draws, 2))

    @property
    def batch_shape(self) -> torch.Size:
        return torch.Size([])

    @property
    def choices(self) -> Tensor:
        """(N, 1) the inputs of all architectures."""
        return torch.arange(self.values.shape[1], dtype=self.values.dtype, device=self.values.device)[:, None]

    @property
    def sampler(self) -> EveryMember:
        """A sampler for acquisition functions that uses every member once."""
        return EveryMember(self.values.shape[0])

    def best(self, rows: Ints) -> Tensor:
        """(m,) the highest mean among the given rows, such as the measured ones.

        It is the `best_f` of an acquisition function.
        """
        return self.values.mean(0)[torch.as_tensor(rows)].amax(0)

    def forward(self, X: Tensor) -> Tensor:
        """(..., q, 1) row indices -> (..., S, q, m) predictions.

        Raises:
            ArchflowError: If X does not hold row indices, or requires a gradient.
        """
        if X.requires_grad:
            raise ArchflowError(
                "ensemble: a row index has no gradient; use optimize_acqf_discrete with the model's choices"
            )
        count, wanted = self.values.shape[1], X[..., 0]
        if X.shape[-1] != 1 or not ((wanted == wanted.round()) & (wanted >= 0) & (wanted < count)).all():
            raise ArchflowError(
                f"ensemble: inputs {tuple(X.shape)} are no rows; give (..., q, 1) whole ones below {count}, as "
                "optimize_acqf_discrete with the model's choices does"
            )
        return self.values[:, wanted.long()].movedim(0, -3)

    def subset_output(self, idcs: list[int]) -> Self:
        """The same model, restricted to the given metrics."""
        return type(self)(self.values[..., idcs])

    def condition_on_observations(self, X: Tensor, Y: Tensor, **kwargs: Any) -> NoReturn:
        """Refused: members cannot be conditioned on further labels."""
        raise NotImplementedError("an ensemble does not learn from further labels: fit again, with these")

    fantasize = condition_on_observations


class EveryMember(IndexSampler):
    """Draws of an ensemble's posterior that are all its members, each once and for every input the same."""

    def __init__(self, members: int) -> None:
        super().__init__(torch.Size([members]))

    def _construct_base_samples(self, posterior: Any) -> None:
        batch = posterior.batch_shape
        members = torch.arange(posterior.ensemble_size, device=posterior.device)
        self.register_buffer("base_samples", members.view(-1, *[1] * len(batch)).expand(-1, *batch))


def _positive(spread: Values) -> Values:
    """Standard deviations with zeros replaced, so that they can be divided by."""
    return np.where(spread > 0, spread, 1.0)
