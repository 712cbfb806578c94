"""Multi-objective Bayesian optimisation with BoTorch, by log noisy expected hypervolume improvement."""

from __future__ import annotations

from typing import Any

from archflow.search.base import SEARCHERS
from archflow.search.botorch_search import BoTorchSearch, Measured
from archflow.search.gain import MARGIN
from archflow.search.methods.qlogei import QLogEI


@SEARCHERS.register("qlognehvi")
class QLogNEHVI(BoTorchSearch):
    """Log expected hypervolume improvement of a batch over the posterior Pareto front.

    For one objective it is `qlogei`.

    The reference point of the hypervolume lies a tenth of each objective's range below the worst measured value.

    Args:
        problem, seed, embed, initial, each, shortlist, samples: See `BoTorchSearch`.

    Source: Daulton, Balandat and Bakshy, "Parallel Bayesian optimization of multiple noisy objectives with expected
    hypervolume improvement", NeurIPS 2021; in logarithms Ament et al., NeurIPS 2023.
    """

    takes_several = True

    def acquisition(self, model: Any, measured: Measured, sampler: Any, constraints: list[Any] | None) -> Any:
        from botorch.acquisition.multi_objective.logei import (  # pyright: ignore[reportMissingImports]
            qLogNoisyExpectedHypervolumeImprovement,
        )
        from botorch.acquisition.multi_objective.objective import (  # pyright: ignore[reportMissingImports]
            GenericMCMultiOutputObjective,
        )

        count = len(self.problem.objectives)
        if count == 1:
            return QLogEI.acquisition(self, model, measured, sampler, constraints)  # pyright: ignore
        values = measured.y[:, :count]
        low = values.min(0).values
        reference = low - MARGIN * (values.max(0).values - low).clamp(min=1e-9)
        objective = GenericMCMultiOutputObjective(lambda draws, X=None: draws[..., :count])
        return qLogNoisyExpectedHypervolumeImprovement(
            model, reference, measured.x, sampler, objective, constraints, prune_baseline=True
        )
