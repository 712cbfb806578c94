"""Bayesian optimisation in batches by the logarithm of expected improvement, with BoTorch."""

from __future__ import annotations

from typing import Any

from archflow.search.base import SEARCHERS
from archflow.search.botorch_search import BoTorchSearch, Measured


@SEARCHERS.register("qlogei")
class QLogEI(BoTorchSearch):
    """Log expected improvement of a batch over the best measured value that satisfies the constraints.

    Args:
        problem, seed, embed, initial, each, shortlist, samples: See `BoTorchSearch`.

    Source: Ament et al., "Unexpected improvements to expected improvement for Bayesian optimization", NeurIPS 2023.
    """

    def acquisition(self, model: Any, measured: Measured, sampler: Any, constraints: list[Any] | None) -> Any:
        from botorch.acquisition.logei import qLogExpectedImprovement  # pyright: ignore[reportMissingImports]
        from botorch.acquisition.objective import GenericMCObjective  # pyright: ignore[reportMissingImports]

        values = measured.y[:, 0]
        best = values[measured.kept].max() if measured.kept.any() else values.min()
        objective = GenericMCObjective(lambda draws, X=None: draws[..., 0])
        return qLogExpectedImprovement(model, best, sampler, objective, constraints=constraints)
