"""Selecting among candidates by a model's predictions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from archflow.search.base import Proposals
from archflow.search.candidates import Candidates
from archflow.search.model_based import Model, Values, best_of


def highest(n: int, found: Candidates, scores: Values, beliefs: tuple[Values, Values]) -> Proposals:
    """The n candidates with the highest scores, the highest first, with their origins."""
    order = np.argsort(-scores, kind="stable")[:n]
    return replace(best_of(n, found.architectures, scores, beliefs), origins=[found.origins[row] for row in order])


def best_believed(n: int, found: Candidates, model: Model) -> Proposals:
    """The n candidates with the highest predicted mean."""
    beliefs = model(found.architectures)
    return highest(n, found, beliefs[0], beliefs)


def thompson(n: int, found: Candidates, model: Model, generator: np.random.Generator) -> Proposals:
    """The n candidates with the highest independent draws from the Gaussian prediction."""
    beliefs = model(found.architectures)
    return highest(n, found, generator.normal(*beliefs), beliefs)
