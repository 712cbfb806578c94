"""NPENAS: evolution guided by a neural predictor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    """Settings of a round of NPENAS.

    Attributes:
        surrogate: The name of the default surrogate.
        settings: Settings of the surrogate.
        initial, each: See `ModelBased`.
        parents: Number of best architectures that may be parents; None for all.
        mutants: Mutants drawn per parent.
        most: Limit on the number of candidates; None for no limit.
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
        problem, seed: See `Searcher`.
        surrogate: The predictor; None takes that of the protocol.
        variance: False, NPENAS-NP: measures the highest predictions. True, NPENAS-BO: measures the highest draws from
            the Gaussian prediction.
        protocol: `published`: 10 random architectures, then 10 per round; 100 mutants of the best architecture and, if
            these are not 100 distinct new ones, of the next best, until there are 100 candidates. This follows the
            released code, which fills most rounds from the incumbent; the paper's text has several parents. `fgp`: 20
            random architectures; then 5 mutants of each of the 20 best, of which 20 are measured.
        initial, each: See `ModelBased`; 0 takes the protocol's value.
        encoder: The encoder that protocol `fgp` fine-tunes in every round: the name or file of a pre-trained one, or a
            kind of encoder with random weights. Empty takes the protocol's, without pre-training.

    Raises:
        ArchflowError: If the protocol is unknown, or `published` is given an encoder.

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
        encoder: str = "",
    ) -> None:
        if protocol not in PROTOCOLS:
            raise ArchflowError(f"npenas: no protocol is called {protocol!r}; there are: {', '.join(PROTOCOLS)}")
        self.protocol, self.variance = PROTOCOLS[protocol], variance
        if encoder:
            if protocol != "fgp":
                raise ArchflowError(
                    f"npenas: protocol {protocol!r} has a network of its own; encoder is for protocol 'fgp'"
                )
            self.protocol = replace(self.protocol, settings={"encoder": encoder})
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
