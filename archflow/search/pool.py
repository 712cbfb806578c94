"""What a method can choose from: the whole space, or a sample where that is too large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.search.base import Searcher
from archflow.search.candidates import Candidates
from archflow.search.model_based import Model, ModelBased, Values

if TYPE_CHECKING:
    from archflow.search.embeddings import Embed

POOL = 5000
"""Architectures of a pool, where a space is not ranked whole."""

WHOLE = 50_000
"""Up to so many native strings a listed space is ranked whole."""

SAMPLE = 2_000
"""Random architectures of a pool, where a space is not listed."""

MUTANTS = 1_000
"""Mutants of the best of a pool, about as many from each of `PARENTS`."""

PARENTS = 50


@dataclass(frozen=True)
class Ranked:
    """N architectures, the best predicted first.

    Attributes:
        architectures: N of them.
        beliefs: (N, 2) mean and standard deviation.
        new: (N,) whether each was not asked for yet.
    """

    architectures: ArchitectureSet
    beliefs: Values
    new: NDArray[np.bool_]


def ranked_pool(searcher: ModelBased, model: Model, generator: np.random.Generator) -> Ranked:
    """The whole space, asked-for architectures included, or a pool of its own for this round: random architectures,
    mutants of the best measured, and all that were asked for."""
    if whole(searcher) is not None and searcher.listed is not None:
        everything, rows = searcher.listed
        pool = everything.select(np.array(list(rows.values()), np.int64))
        new = np.array([key not in searcher.history for key in rows])
    else:
        found = Candidates(searcher)
        parents = searcher.best_first()[:PARENTS]
        found.mutate(parents.tolist(), MUTANTS // max(len(parents), 1), generator)
        found.fill(len(found) + SAMPLE, generator)
        pool = ArchitectureSet.concatenate([found.architectures, searcher.history.architectures])
        new = np.arange(len(pool)) < len(found)
    mean, std = model(pool)
    order = np.argsort(-mean, kind="stable")
    return Ranked(pool.select(order), np.stack([mean, std], 1)[order], new[order])


def whole(searcher: Searcher) -> ArchitectureSet | None:
    """All architectures of the space, if it is small and listed."""
    if searcher.space.size > WHOLE or searcher.listed is None:
        return None
    return searcher.listed[0]


def pool_of(searcher: Searcher, generator: np.random.Generator, embed: Embed | None = None) -> ArchitectureSet:
    """All architectures that were not asked for, if the space is small and listed; else `POOL` new ones at random.

    Args:
        searcher: Which asks.
        generator: Draws the new ones.
        embed: What will embed them; of a listed space it does so once and not for every pool.
    """
    if whole(searcher) is None or searcher.listed is None:
        return searcher.fresh(POOL, generator)
    everything, keys = searcher.listed
    rows = np.array([row for key, row in keys.items() if key not in searcher.history], np.int64)
    return everything.select(rows) if embed is None else embed.select(searcher.problem, everything, rows)
