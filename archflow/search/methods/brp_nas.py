"""BRP-NAS: iterative selection of a predictor's training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import Any, ClassVar, Literal

import numpy as np

from archflow.errors import ArchflowError
from archflow.search.base import SEARCHERS, Proposals
from archflow.search.model_based import SURROGATES, Model, ModelBased, Surrogate
from archflow.search.pool import ranked_pool
from archflow.search.problem import Problem

SCHEDULES: Mapping[str, Sequence[int]] = {"brp": (20,), "flan": (4, 4, 8, 16, 32)}
"""Architectures per round, starting with the random round; the last number repeats. BRP-NAS: rounds of 20. FLAN: halves
of 2 up to two of 16, so that there are 4, 8, 16, 32, 64 labels."""

SURROGATE: Mapping[str, Mapping[str, Any]] = {
    "brp": {"encoder": "gated_gcn", "objective": "bpr", "epochs": 250},
    "flan": {"encoder": "flan", "objective": "hinge", "epochs": 150, "weight_decay": 1e-5, "margin": 0.1, "warmup": 1},
}


@SEARCHERS.register("brp_nas")
class BRPNAS(ModelBased):
    """Measures the best predicted architectures, and others drawn from the top of the ranking.

    The size of that top is halved every round.

    Args:
        problem, seed: See `Searcher`.
        surrogate: The predictor. None takes a pairwise network: `gated_gcn` for "brp" (the paper uses a plain graph
            convolutional network), `flan` for "flan".
        schedule: Architectures per round; see `SCHEDULES`.
        alpha: Fraction of a round that consists of the best predicted architectures; the others are drawn.

    Raises:
        ArchflowError: If the schedule is unknown.

    Source: Dudziak et al., "BRP-NAS", NeurIPS 2020, section 4.2; Akhauri and Abdelfattah (FLAN), ICML 2024. Neither
    text states the sizes of rounds; those of FLAN follow from the numbers of labels that it reports.
    """

    bounds: ClassVar = {"alpha": (0, 1)}

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        surrogate: Surrogate | None = None,
        schedule: Literal["brp", "flan"] = "brp",
        alpha: float = 0.5,
    ) -> None:
        if schedule not in SCHEDULES:
            raise ArchflowError(f"brp_nas: no schedule is called {schedule!r}; there are: {', '.join(SCHEDULES)}")
        self.schedule, self.alpha = SCHEDULES[schedule], alpha
        surrogate = surrogate or SURROGATES.get("fine_tuned")(**SURROGATE[schedule])
        super().__init__(problem, seed, surrogate, self.schedule[0], self.schedule[-1])

    @property
    def batch(self) -> int:
        return self.round[1]

    @property
    def round(self) -> tuple[int, int]:
        """The number of the current round (0 for the random one), and how many architectures it still needs."""
        total = 0
        for number, size in enumerate(chain(self.schedule, repeat(self.schedule[-1]))):
            total += size
            if total > len(self.history):
                return number, total - len(self.history)
        raise AssertionError("the schedule has no end")

    def choose(self, n: int, model: Model, generator: np.random.Generator) -> Proposals:
        pool = ranked_pool(self, model, generator)
        new = np.flatnonzero(pool.new)
        best, rest = np.split(new, [min(round(self.alpha * n), len(new))])
        half = rest[rest < len(pool.new) * 0.5 ** self.round[0]]
        drawn = generator.permutation(half)[: n - len(best)]
        missing = n - len(best) - len(drawn)
        rows = np.concatenate([best, np.sort(drawn), np.setdiff1d(rest, drawn)[:missing]])
        return Proposals(pool.architectures.select(rows), [f"rank {row + 1}" for row in rows], pool.beliefs[rows])
