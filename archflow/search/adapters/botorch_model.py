"""archflow's predictors and its process as a model of BoTorch (the extra `botorch`)."""

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
    """What S members say of N architectures, for BoTorch's acquisition functions.

    An input is the row of an architecture, so that d is 1: `choices` are all of them, and `optimize_acqf_discrete`
    finds the best. Outputs are better when higher, with mean about 0 and variance about 1. There is no gradient by the
    input; what asks for one, as `optimize_acqf` does, is refused.

    `sampler` takes every member once. BoTorch's own sampler draws other members for every input of a batch, so that
    architectures would be compared by different members.

    Args:
        values: (S, N, m) of m metrics.

    Raises:
        ArchflowError: Values have another shape, or are not finite.
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
        """The scores of a fitted predictor's networks, those of each standardised over the architectures."""
        scores = predictor.scores(architectures)
        return cls((scores - scores.mean(1, keepdims=True)) / _positive(scores.std(1, keepdims=True)))

    @classmethod
    def of_stack(
        cls, predictor: StackedPredictor, architectures: Architectures, members: int = MEMBERS, seed: int = 0
    ) -> Self:
        """Draws from the predictions of a fitted predictor, as far off as labels that it had not seen; one architecture
        does not depend on another, as in `StackedPredictor.top_probability`."""
        stack, guesses = predictor.fitted.counted, predictor.guesses(architectures)
        means, deviations = stack.blend([guesses[component.name] for component, _ in stack.parts])
        sigma = deviations * stack.blend.conformal.one_sigma
        draws = np.random.default_rng(seed).normal(means.mean(0), sigma, (whole("members", members, 1), len(sigma)))
        return cls(draws[..., None])

    @classmethod
    def of_process(
        cls, columns: Sequence[Values], measured: Ints, rising: ArrayLike, members: int = MEMBERS, seed: int = 0
    ) -> Self:
        """Draws from Gaussian processes, one a metric, of how all architectures may turn out together.

        Args:
            columns: (N, Q) standardised, of each part, such as `KnownSpace.columns` gives.
            measured: (n,) rows of the measured architectures.
            rising: (n,) or (n, m) what was measured, better when higher.
            members: Draws.
            seed: Of the draws.

        Raises:
            ArchflowError: Fewer than two are measured, or N architectures' covariances do not fit into memory.
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
        """For the acquisition functions: every member once."""
        return EveryMember(self.values.shape[0])

    def best(self, rows: Ints) -> Tensor:
        """(m,) the highest mean among some architectures, such as those measured: the `best_f` of an acquisition."""
        return self.values.mean(0)[torch.as_tensor(rows)].amax(0)

    def forward(self, X: Tensor) -> Tensor:
        """(..., q, 1) rows -> (..., S, q, m).

        Raises:
            ArchflowError: X holds no rows, or a gradient by it is wanted.
        """
        if X.requires_grad:
            raise ArchflowError("ensemble: a row has no gradient; take optimize_acqf_discrete with the model's choices")
        count, wanted = self.values.shape[1], X[..., 0]
        if X.shape[-1] != 1 or not ((wanted == wanted.round()) & (wanted >= 0) & (wanted < count)).all():
            raise ArchflowError(
                f"ensemble: inputs {tuple(X.shape)} are no rows; give (..., q, 1) whole ones below {count}, as "
                "optimize_acqf_discrete with the model's choices does"
            )
        return self.values[:, wanted.long()].movedim(0, -3)

    def subset_output(self, idcs: list[int]) -> Self:
        """The same model of some of the metrics."""
        return type(self)(self.values[..., idcs])

    def condition_on_observations(self, X: Tensor, Y: Tensor, **kwargs: Any) -> NoReturn:
        """Members do not learn."""
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
    """Deviations by which one can divide."""
    return np.where(spread > 0, spread, 1.0)
