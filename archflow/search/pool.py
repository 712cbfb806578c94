"""The candidates of a method: the whole space, or a sample of a larger one."""

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
"""Size of a pool, for spaces too large to rank."""

WHOLE = 50_000
"""Largest number of native strings of a space that is ranked completely."""

SAMPLE = 2_000
"""Random architectures in a pool, for spaces that cannot be listed."""

MUTANTS = 1_000
"""Mutants in a pool, divided about evenly among the `PARENTS` best architectures."""

PARENTS = 50


@dataclass(frozen=True)
class Ranked:
    """N architectures, the best predicted first.

    Attributes:
        architectures: The N architectures.
        beliefs: (N, 2) mean and standard deviation.
        new: (N,) whether each was not asked for yet.
    """

    architectures: ArchitectureSet
    beliefs: Values
    new: NDArray[np.bool_]


def ranked_pool(searcher: ModelBased, model: Model, generator: np.random.Generator) -> Ranked:
    """Rank the whole space, including architectures already asked for, or a fresh pool.

    A pool consists of random architectures, mutants of the best measured ones, and all that were asked for.
    """
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
    """All architectures of the space if it is small and can be listed, else None."""
    if searcher.space.size > WHOLE or searcher.listed is None:
        return None
    return searcher.listed[0]


def pool_of(searcher: Searcher, generator: np.random.Generator, embed: Embed | None = None) -> ArchitectureSet:
    """All architectures that were not asked for, if the space is small and can be listed; else `POOL` new random ones.

    Args:
        searcher: The searcher.
        generator: Random generator.
        embed: The embedding in use; for a listed space, embeddings are computed once and shared by all pools.
    """
    if whole(searcher) is None or searcher.listed is None:
        return searcher.fresh(POOL, generator)
    everything, keys = searcher.listed
    rows = np.array([row for key, row in keys.items() if key not in searcher.history], np.int64)
    return everything.select(rows) if embed is None else embed.select(searcher.problem, everything, rows)
