"""NPENAS: evolution guided by a neural predictor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from archflow.errors import ArchflowError
from archflow.search.base import SEARCHERS, Proposals
from archflow.search.candidates import Candidates
from archflow.search.model_based import SURROGATES, Model, ModelBased, Surrogate
from archflow.search.problem import Problem
from archflow.search.thompson import best_believed, thompson


@dataclass(frozen=True)
class Protocol:
    """How a round of NPENAS goes.

    Attributes:
        surrogate: The name of the default one.
        settings: Of it.
        initial, each: As `ModelBased` says.
        parents: How many of the best may be parents; None for all.
        mutants: Drawn of each parent.
        most: Candidates at most; None for all.
    """

    surrogate: str
    settings: Mapping[str, Any]
    initial: int
    each: int
    parents: int | None
    mutants: int
    most: int | None


PROTOCOLS: Mapping[str, Protocol] = {
    "published": Protocol("gin", {}, 10, 10, None, 100, 100),
    "fgp": Protocol("fine_tuned", {"encoder": "gated_gcn"}, 20, 20, 20, 5, None),
}


@SEARCHERS.register("npenas")
class NPENAS(ModelBased):
    """Measures the mutants of the best architectures that a network predicts to be best.

    Args:
        problem, seed: As `Searcher` says.
        surrogate: The predictor; None takes that of the protocol.
        variance: False, NPENAS-NP: the highest predictions are measured. True, NPENAS-BO: the highest draws from the
            Gaussian belief are.
        protocol: `published`: 10 random ones and 10 a round; 100 mutants of the best, and where they are not 100
            different new ones, of the next best, until there are 100 candidates. So is the released code, which fills
            most rounds from the incumbent; the paper's text has several parents. `fgp`: 20 random ones; 5 mutants of
            each of the 20 best, of which 20 are measured; give `fine_tuned` with a pre-trained encoder as surrogate.
        initial, each: As `ModelBased` says; 0 takes the protocol's.

    Raises:
        ArchflowError: For a protocol that there is not.

    Source: Wei et al., "NPENAS", 2020; NPENASv1 456ae85, without `predictor_new.py`, whose first round ranks by true
    labels. FGP: figure 5 of its paper.
    """

    bounds: ClassVar = {"initial": (0,), "each": (0,)}

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        surrogate: Surrogate | None = None,
        variance: bool = False,
        protocol: Literal["published", "fgp"] = "published",
        initial: int = 0,
        each: int = 0,
    ) -> None:
        if protocol not in PROTOCOLS:
            raise ArchflowError(f"npenas: no protocol is called {protocol!r}; there are: {', '.join(PROTOCOLS)}")
        self.protocol, self.variance = PROTOCOLS[protocol], variance
        if surrogate is None:
            further = {"variance": variance} if protocol == "published" else {"members": 5 if variance else 1}
            surrogate = SURROGATES.get(self.protocol.surrogate)(**self.protocol.settings, **further)
        super().__init__(problem, seed, surrogate, initial or self.protocol.initial, each or self.protocol.each)

    def choose(self, n: int, model: Model, generator: np.random.Generator) -> Proposals:
        found, protocol = Candidates(self), self.protocol
        parents = self.best_first()[: protocol.parents].tolist()
        found.mutate(parents, protocol.mutants, generator, protocol.most)
        found.fill(n, generator)
        return thompson(n, found, model, generator) if self.variance else best_believed(n, found, model)
