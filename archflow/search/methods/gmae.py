"""GMAE's search methods, which use its masked graph autoencoder."""

from __future__ import annotations

from archflow.search.base import SEARCHERS
from archflow.search.methods.bananas import Bananas
from archflow.search.methods.predictor_evolution import PredictorEvolution
from archflow.search.model_based import SURROGATES, Surrogate
from archflow.search.problem import Problem


def gmae_surrogate(members: int = 1) -> Surrogate:
    """GMAE's predictor with random initial weights: BPR loss, batches of a tenth of the labels, 100 epochs.

    To search as published, pass `fine_tuned` with these settings and an encoder that is pre-trained by `gmae`.

    Args:
        members: Networks in the ensemble.
    """
    settings = {"objective": "bpr", "epochs": 100, "warmup": 1, "batch_size": 0, "batches": 10}
    return SURROGATES.get("fine_tuned")(encoder="gmae", members=members, **settings)


@SEARCHERS.register("gmae_ae")
class GMAEEvolution(PredictorEvolution):
    """GMAE-AE: ageing evolution on the predictor. Arguments and defaults are those of `PredictorEvolution`.

    Source: Jing et al. (GMAE-NAS); `search.py` of the released code 7cb5ff4.
    """

    def published(self) -> Surrogate:
        return gmae_surrogate()


@SEARCHERS.register("gmae_bo")
class GMAEBayesian(Bananas):
    """GMAE-BO: BANANAS with an ensemble of five of GMAE's predictors, and 20 initial architectures.

    Arguments are those of `Bananas`.

    Source: Jing et al. (GMAE-NAS); `search.py` of the released code 7cb5ff4.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        surrogate: Surrogate | None = None,
        initial: int = 20,
        each: int = 10,
        mutants: int = 100,
        patience: int = 5,
    ) -> None:
        super().__init__(problem, seed, surrogate or gmae_surrogate(members=5), initial, each, mutants, patience)
